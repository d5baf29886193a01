#include "evaluators/message_transport.h"

#include "evaluators/plugin.h"
#include "space/error.h"

namespace edgefront {

std::unique_ptr<MessageTransport> load_message_transport() {
  constexpr char kPlugin[] = "libedgefront_mpi.so";
  using Factory = MessageTransport* (*)(int);
  // Open MPI opens its own components, which look for its symbols.
  const auto factory = reinterpret_cast<Factory>(plugin_factory(
      kPlugin, "edgefront_make_transport",
      "a search in several processes needs it: install libopenmpi-dev and build with "
      "-DEDGEFRONT_MPI=ON, or start one process",
      PluginSymbols::kShared));
  std::unique_ptr<MessageTransport> transport(factory(kTransportAbiVersion));
  if (!transport) {
    throw EnvironmentError(
        std::string(kPlugin) + ": MPI cannot be initialised, or the file is not of version " +
        std::to_string(kTransportAbiVersion) + "; build it and the program together");
  }
  return transport;
}

}  // namespace edgefront
