// Every shipped experiment loads, names a space that loads, and includes networks of that space.
#include <doctest/doctest.h>

#include <filesystem>

#include "experiments/batch.h"
#include "experiments/pipeline/search_parts.h"
#include "experiments/search_experiment.h"
#include "hwprofiles/device_profile.h"
#include "space/search_space.h"

using namespace edgefront;

TEST_CASE("every shipped experiment loads with its space, devices and included networks") {
  const std::filesystem::path root = EDGEFRONT_SOURCE_DIR;
  int experiments = 0;
  for (const auto& file : std::filesystem::directory_iterator(root / "experiments/configs")) {
    if (file.path().extension() != ".toml") continue;
    CAPTURE(file.path().string());
    const SearchExperiment experiment = load_experiment(file.path().string());
    CHECK(!experiment.name.empty());
    if (!experiment.space_decisions.empty() && !std::filesystem::exists(experiment.space_file)) {
      MESSAGE("skipped: no " << experiment.space_file);
      ++experiments;
      continue;
    }
    const SearchSpace space = open_space(experiment);
    for (const auto& text : experiment.search.include) {
      CHECK(!parse_genotype(space, text).choices.empty());
    }
    for (const auto& device : experiment.devices) {
      if (!device.description.empty())
        CHECK(!load_device_description(device.description).name.empty());
    }
    ++experiments;
  }
  CHECK(experiments >= 2);
}

TEST_CASE("every shipped batch loads with its experiments") {
  const std::filesystem::path root = EDGEFRONT_SOURCE_DIR;
  for (const auto& file : std::filesystem::directory_iterator(root / "experiments/batches")) {
    CAPTURE(file.path().string());
    CHECK(load_batch(file.path().string()).runs.size() > 1);
  }
}
