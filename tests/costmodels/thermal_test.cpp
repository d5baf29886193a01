#include "costmodels/thermal.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "space/error.h"
#include "space/random.h"
#include "tests/space/message.h"

using namespace edgefront;

namespace {

ThermalConstants board() {
  ThermalConstants constants;
  constants.ambient_c = 25;
  constants.r_c_per_w = 9;
  constants.tau_s = 140;
  return constants;
}

/// Throttles from 80 °C, to half the clock at 90 °C.
ThermalConstants throttling_board() {
  ThermalConstants constants = board();
  constants.throttle_c = 80;
  constants.recover_c = 75;
  constants.curve = {{80, 1}, {90, 0.5}};
  return constants;
}

/// A trace by the exact solution, which the integrator has no part in: idle, heating, cooling.
std::vector<ThermalSample> synthetic_trace(const ThermalConstants& truth, double sigma_c,
                                           double resolution_c, std::uint64_t seed) {
  RandomStream random(seed, 0);
  std::vector<ThermalSample> trace;
  double temperature_c = truth.ambient_c + truth.r_c_per_w * 1.5;
  for (int second = 0; second < 1500; ++second) {
    const double power_w = second < 30 || second > 900 ? 1.5 : 6 + 0.5 * (second / 100 % 2);
    if (second > 0) {
      const double target = truth.ambient_c + truth.r_c_per_w * power_w;
      temperature_c = target + (temperature_c - target) * std::exp(-1 / truth.tau_s);
    }
    double shown = temperature_c + sigma_c * random.normal();
    if (resolution_c > 0) shown = std::round(shown / resolution_c) * resolution_c;
    trace.push_back({static_cast<double>(second), shown, power_w});
  }
  return trace;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("for constant power from the ambient temperature the ODE is the closed form") {
  const ThermalConstants constants = board();
  const std::vector<PowerStep> constant{{0, 6}};
  const std::vector<double> times{1, 10, 60, 140, 300, 1800};
  const std::vector<double> found = temperatures(constants, 25, constant, times);
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double rise = 9 * 6 * (1 - std::exp(-times[i] / 140));
    CHECK(found[i] - 25 == doctest::Approx(rise).epsilon(1e-6));
  }
}

TEST_CASE("a power trace gives another temperature than its mean power in the closed form") {
  const ThermalConstants constants = board();
  const std::vector<PowerStep> trace{{0, 0}, {100, 10}, {200, 0}};
  const std::vector<double> times{100, 200, 300};
  const std::vector<double> found = temperatures(constants, 25, trace, times);
  // By hand, phase after phase.
  const double kept = std::exp(-100.0 / 140);
  const double hot = 90 * (1 - kept);
  CHECK(found[0] == doctest::Approx(25));
  CHECK(found[1] == doctest::Approx(25 + hot).epsilon(1e-6));
  CHECK(found[2] == doctest::Approx(25 + hot * kept).epsilon(1e-6));
  const double closed_form_of_mean = 25 + 9 * (10.0 / 3) * (1 - std::exp(-300.0 / 140));
  CHECK(std::abs(found[2] - closed_form_of_mean) > 3);
}

TEST_CASE("the clock falls linearly between the points of the curve") {
  const ThermalConstants constants = throttling_board();
  CHECK(frequency_factor(constants, 20) == 1);
  CHECK(frequency_factor(constants, 80) == 1);
  CHECK(frequency_factor(constants, 84) == doctest::Approx(0.8));
  CHECK(frequency_factor(constants, 95) == 0.5);
  CHECK(frequency_factor(board(), 500) == 1);
}

TEST_CASE("a throttled machine settles where its heat and its cooling agree") {
  const ThermalConstants constants = throttling_board();
  const ContinuousLoad load{8, 1};
  const double settled = temperature_under_load(constants, load, 34, 1e5);
  // Brute force: the temperature at which 25 + 9·(1 + 7·factor) is the temperature itself.
  double low = 25, high = 120;
  while (high - low > 1e-9) {
    const double middle = (low + high) / 2;
    const double target = 25 + 9 * (1 + 7 * frequency_factor(constants, middle));
    (target > middle ? low : high) = middle;
  }
  CHECK(settled == doctest::Approx(low).epsilon(1e-6));
  CHECK(settled > 80);
  CHECK(settled < 90);
}

TEST_CASE("sustained latency is that of the cold machine until it throttles") {
  const ThermalConstants constants = throttling_board();
  const ContinuousLoad load{8, 1};  // would end at 97 °C
  const double onset_s = 140 * std::log((97.0 - 34) / (97 - 80));
  CHECK(time_to_throttle_s(constants, load, 34) == doctest::Approx(onset_s));
  const SustainedLatency hot = sustained_latency(constants, load, 1000);
  CHECK(hot.minute1_us == 1000);
  CHECK(onset_s < 300);
  CHECK(hot.minute5_us > 1000);
  CHECK(hot.minute30_us > hot.minute5_us);
  const double settled = temperature_under_load(constants, load, 34, 1e5);
  CHECK(hot.minute30_us ==
        doctest::Approx(1000 / frequency_factor(constants, settled)).epsilon(1e-3));
  CHECK(hot.recovery_s ==
        doctest::Approx(140 * std::log((settled - 34) / (75 - 34))).epsilon(1e-3));
  const SustainedLatency cool = sustained_latency(constants, {5, 1}, 1000);  // ends at 70 °C
  CHECK(cool.minute30_us == 1000);
  CHECK(std::isinf(cool.time_to_throttle_s));
  CHECK(cool.recovery_s == 0);
  // An idle machine that stays hotter than where the clock comes back never recovers.
  CHECK(std::isinf(recovery_time_s(constants, 6, 85)));
}

TEST_CASE("R and tau are recovered within 5 % from noisy and coarse heating traces") {
  for (const double tau_s : {40.0, 140.0, 400.0}) {
    for (const double resolution_c : {0.0, 1.0}) {
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        CAPTURE(tau_s);
        CAPTURE(resolution_c);
        ThermalConstants truth = board();
        truth.tau_s = tau_s;
        const ThermalConstants fit = fit_thermal(synthetic_trace(truth, 1.0, resolution_c, seed));
        CHECK(fit.r_c_per_w == doctest::Approx(9).epsilon(0.05));
        CHECK(fit.tau_s == doctest::Approx(tau_s).epsilon(0.05));
        CHECK(fit.ambient_c == doctest::Approx(25).epsilon(0.05));
      }
    }
  }
}

TEST_CASE("a trace of one power from rest gives R, tau and the ambient temperature") {
  std::vector<ThermalSample> trace;
  for (int second = 0; second < 600; ++second) {
    trace.push_back({double(second), 25 + 9 * 5 * (1 - std::exp(-second / 140.0)), 5});
  }
  const ThermalConstants fit = fit_thermal(trace);
  CHECK(fit.r_c_per_w == doctest::Approx(9).epsilon(1e-3));
  CHECK(fit.tau_s == doctest::Approx(140).epsilon(1e-3));
  CHECK(fit.ambient_c == doctest::Approx(25).epsilon(1e-3));
}

TEST_CASE("a soak gives all constants, in watts or in loads where no sensor told the power") {
  const ThermalConstants truth = throttling_board();
  RandomStream random(11, 0);
  for (const std::string source : {"ina3221 VDD_IN", ""}) {
    CAPTURE(source);
    std::vector<SoakSample> soak;
    double temperature_c = 25 + 9 * 1.5;
    for (int second = 1; second <= 2400; ++second) {
      const SoakPhase phase = second <= 60     ? SoakPhase::kRest
                              : second <= 1500 ? SoakPhase::kHeat
                                               : SoakPhase::kCool;
      const double factor = frequency_factor(truth, temperature_c);
      const double power_w = phase == SoakPhase::kHeat ? 1.5 + 6 * factor : 1.5;
      const double target = 25 + 9 * power_w;
      temperature_c = target + (temperature_c - target) * std::exp(-1 / truth.tau_s);
      SoakSample sample;
      sample.phase = phase;
      sample.time_s = second;
      sample.temperature_c = temperature_c + 0.3 * random.normal();
      sample.power_w = source.empty() ? -1 : power_w;
      sample.latency_us = 500 / factor * (1 + 0.005 * random.normal());
      sample.throttled = factor < 1;
      soak.push_back(sample);
    }
    const ThermalConstants fit = thermal_of_soak(soak, source);
    CHECK(fit.power_source == source);
    CHECK(fit.throttle_c == doctest::Approx(80).epsilon(0.03));
    if (source.empty()) {
      CHECK(fit.load_w == 1);
      CHECK(fit.idle_w == 0);
      CHECK(fit.r_c_per_w == doctest::Approx(9 * 6).epsilon(0.05));
    } else {
      CHECK(fit.r_c_per_w == doctest::Approx(9).epsilon(0.05));
      CHECK(fit.tau_s == doctest::Approx(140).epsilon(0.05));
      CHECK(fit.load_w == doctest::Approx(7.5).epsilon(0.02));
      CHECK(fit.idle_w == doctest::Approx(1.5));
    }
  }
  std::vector<SoakSample> blind(100);
  CHECK(contains(input_error_of([&] { thermal_of_soak(blind, ""); }), "shows no processor sensor"));
  for (SoakSample& sample : blind) sample.temperature_c = 40;
  CHECK(contains(input_error_of([&] { thermal_of_soak(blind, ""); }), "no samples of heating"));
}

TEST_CASE("traces that show no heating are refused with the reason") {
  std::vector<ThermalSample> trace;
  CHECK(contains(input_error_of([&] { fit_thermal(trace); }), "0 samples; at least 10"));
  for (int i = 0; i < 50; ++i) trace.push_back({double(i), 40, 5});
  CHECK(contains(input_error_of([&] { fit_thermal(trace); }), "thermal trace"));
  trace[20].time_s = 3;
  CHECK(contains(input_error_of([&] { fit_thermal(trace); }), "sample 20 has time 3"));
}

TEST_CASE("the throttle curve is found in the latencies of a noisy trace, with its hysteresis") {
  const ThermalConstants truth = throttling_board();
  RandomStream random(3, 0);
  std::vector<ClockSample> heating, cooling;
  for (int i = 0; i < 1200; ++i) {
    const double temperature_c = 30 + 60 * (i / 1199.0);
    const double exact = 500 / frequency_factor(truth, temperature_c);
    heating.push_back({temperature_c, exact * (1 + 0.01 * random.normal())});
  }
  for (int i = 0; i < 300; ++i) {
    const double temperature_c = 90 - 60 * (i / 299.0);
    cooling.push_back({temperature_c, temperature_c > 75 ? 900.0 : 500.0});
  }
  ThermalConstants fit = board();
  fit_throttling(heating, cooling, fit);
  CHECK(fit.throttle_c == doctest::Approx(80).epsilon(0.02));
  CHECK(fit.recover_c == doctest::Approx(75).epsilon(0.02));
  for (const double temperature_c : {70.0, 79.0, 83.0, 86.0, 89.0}) {
    CAPTURE(temperature_c);
    CHECK(frequency_factor(fit, temperature_c) ==
          doctest::Approx(frequency_factor(truth, temperature_c)).epsilon(0.04));
  }
}

TEST_CASE("a machine that never throttles has no curve") {
  RandomStream random(4, 0);
  std::vector<ClockSample> heating;
  for (int i = 0; i < 500; ++i)
    heating.push_back({30 + i * 0.1, 500 * (1 + 0.01 * random.normal())});
  ThermalConstants fit = board();
  fit_throttling(heating, {}, fit);
  CHECK(fit.curve.empty());
  CHECK(fit.throttle_c == 0);
  CHECK(std::isinf(time_to_throttle_s(fit, {8, 1}, 25)));
  CHECK(recovery_time_s(fit, 1, 90) == 0);
}
