#include "costmodels/thermal.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include "space/error.h"

namespace edgefront {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kStepsPerTimeConstant = 50;
constexpr double kThrottled = 0.97;  // a smaller share of the full clock is no noise
constexpr int kFewestSamples = 10;

/// Integrates dT/dt = (ambient + R·power(T) − T)/τ over `seconds`.
double integrate(const ThermalConstants& c, double temperature_c, double seconds,
                 double smallest_tau_s, const std::function<double(double)>& power_w) {
  const double most = std::ceil(seconds / smallest_tau_s * kStepsPerTimeConstant);
  const int steps = std::max(1, static_cast<int>(most));
  const double h = seconds / steps;
  const auto slope = [&](double t) {
    return (c.ambient_c + c.r_c_per_w * power_w(t) - t) / c.tau_s;
  };
  double t = temperature_c;
  for (int i = 0; i < steps; ++i) {
    const double k1 = slope(t);
    const double k2 = slope(t + h / 2 * k1);
    const double k3 = slope(t + h / 2 * k2);
    const double k4 = slope(t + h * k3);
    t += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
  }
  return t;
}

/// The largest fall of the clock per degree: throttling shortens the time constant.
double steepest(const std::vector<ThrottlePoint>& curve) {
  double result = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    result = std::max(result, (curve[i - 1].factor - curve[i].factor) /
                                  (curve[i].temperature_c - curve[i - 1].temperature_c));
  }
  return result;
}

/// Time for an exponential from `from` towards `target` to pass `level`.
double time_to_pass(double from, double target, double level, double tau_s, bool rising) {
  if (rising ? from >= level : from <= level) return 0;
  if (rising ? target <= level : target >= level) return kInfinity;
  return tau_s * std::log((target - from) / (target - level));
}

void require_trace(std::span<const ThermalSample> trace) {
  if (trace.size() < kFewestSamples) {
    throw InputError("thermal trace: " + std::to_string(trace.size()) +
                     " samples; at least 10 are needed");
  }
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const ThermalSample& s = trace[i];
    const bool good = std::isfinite(s.time_s) && std::isfinite(s.temperature_c) &&
                      std::isfinite(s.power_w) && (i == 0 || s.time_s > trace[i - 1].time_s);
    if (!good) {
      throw InputError("thermal trace: sample " + std::to_string(i) + " has time " +
                       std::to_string(s.time_s) + " s, " + std::to_string(s.temperature_c) +
                       " C and " + std::to_string(s.power_w) +
                       " W; times must rise and all numbers be finite");
    }
  }
}

struct LinearFit {
  double squares = kInfinity;
  double ambient_c = 0, r_c_per_w = 0;
};

/// The best ambient temperature, resistance and starting temperature for a given τ. Power that is
/// constant between samples gives, exactly,
///   T(t) = ambient·(1 − e^(−t/τ)) + R·u(t) + T(0)·e^(−t/τ),
/// where u is the power through the filter of the time constant.
LinearFit fit_given_tau(std::span<const ThermalSample> trace, double tau_s) {
  const auto n = static_cast<Eigen::Index>(trace.size());
  Eigen::MatrixXd rows(n, 3);
  Eigen::VectorXd measured(n);
  double filtered = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    const ThermalSample& s = trace[static_cast<std::size_t>(i)];
    if (i > 0) {
      const double kept =
          std::exp(-(s.time_s - trace[static_cast<std::size_t>(i - 1)].time_s) / tau_s);
      filtered = filtered * kept + s.power_w * (1 - kept);
    }
    const double left = std::exp(-(s.time_s - trace[0].time_s) / tau_s);
    rows.row(i) << 1 - left, filtered, left;
    measured(i) = s.temperature_c;
  }
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr;
  qr.setThreshold(1e-6);
  qr.compute(rows);
  const bool at_rest = qr.rank() < 3;
  if (at_rest) {
    // One power only: begins at the ambient temperature.
    rows.col(0) += rows.col(2);
    rows.conservativeResize(Eigen::NoChange, 2);
    qr.compute(rows);
  }
  LinearFit fit;
  if (qr.rank() < rows.cols()) return fit;
  const Eigen::VectorXd solution = qr.solve(measured);
  fit.ambient_c = solution(0);
  fit.r_c_per_w = solution(1);
  fit.squares = (rows * solution - measured).squaredNorm();
  return fit;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double full_clock_us(std::span<const ClockSample> heating) {
  std::vector<ClockSample> sorted(heating.begin(), heating.end());
  std::sort(sorted.begin(), sorted.end(), [](const ClockSample& a, const ClockSample& b) {
    return a.temperature_c < b.temperature_c;
  });
  std::vector<double> coolest;
  for (std::size_t i = 0; i <= sorted.size() / 5 && i < sorted.size(); ++i) {
    coolest.push_back(sorted[i].latency_us);
  }
  return median(std::move(coolest));
}

/// Median clock at each whole degree, relative to the full clock.
std::map<int, double> factors_by_degree(std::span<const ClockSample> samples, double full_us) {
  std::map<int, std::vector<double>> bins;
  for (const ClockSample& s : samples) {
    bins[static_cast<int>(std::lround(s.temperature_c))].push_back(full_us / s.latency_us);
  }
  std::map<int, double> result;
  for (auto& [degree, factors] : bins) result[degree] = std::min(1.0, median(std::move(factors)));
  return result;
}

/// The whole degree from which on samples count as throttled: that with the fewest samples on the
/// wrong side. One above all of them where none is throttled.
int throttling_begins(std::span<const ClockSample> heating, double full_us) {
  std::map<int, int> balance;  // by degree: throttled samples less those at full clock
  for (const ClockSample& s : heating) {
    const bool throttled = full_us / s.latency_us < kThrottled;
    balance[static_cast<int>(std::lround(s.temperature_c))] += throttled ? 1 : -1;
  }
  int begin = balance.rbegin()->first + 1, sum = 0, largest = 0;
  for (auto at = balance.rbegin(); at != balance.rend(); ++at) {
    sum += at->second;
    if (sum > largest) {
      largest = sum;
      begin = at->first;
    }
  }
  return begin;
}

}  // namespace

double frequency_factor(const ThermalConstants& constants, double temperature_c) {
  const std::vector<ThrottlePoint>& curve = constants.curve;
  if (curve.empty() || temperature_c < curve.front().temperature_c) return 1;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    if (temperature_c >= curve[i].temperature_c) continue;
    const double share = (temperature_c - curve[i - 1].temperature_c) /
                         (curve[i].temperature_c - curve[i - 1].temperature_c);
    return curve[i - 1].factor + share * (curve[i].factor - curve[i - 1].factor);
  }
  return curve.back().factor;
}

std::vector<double> temperatures(const ThermalConstants& constants, double start_c,
                                 std::span<const PowerStep> trace,
                                 std::span<const double> times_s) {
  std::vector<double> result;
  double now_s = trace.front().time_s, temperature_c = start_c;
  std::size_t step = 0;
  for (const double time_s : times_s) {
    while (now_s < time_s) {
      const bool last = step + 1 == trace.size();
      const double end_s = last ? time_s : std::min(time_s, trace[step + 1].time_s);
      temperature_c = integrate(constants, temperature_c, end_s - now_s, constants.tau_s,
                                [&](double) { return trace[step].power_w; });
      now_s = end_s;
      if (!last && now_s >= trace[step + 1].time_s) ++step;
    }
    result.push_back(temperature_c);
  }
  return result;
}

double temperature_under_load(const ThermalConstants& constants, const ContinuousLoad& load,
                              double start_c, double seconds) {
  const double dynamic_w = load.power_w - load.idle_w;
  const double tau_s =
      constants.tau_s / (1 + constants.r_c_per_w * dynamic_w * steepest(constants.curve));
  return integrate(constants, start_c, seconds, tau_s, [&](double temperature_c) {
    return load.idle_w + dynamic_w * frequency_factor(constants, temperature_c);
  });
}

double time_to_throttle_s(const ThermalConstants& constants, const ContinuousLoad& load,
                          double start_c) {
  if (constants.curve.empty()) return kInfinity;
  const double target_c = constants.ambient_c + constants.r_c_per_w * load.power_w;
  return time_to_pass(start_c, target_c, constants.throttle_c, constants.tau_s, true);
}

double recovery_time_s(const ThermalConstants& constants, double idle_w, double start_c) {
  if (constants.curve.empty()) return 0;
  const double target_c = constants.ambient_c + constants.r_c_per_w * idle_w;
  return time_to_pass(start_c, target_c, constants.recover_c, constants.tau_s, false);
}

SustainedLatency sustained_latency(const ThermalConstants& constants, const ContinuousLoad& load,
                                   double p95_us) {
  const double idle_c = constants.ambient_c + constants.r_c_per_w * load.idle_w;
  SustainedLatency result;
  double temperature_c = idle_c, minute = 0;
  const auto at = [&](double later) {
    temperature_c = temperature_under_load(constants, load, temperature_c, (later - minute) * 60);
    minute = later;
    return p95_us / frequency_factor(constants, temperature_c);
  };
  result.minute1_us = at(1);
  result.minute5_us = at(5);
  result.minute30_us = at(30);
  result.time_to_throttle_s = time_to_throttle_s(constants, load, idle_c);
  result.recovery_s = recovery_time_s(constants, load.idle_w, temperature_c);
  return result;
}

ThermalConstants fit_thermal(std::span<const ThermalSample> trace) {
  require_trace(trace);
  const double duration_s = trace.back().time_s - trace.front().time_s;
  const double shortest_s = duration_s / static_cast<double>(trace.size());
  const auto squares = [&](double log_tau) {
    return fit_given_tau(trace, std::exp(log_tau)).squares;
  };
  // A coarse look at all time constants that the trace can show, then golden sections.
  constexpr int kCoarse = 60;
  const double first = std::log(shortest_s / 2), last = std::log(duration_s * 5);
  const double stride = (last - first) / kCoarse;
  int best = 0;
  for (int i = 1; i <= kCoarse; ++i) {
    if (squares(first + i * stride) < squares(first + best * stride)) best = i;
  }
  if (best == 0 || best == kCoarse || !std::isfinite(squares(first + best * stride))) {
    throw InputError("thermal trace: no time constant between " + std::to_string(shortest_s) +
                     " s and " + std::to_string(duration_s * 5) +
                     " s fits; heat until the temperature hardly rises, then cool");
  }
  double low = first + (best - 1) * stride, high = first + (best + 1) * stride;
  const double golden = (std::sqrt(5.0) - 1) / 2;
  while (high - low > 1e-7) {
    const double a = high - golden * (high - low), b = low + golden * (high - low);
    if (squares(a) < squares(b)) {
      high = b;
    } else {
      low = a;
    }
  }
  ThermalConstants constants;
  constants.tau_s = std::exp((low + high) / 2);
  const LinearFit fit = fit_given_tau(trace, constants.tau_s);
  constants.ambient_c = fit.ambient_c;
  constants.r_c_per_w = fit.r_c_per_w;
  if (!(constants.r_c_per_w > 0)) {
    throw InputError("thermal trace: temperature does not rise with power (R " +
                     std::to_string(constants.r_c_per_w) + " C/W)");
  }
  return constants;
}

void fit_throttling(std::span<const ClockSample> heating, std::span<const ClockSample> cooling,
                    ThermalConstants& constants) {
  constants.curve.clear();
  constants.throttle_c = constants.recover_c = 0;
  if (heating.size() < kFewestSamples) {
    throw InputError("thermal trace: " + std::to_string(heating.size()) +
                     " latencies while heating; at least 10 are needed");
  }
  const double full_us = full_clock_us(heating);
  const int begin = throttling_begins(heating, full_us);
  double lowest = 1;
  for (const auto& [degree, factor] : factors_by_degree(heating, full_us)) {
    if (degree < begin) continue;
    if (constants.curve.empty()) constants.curve.push_back({degree - 1.0, 1});
    // Where noise lets a hotter machine look faster, the slower one stands.
    lowest = std::min(lowest, factor);
    constants.curve.push_back({static_cast<double>(degree), lowest});
  }
  if (constants.curve.empty()) return;
  constants.throttle_c = constants.recover_c = constants.curve.front().temperature_c;
  // The clock comes back at a lower temperature than it went.
  double recovered = constants.throttle_c;
  for (const auto& [degree, factor] : factors_by_degree(cooling, full_us)) {
    if (factor < kThrottled) recovered = std::min(recovered, degree - 1.0);
  }
  constants.recover_c = recovered;
}

ThermalConstants thermal_of_soak(std::span<const SoakSample> soak,
                                 const std::string& power_source) {
  std::vector<ClockSample> heating, cooling;
  for (const SoakSample& s : soak) {
    if (s.temperature_c == -1) {
      throw InputError("soak: no temperature at " + std::to_string(s.time_s) +
                       " s; the machine shows no processor sensor");
    }
    if (s.latency_us <= 0 || s.phase == SoakPhase::kRest) continue;
    (s.phase == SoakPhase::kHeat ? heating : cooling).push_back({s.temperature_c, s.latency_us});
  }
  if (heating.empty() || cooling.empty()) {
    throw InputError("soak: it has no samples of heating or of cooling");
  }
  const bool in_watts = !power_source.empty();
  const double full_us = full_clock_us(heating);
  std::vector<ThermalSample> trace;
  std::vector<double> rest_w, load_w;
  for (const SoakSample& s : soak) {
    const bool heats = s.phase == SoakPhase::kHeat;
    if (in_watts ? s.power_w < 0 : heats && s.latency_us <= 0) continue;
    // Without a sensor power is taken to go with the clock, as the model has it.
    const double loads = heats ? std::min(1.0, full_us / s.latency_us) : 0;
    trace.push_back({s.time_s, s.temperature_c, in_watts ? s.power_w : loads});
    if (s.phase == SoakPhase::kRest) rest_w.push_back(trace.back().power_w);
    if (heats && !s.throttled) load_w.push_back(trace.back().power_w);
  }
  if (rest_w.empty() || load_w.empty()) {
    throw InputError("soak: it has no samples of rest or of unthrottled heating");
  }
  ThermalConstants constants = fit_thermal(trace);
  fit_throttling(heating, cooling, constants);
  constants.load_w = in_watts ? median(std::move(load_w)) : 1;
  constants.idle_w = median(std::move(rest_w));
  constants.power_source = power_source;
  return constants;
}

}  // namespace edgefront
