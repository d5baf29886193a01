// A small network with a residual and a gate, and a profile by hand that covers it.
#pragma once

#include <memory>
#include <string>

#include "hwprofiles/layer_listing.h"
#include "space/architecture.h"
#include "space/lower.h"
#include "tests/hwprofiles/example_profile.h"

namespace edgefront {

inline LayerGraph example_network() {
  Architecture network;
  network.resolution = 12;
  network.input_channels = 3;
  network.classes = 10;
  network.stem_channels = 8;
  BlockArchitecture block;
  block.name = "stage1.block1";
  block.in_channels = block.out_channels = 8;
  block.hidden_channels = 24;
  block.kernel_size = 5;
  block.se_channels = 8;
  block.skip = SkipKind::kIdentity;
  network.blocks = {block};
  return lower(network);
}

/// A network whose block is wide enough for the rule of some kernel sets to run it in bands.
inline LayerGraph wide_network() {
  Architecture network;
  network.resolution = 64;
  network.input_channels = 3;
  network.classes = 10;
  network.stem_channels = 16;
  BlockArchitecture block;
  block.name = "stage1.block1";
  block.in_channels = block.out_channels = 16;
  block.hidden_channels = 96;
  block.skip = SkipKind::kIdentity;
  network.blocks = {block};
  return lower(network);
}

/// Every layer of `graph` as this kernel set runs it; the i-th distinct one takes i + 1 µs.
inline DeviceProfile profile_covering(const LayerGraph& graph, Precision precision,
                                      const std::string& set) {
  DeviceProfile profile = example_profile();
  profile.layers.clear();
  profile.blocks.clear();
  profile.networks.clear();
  profile.calibrations.clear();
  for (const LayerKey& key : network_keys(graph, precision, 1, find_kernel_set(set))) {
    const auto latency_us = static_cast<double>(profile.layers.size() + 1);
    profile.layers.try_emplace(key.text(), LayerMeasurement{key, example_statistics(latency_us)});
  }
  return profile;
}

inline std::shared_ptr<const DeviceProfile> shared(DeviceProfile profile) {
  return std::make_shared<const DeviceProfile>(std::move(profile));
}

}  // namespace edgefront
