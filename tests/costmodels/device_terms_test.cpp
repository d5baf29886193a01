#include "costmodels/device_terms.h"

#include <doctest/doctest.h>

#include "costmodels/thermal.h"

using namespace edgefront;

namespace {

ThermalConstants hot_board() {
  ThermalConstants constants;
  constants.ambient_c = 25;
  constants.r_c_per_w = 9;
  constants.tau_s = 140;
  constants.throttle_c = 80;
  constants.recover_c = 75;
  constants.curve = {{80, 1}, {90, 0.5}};
  constants.load_w = 8;
  constants.idle_w = 1;
  constants.power_source = "ina3221 VDD_IN";
  return constants;
}

NetworkEntry network(const char* space, double p95_ratio) {
  NetworkEntry entry;
  entry.space_digest = space;
  entry.kernel_set = "reference";
  entry.statistics.latency_us = 100;
  entry.statistics.p95_us = 100 * p95_ratio;
  return entry;
}

NetworkCost cost_of(double latency_us, double energy_uj, EnergySource source) {
  NetworkCost cost;
  cost.latency_us = latency_us;
  cost.energy_uj = energy_uj;
  cost.energy_source = source;
  return cost;
}

DeviceTerms terms_of(const DeviceProfile& profile) {
  return device_terms(profile, "space", Precision::kInt8, 1, "reference");
}

}  // namespace

TEST_CASE("the table of slowdowns is the thermal model within half a per cent") {
  const ThermalConstants constants = hot_board();
  const SustainedSlowdown slowdown(constants);
  for (double power_w = 0.5; power_w < 40; power_w += 0.37) {
    CAPTURE(power_w);
    const double exact = sustained_latency(constants, {power_w, 1}, 1).minute30_us;
    CHECK(slowdown.at(power_w) == doctest::Approx(exact).epsilon(0.005));
  }
  CHECK(slowdown.at(1e6) == doctest::Approx(2).epsilon(0.005));
}

TEST_CASE("a device that never throttles is never slower") {
  ThermalConstants constants = hot_board();
  constants.curve.clear();
  CHECK(SustainedSlowdown(constants).at(100) == 1);
}

TEST_CASE("P95 is the latency times the median ratio of the space's whole networks") {
  DeviceProfile profile;
  profile.networks = {network("space", 1.1), network("space", 1.3), network("space", 1.2),
                      network("other", 9)};
  NetworkCost cost = cost_of(50, 10, EnergySource::kModelled);
  add_device_terms(terms_of(profile), cost);
  REQUIRE(cost.latency_p95_us);
  CHECK(*cost.latency_p95_us == doctest::Approx(60));
  CHECK(!cost.latency_sustained_us);  // no heating trace
  profile.networks = {network("other", 1.5)};
  add_device_terms(terms_of(profile), cost);
  CHECK(*cost.latency_p95_us == doctest::Approx(75));
  profile.networks[0].threads = 2;
  add_device_terms(terms_of(profile), cost);
  CHECK(!cost.latency_p95_us);
}

TEST_CASE("power is energy over period, and watts of the idle machine on top where left out") {
  CHECK(mean_power_w(300, 100, 0, 0) == doctest::Approx(3));
  CHECK(mean_power_w(300, 100, 1000, 1.5) == doctest::Approx(1.8));
  CHECK(mean_power_w(300, 100, 50, 0) == doctest::Approx(3));  // cannot be faster than it is
  DeviceProfile profile;
  EnergyEntry entry;
  entry.idle_w = 1.5;
  profile.energy = {entry};
  NetworkCost measured = cost_of(100, 300, EnergySource::kMeasured);
  add_device_terms(terms_of(profile), measured);
  CHECK(measured.power_w.value() == doctest::Approx(4.5));
  NetworkCost modelled = cost_of(100, 300, EnergySource::kModelled);
  add_device_terms(terms_of(profile), modelled);
  CHECK(modelled.power_w.value() == doctest::Approx(3));
  NetworkCost unknown = cost_of(100, 0, EnergySource::kNone);
  unknown.energy_uj.reset();
  add_device_terms(terms_of(profile), unknown);
  CHECK(!unknown.power_w);
}

TEST_CASE("sustained latency heats with the network's own power, or else with the trace's load") {
  DeviceProfile profile;
  profile.networks = {network("space", 1.25)};
  profile.thermal = hot_board();
  const auto sustained = [&](NetworkCost cost) {
    add_device_terms(terms_of(profile), cost);
    return cost.latency_sustained_us.value();
  };
  const auto exact = [&](double power_w) {
    return sustained_latency(hot_board(), {power_w, 1}, 125).minute30_us;
  };
  CHECK(sustained(cost_of(100, 300, EnergySource::kModelled)) == doctest::Approx(125));
  CHECK(sustained(cost_of(100, 1500, EnergySource::kModelled)) == doctest::Approx(exact(15)).epsilon(0.005));
  NetworkCost unknown = cost_of(100, 0, EnergySource::kNone);
  unknown.energy_uj.reset();
  CHECK(sustained(unknown) == doctest::Approx(exact(8)).epsilon(0.005));
  // Constants without watts: every network heats as the load did.
  profile.thermal->power_source = "";
  CHECK(sustained(cost_of(100, 1500, EnergySource::kModelled)) == doctest::Approx(exact(8)).epsilon(0.005));
}
