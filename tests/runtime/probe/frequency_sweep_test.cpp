#include "runtime/probe/frequency_sweep.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/runtime/probe/fake_machine.h"

using namespace edgefront;

namespace {

/// Compute bound: 1 ms at 1 GHz; idle 1 W and 2 W per GHz of work.
struct FakeClocks {
  double ghz = 1;
  FakeMachine machine{[this](double, bool working) { return working ? 1 + 2 * ghz : 1.0; }};

  SweepMachine how(PowerMeter* meter) {
    SweepMachine result;
    result.time = machine.time();
    result.set_level = [this](std::int64_t khz) {
      ghz = static_cast<double>(khz) * 1e-6;
      return Status();
    };
    result.work_us = [this] {
      machine.advance(1e-3 / ghz, true);
      return 1000 / ghz;
    };
    result.clock_mhz = [this] { return 1000 * ghz; };
    result.voltage_v = [](std::int64_t) { return -1.0; };
    result.meter = meter;
    return result;
  }
};

}  // namespace

TEST_CASE("latency, power and idle power of each level are those that the machine has there") {
  FakeClocks clocks;
  clocks.machine.update_s = 0.01;
  clocks.machine.show = [](FakeMachine& m) { show_rapl(m, 0, 1e12); };
  clocks.machine.show(clocks.machine);
  PowerMeter meter(find_power_source(clocks.machine.root.path()).source);
  std::vector<FrequencyMeasurement> measured;
  const std::vector<std::int64_t> levels{500'000, 1'000'000, 2'000'000};
  REQUIRE(visit_frequencies(levels, clocks.how(&meter), [&](const FrequencyMeasurement& m) {
            measured.push_back(m);
            return true;
          }).ok());
  REQUIRE(measured.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const double ghz = static_cast<double>(levels[i]) * 1e-6;
    CHECK(measured[i].level_khz == levels[i]);
    CHECK(measured[i].clock_mhz == doctest::Approx(1000 * ghz));
    CHECK(measured[i].statistics.latency_us == doctest::Approx(1000 / ghz));
    CHECK(measured[i].statistics.samples == 50);
    CHECK(measured[i].power_w == doctest::Approx(1 + 2 * ghz).epsilon(0.01));
    CHECK(measured[i].idle_w == doctest::Approx(1).epsilon(0.01));
    CHECK(measured[i].updates >= 100);
  }
}

TEST_CASE("without a sensor power is unknown and latency is not") {
  FakeClocks clocks;
  FrequencyMeasurement measured;
  REQUIRE(visit_frequencies({2'000'000}, clocks.how(nullptr), [&](const FrequencyMeasurement& m) {
            measured = m;
            return true;
          }).ok());
  CHECK(measured.power_w == -1);
  CHECK(measured.idle_w == -1);
  CHECK(measured.statistics.latency_us == doctest::Approx(500));
}

TEST_CASE("samples under throttling are rejected and counted, and a level of nothing else fails") {
  FakeClocks clocks;
  SweepMachine how = clocks.how(nullptr);
  int asked = 0;
  how.throttled_since = [&] { return ++asked == 3; };
  FrequencyMeasurement measured;
  const auto keep = [&](const FrequencyMeasurement& m) {
    measured = m;
    return true;
  };
  REQUIRE(visit_frequencies({1'000'000}, how, keep).ok());
  CHECK(measured.statistics.rejected == 10);
  CHECK(measured.statistics.samples == 50);
  how.throttled_since = [] { return true; };
  const Status hot = visit_frequencies({1'000'000}, how, keep);
  CHECK(hot.message().find("throttled whenever it ran at 1000 MHz") != std::string::npos);
}
