// A profile by hand that covers a whole space: every layer takes a time drawn from its key.
#pragma once

#include <memory>
#include <string>

#include "hwprofiles/layer_listing.h"
#include "hwprofiles/profiler.h"
#include "space/random.h"
#include "tests/hwprofiles/example_profile.h"

namespace edgefront {

inline DeviceProfile profile_of_space(const SearchSpace& space, Precision precision,
                                      const KernelSet& set, int threads, std::uint64_t seed) {
  DeviceProfile profile = example_profile();
  profile.layers.clear();
  profile.networks.clear();
  profile.calibrations.clear();
  for (const LayerKey& key : distinct_layers(space, precision, threads, set)) {
    RandomStream random(seed, profile.layers.size());
    const double us = 0.5 + 40 * random.uniform();
    profile.layers.try_emplace(key.text(), LayerMeasurement{key, example_statistics(us)});
  }
  return profile;
}

}  // namespace edgefront
