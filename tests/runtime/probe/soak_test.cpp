#include "runtime/probe/soak.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/runtime/probe/fake_machine.h"

using namespace edgefront;

namespace {

/// Rests at 2 W and works at 6 W; a degree per joule, no cooling: easy to check.
struct FakeBoard {
  FakeMachine machine{[](double, bool working) { return working ? 6.0 : 2.0; }};
  double throttled_at_s = -1;

  SoakMachine how(PowerMeter* meter) {
    SoakMachine result;
    result.time = machine.time();
    result.work_us = [this] {
      machine.advance(0.004, true);
      return 4000.0;
    };
    result.temperature_c = [this] { return 20 + machine.energy_uj() * 1e-6; };
    result.clock_mhz = [] { return 1500.0; };
    result.throttled_since = [this, asked = 0.0]() mutable {
      const bool since = asked <= throttled_at_s && throttled_at_s < machine.now_s();
      asked = machine.now_s();
      return since;
    };
    result.meter = meter;
    return result;
  }
};

SoakOptions short_soak() {
  SoakOptions options;
  options.rest_s = 3;
  options.heat_s = 5;
  options.cool_s = 4;
  return options;
}

}  // namespace

TEST_CASE("a soak rests, heats and cools, with power, temperature and latency of each second") {
  FakeBoard board;
  board.throttled_at_s = 4.5;
  board.machine.update_s = 0.02;
  board.machine.show = [](FakeMachine& m) { show_rapl(m, 0, 1e12); };
  board.machine.show(board.machine);
  PowerMeter meter(find_power_source(board.machine.root.path()).source);
  std::vector<SoakSample> samples;
  REQUIRE(soak(short_soak(), board.how(&meter), [&](const SoakSample& s) {
            samples.push_back(s);
            return true;
          }).ok());
  int count[3] = {};
  int throttled = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const SoakSample& s = samples[i];
    ++count[static_cast<int>(s.phase)];
    throttled += s.throttled ? 1 : 0;
    CHECK(s.power_w == doctest::Approx(s.phase == SoakPhase::kHeat ? 6 : 2).epsilon(0.01));
    CHECK(s.latency_us == doctest::Approx(4000));
    CHECK(s.p95_us == doctest::Approx(4000));
    CHECK(s.samples >= (s.phase == SoakPhase::kHeat ? 250 : 5));
    CHECK(s.clock_mhz == 1500);
    if (i > 0) {
      CHECK(s.time_s > samples[i - 1].time_s);
      CHECK(s.temperature_c > samples[i - 1].temperature_c);
    }
  }
  CHECK(count[0] == 3);
  CHECK(count[1] == 5);
  CHECK(count[2] == 4);
  CHECK(throttled == 1);
}

TEST_CASE("a soak without a sensor leaves power unknown, and stops when nobody reads it") {
  FakeBoard board;
  int written = 0;
  REQUIRE(soak(short_soak(), board.how(nullptr), [&](const SoakSample& s) {
            CHECK(s.power_w == -1);
            return ++written < 2;
          }).ok());
  CHECK(written == 2);
}
