#include <dlfcn.h>

#include <filesystem>

#include "evaluators/trainer.h"
#include "space/error.h"

namespace edgefront {

namespace {

constexpr char kPlugin[] = "libedgefront_torch.so";

std::string last_error() {
  const char* text = dlerror();
  return text ? text : "unknown error";
}

}  // namespace

std::unique_ptr<Trainer> load_trainer() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error)
    throw EnvironmentError("/proc/self/exe: cannot be read (" + error.message() +
                           "); training needs it to find " + kPlugin + " beside the program");
  const std::filesystem::path plugin = program.parent_path() / kPlugin;
  if (!std::filesystem::exists(plugin, error))
    throw EnvironmentError(plugin.string() +
                           ": not found; training needs it: install libtorch-dev and build with "
                           "-DEDGEFRONT_TORCH=ON, or choose the evaluator \"proxy\"");
  // Never closed: libtorch's threads and static destructors outlive any trainer.
  void* library = dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    throw EnvironmentError(plugin.string() + ": cannot be opened (" + last_error() +
                           "); build it and the program together, on this machine");
  using Factory = Trainer* (*)(int);
  const auto factory = reinterpret_cast<Factory>(dlsym(library, "edgefront_make_trainer"));
  if (!factory)
    throw EnvironmentError(plugin.string() + ": has no edgefront_make_trainer (" + last_error() +
                           "); build it and the program together");
  std::unique_ptr<Trainer> trainer(factory(kTrainerAbiVersion));
  if (!trainer)
    throw EnvironmentError(plugin.string() + ": is not of version " +
                           std::to_string(kTrainerAbiVersion) +
                           "; build it and the program together");
  return trainer;
}

}  // namespace edgefront
