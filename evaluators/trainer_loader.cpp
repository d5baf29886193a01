#include "evaluators/plugin.h"
#include "evaluators/trainer.h"
#include "space/error.h"

namespace edgefront {

std::unique_ptr<Trainer> load_trainer() {
  constexpr char kPlugin[] = "libedgefront_torch.so";
  using Factory = Trainer* (*)(int);
  const auto factory = reinterpret_cast<Factory>(plugin_factory(
      kPlugin, "edgefront_make_trainer",
      "training needs it: install libtorch-dev and build with -DEDGEFRONT_TORCH=ON, or choose the "
      "evaluator \"proxy\""));
  std::unique_ptr<Trainer> trainer(factory(kTrainerAbiVersion));
  if (!trainer) {
    throw EnvironmentError(std::string(kPlugin) + ": is not of version " +
                           std::to_string(kTrainerAbiVersion) +
                           "; build it and the program together");
  }
  return trainer;
}

}  // namespace edgefront
