#include "hwprofiles/device_profile.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>

#include "tests/hwprofiles/example_profile.h"

namespace edgefront {
namespace {

TEST_CASE("a calibration is found by its whole setting only") {
  const DeviceProfile profile = example_profile();
  const std::string space = profile.calibrations[0].space_digest;
  REQUIRE(profile.calibration(space, Precision::kInt8, 1, "reference") != nullptr);
  CHECK(profile.calibration(space, Precision::kInt8, 1, "reference")->slope == 1.0625);
  CHECK(profile.calibration("", Precision::kInt8, 1, "reference") == nullptr);
  CHECK(profile.calibration(space, Precision::kFloat32, 1, "reference") == nullptr);
  CHECK(profile.calibration(space, Precision::kInt8, 2, "reference") == nullptr);
  CHECK(profile.calibration(space, Precision::kInt8, 1, "avx2") == nullptr);
}

TEST_CASE("the digest changes with everything that a cost depends on, and with nothing else") {
  using Change = std::function<void(DeviceProfile&)>;
  const Change costs[] = {
      [](DeviceProfile& p) { p.layers.begin()->second.statistics.latency_us += 1e-12; },
      [](DeviceProfile& p) { p.layers.erase(p.layers.begin()); },
      [](DeviceProfile& p) { p.calibrations[0].slope = 1.0625000001; },
      [](DeviceProfile& p) { p.calibrations[0].intercept_us = 0; },
      [](DeviceProfile& p) { p.calibrations[0].relative_half_width_90 = 0.05; },
      [](DeviceProfile& p) { p.calibrations.clear(); },
      [](DeviceProfile& p) { p.description.energy.reset(); },
      [](DeviceProfile& p) { p.description.energy->e_byte_pj = 1; },
      [](DeviceProfile& p) { p.description.roofline.overhead_us = 1; },
      [](DeviceProfile& p) { p.description.weights_in_ram = true; },
      [](DeviceProfile& p) { p.networks[0].kernel_set = "avx2"; },
      [](DeviceProfile& p) { p.layers.rbegin()->second.relative_error = 0.07; },
      [](DeviceProfile& p) { p.layers.rbegin()->second.origin = EntryOrigin::kTransferred; },
      [](DeviceProfile& p) { p.calibrations[0].terms["network_bias"] = 0; },
      [](DeviceProfile& p) { p.calibrations[0].terms["other"] = 0; },
      [](DeviceProfile& p) { p.energy[0].energy_uj = 6.5625; },
      [](DeviceProfile& p) { p.frequency_points[1].latency_us = 16; },
      [](DeviceProfile& p) { p.thermal->tau_s = 41; },
      [](DeviceProfile& p) { p.thermal->curve[1].factor = 0.25; },
      [](DeviceProfile& p) { p.thermal->load_w = 5; },
      [](DeviceProfile& p) { p.thermal->power_source = ""; },
      [](DeviceProfile& p) { p.thermal.reset(); },
  };
  std::set<std::string> digests{digest(example_profile())};
  for (const Change& change : costs) {
    DeviceProfile profile = example_profile();
    change(profile);
    CHECK(digests.insert(digest(profile)).second);
  }
  const Change others[] = {
      [](DeviceProfile& p) { p.created = "2030-01-01T00:00:00Z"; },
      [](DeviceProfile& p) { p.state.load_1min = 3; },
      [](DeviceProfile& p) { p.description.name = "other"; },
      [](DeviceProfile& p) { p.layers.begin()->second.statistics.samples = 99; },
      [](DeviceProfile& p) { p.layers.begin()->second.measured_at = 5; },
      [](DeviceProfile& p) { p.identity.kernel_versions.clear(); },
  };
  for (const Change& change : others) {
    DeviceProfile profile = example_profile();
    change(profile);
    CHECK(digest(profile) == digest(example_profile()));
  }
  CHECK(digest(example_profile()).size() == 32);
}

}  // namespace
}  // namespace edgefront
