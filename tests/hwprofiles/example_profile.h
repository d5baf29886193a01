// A small device profile by hand, with a value in every field.
#pragma once

#include "hwprofiles/device_profile.h"

namespace edgefront {

inline LatencyStatistics example_statistics(double latency_us) {
  return {latency_us,
          0.98 * latency_us,
          1.02 * latency_us,
          0.99 * latency_us,
          1.1 * latency_us,
          1.2 * latency_us,
          50,
          3};
}

/// What version 1 of the file could hold.
inline DeviceProfile example_profile_1() {
  DeviceProfile profile;
  profile.description.name = "example";
  profile.description.category = "board";
  profile.description.energy = EnergyCoefficients{4.5, 0.25, 12.5, 0.125, "a paper, 2014"};
  profile.description.roofline = {1.5, 3, 2.5, 0.75, "a data sheet"};
  profile.description.weights_in_ram = false;
  profile.identity = {
      "Example CPU", "x86_64", "Linux 6.1", {"avx2", "fma"}, {"avx2", "reference"}, 4, 1 << 30,
      32768,         1048576,  -1};
  profile.state = {"performance", 2500.5, 41.25, 0.5, 12.75};
  profile.created = "2026-01-02T03:04:05Z";
  const char* keys[] = {"conv2d int8 28x28x1>28x28x8 k3 s1 relu6 t1 reference@1",
                        "fully_connected int8 1x1x8>1x1x10 k1 s1 none t1 reference@1"};
  for (const char* text : keys) {
    LayerEntry layer;
    if (!LayerKey::parse(text, &layer.key).ok()) return {};
    layer.statistics = example_statistics(5.5 + static_cast<double>(profile.layers.size()));
    profile.layers.emplace(text, layer);
  }
  profile.networks.push_back({"0.12", "0123456789abcdef0123456789abcdef", Precision::kInt8, 1,
                              "reference", 12, example_statistics(13.5)});
  profile.calibrations.push_back({"0123456789abcdef0123456789abcdef", Precision::kInt8, 1,
                                  "reference", 1.0625, -0.5, 0.04, 50});
  return profile;
}

inline DeviceProfile example_profile() {
  DeviceProfile profile = example_profile_1();
  profile.identity.core_kind = "capacity 1024";
  profile.identity.kernel_versions = {"avx2:conv@3", "reference:conv@1"};
  profile.state_at = 1767323045;
  LayerEntry& first = profile.layers.begin()->second;
  first.measured_at = 1767323046;
  first.runtime = "tflite";
  LayerEntry& last = profile.layers.rbegin()->second;
  last.origin = EntryOrigin::kInterpolated;
  last.relative_error = 0.0625;
  NetworkEntry& network = profile.networks[0];
  network.measured_at = 1767323047;
  network.runtime = "tflite";
  network.pass_spread = 0.0125;
  profile.calibrations[0].terms = {{"half_width_at_1ms", 0.03125}, {"network_bias", -2.5}};
  profile.blocks = {{"mbconv 28x28x48>14x14x96 m288 k5 s2 se0 hs1 add0 r224", {1234.5, 12.25, 54}},
                    {"skip 14x14x96>14x14x96 k1 s1", {0, -1, -1}}};
  profile.energy = {{profile.layers.begin()->first, "", Precision::kInt8, 1, "reference", 6.5, 6.25,
                     6.75, 120, "ina3221", 1.5},
                    {network.genotype, network.space_digest, Precision::kInt8, 1, "reference", 14.5,
                     14, 15.25, 240, "ina3221", 1.5}};
  profile.frequency_points = {{600000, 0.75, 30.5, 1.25, 0.5}, {1200000, -1, 15.5, -1, -1}};
  profile.thermal =
      ThermalConstants{25, 8.5, 40, 80, 70, {{80, 0.9}, {85, 0.5}}, 4.5, 1.5, "ina3221 VDD_IN"};
  return profile;
}

}  // namespace edgefront
