#include "runtime/probe/power_meter.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/runtime/probe/fake_machine.h"

using namespace edgefront;

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kIdle_w = 3.0;
constexpr double kWork_s = 0.0026;
constexpr double kAboveIdle_uj = 18200;  // 7 W above idle for 2.6 ms

// Idle with a hum of mains, busy with 7 W more and a ripple.
double planted_power(double time_s, bool working) {
  const double ripple = 0.5 * std::sin(2 * kPi * 50 * time_s);
  return working ? kIdle_w + 7 + ripple : kIdle_w + 0.2 * ripple;
}

double work(FakeMachine& machine) {
  machine.advance(kWork_s, true);
  return kWork_s * 1e6;
}

EnergyMeasurement measured(FakeMachine& machine, const EnergyOptions& options = {}) {
  machine.show(machine);
  const PowerSearch search = find_power_source(machine.root.path());
  REQUIRE(search.access == SensorAccess::kReadable);
  PowerMeter meter(search.source);
  PowerEstimate idle;
  REQUIRE(measure_idle(&meter, machine.time(), options, &idle).ok());
  CHECK(idle.power_w == doctest::Approx(kIdle_w).epsilon(0.01));
  EnergyMeasurement energy;
  REQUIRE(measure_energy(
              &meter, machine.time(), options, idle, [&] { return work(machine); },
              nullptr, &energy)
              .ok());
  return energy;
}

void check_planted(const EnergyMeasurement& energy) {
  CHECK(energy.energy_uj == doctest::Approx(kAboveIdle_uj).epsilon(0.01));
  CHECK(energy.energy_low_uj < kAboveIdle_uj);
  CHECK(energy.energy_high_uj > kAboveIdle_uj);
  CHECK(energy.idle_w == doctest::Approx(kIdle_w).epsilon(0.01));
  CHECK(energy.power_w == doctest::Approx(kIdle_w + 7).epsilon(0.01));
  CHECK(energy.latency_us == doctest::Approx(kWork_s * 1e6).epsilon(1e-6));
  CHECK(energy.updates >= 100);
}

}  // namespace

TEST_CASE("energy per piece of work is recovered within 1 % from RAPL counters that go round") {
  FakeMachine machine(planted_power);
  // A small range, so that the counter goes round several times within the windows.
  machine.show = [](FakeMachine& m) { show_rapl(m, 240'000, 250'000); };
  check_planted(measured(machine));
}

TEST_CASE("energy is recovered within 1 % from the voltage and current of an INA3221") {
  FakeMachine machine(planted_power);
  machine.update_s = 0.008;
  machine.show = [](FakeMachine& m) {
    const std::string chip = "/sys/class/hwmon/hwmon2/";
    m.root.write(chip + "name", "ina3221\n");
    m.root.write(chip + "update_interval", "8\n");
    m.root.write(chip + "in1_label", "VDD_IN\n");
    m.root.write(chip + "in1_input", "5000\n");
    m.root.write(chip + "curr1_input",
                 std::to_string(static_cast<int>(std::lround(m.power_w() / 5 * 1000))) + "\n");
    m.root.write(chip + "in2_label", "VDD_CPU\n");  // part of VDD_IN: not added
    m.root.write(chip + "in2_input", "5000\n");
    m.root.write(chip + "curr2_input", "1000\n");
  };
  check_planted(measured(machine));
}

TEST_CASE("energy is recovered within 1 % from a hwmon power file and from a battery") {
  for (const std::string kind : {"power", "battery", "gauge"}) {
    CAPTURE(kind);
    FakeMachine machine(planted_power);
    machine.update_s = kind == "power" ? 0.01 : 0.997;
    machine.show = [&](FakeMachine& m) {
      const std::string uw = std::to_string(static_cast<std::int64_t>(m.power_w() * 1e6)) + "\n";
      if (kind == "power") {
        m.root.write("/sys/class/hwmon/hwmon0/name", "power_meter\n");
        m.root.write("/sys/class/hwmon/hwmon0/power1_average_interval", "10\n");
        m.root.write("/sys/class/hwmon/hwmon0/power1_average", uw);
        return;
      }
      const std::string supply = "/sys/class/power_supply/BAT0/";
      m.root.write(supply + "type", "Battery\n");
      m.root.write(supply + "status", "Discharging\n");
      if (kind == "battery") {
        m.root.write(supply + "voltage_now", "10000000\n");  // 10 V, in µV
        m.root.write(supply + "current_now",
                     std::to_string(static_cast<std::int64_t>(m.power_w() * 1e5)) + "\n");
      } else {
        m.root.write(
            supply + "energy_now",
            std::to_string(50'000'000 - static_cast<std::int64_t>(m.energy_uj() / 3600)) + "\n");
      }
    };
    EnergyOptions options;
    options.max_seconds = 200;
    check_planted(measured(machine, options));
  }
}

TEST_CASE("the interval of a mean covers the true power in about 95 of 100 noisy series") {
  std::uint64_t state = 1;
  const auto noise = [&] {  // uniform in ±1, from a linear congruential generator
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) * 0x1p-52 - 1;
  };
  int covered = 0;
  constexpr int kSeries = 1000;
  for (int i = 0; i < kSeries; ++i) {
    std::vector<PowerUpdate> updates{{0, 0}};
    double slow = 0;
    for (int k = 1; k <= 200; ++k) {
      slow = 0.5 * slow + noise();  // neighbours depend on each other
      updates.push_back({k * 1e-3, updates.back().energy_uj + (10 + slow) * 1e3});
    }
    const PowerEstimate estimate = mean_power(updates);
    covered += estimate.low_w <= 10 && 10 <= estimate.high_w ? 1 : 0;
  }
  CHECK(covered > 925);
  CHECK(covered < 975);
}

TEST_CASE("a sensor that stands still or vanishes is an error that names it") {
  FakeMachine machine(planted_power);
  show_rapl(machine, 0, 1e9);
  PowerMeter meter(find_power_source(machine.root.path()).source);
  EnergyOptions options;
  options.max_seconds = 0.5;
  PowerEstimate idle;
  const Status still = measure_idle(&meter, machine.time(), options, &idle);
  CHECK(still.code() == StatusCode::kEnvironment);
  CHECK(still.message().find("rapl package-0 updated 0 times") != std::string::npos);
  machine.root.write("/sys/class/powercap/intel-rapl:0/energy_uj", "gone\n");
  const Status gone = measure_idle(&meter, machine.time(), options, &idle);
  CHECK(gone.message() == "power sensor rapl package-0 can no longer be read");
}

TEST_CASE("a window in which the machine was throttled is repeated and counted") {
  FakeMachine machine(planted_power);
  machine.show = [](FakeMachine& m) { show_rapl(m, 0, 1e12); };
  machine.show(machine);
  PowerMeter meter(find_power_source(machine.root.path()).source);
  PowerEstimate idle;
  REQUIRE(measure_idle(&meter, machine.time(), {}, &idle).ok());
  int asked = 0;
  const auto twice = [&] { return ++asked == 2 || asked == 4; };  // asked before and after each
  const auto work = [&] { return ::work(machine); };
  EnergyMeasurement energy;
  REQUIRE(measure_energy(&meter, machine.time(), {}, idle, work, twice, &energy).ok());
  CHECK(energy.rejected == 2);
  CHECK(energy.energy_uj == doctest::Approx(kAboveIdle_uj).epsilon(0.01));
  const auto always = [] { return true; };
  const Status hot = measure_energy(&meter, machine.time(), {}, idle, work, always, &energy);
  CHECK(hot.message().find("throttled in each of 6 energy windows") != std::string::npos);
}
