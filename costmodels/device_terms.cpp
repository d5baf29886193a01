#include "costmodels/device_terms.h"

#include <algorithm>
#include <cmath>

#include "costmodels/thermal.h"

namespace edgefront {
namespace {

constexpr int kPowers = 128;

/// Power beyond which more heat changes nothing: the last point of the curve is passed even with
/// its clock, after a time in which most of the way is gone.
double hottest_w(const ThermalConstants& c) {
  const double reached = 1 - std::exp(-30 * 60 / c.tau_s);
  const double rise_w = (c.curve.back().temperature_c - c.ambient_c) / (c.r_c_per_w * reached);
  return std::max(c.load_w, 1.01 * (c.idle_w + rise_w / c.curve.back().factor));
}

}  // namespace

SustainedSlowdown::SustainedSlowdown(const ThermalConstants& constants) : values_{1} {
  if (constants.curve.empty() || !(constants.r_c_per_w > 0) || !(constants.tau_s > 0)) return;
  first_w_ = constants.idle_w;
  stride_w_ = (hottest_w(constants) - first_w_) / kPowers;
  if (!(stride_w_ > 0)) {
    stride_w_ = 1;
    return;
  }
  values_.clear();
  for (int i = 0; i <= kPowers; ++i) {
    const ContinuousLoad load{first_w_ + i * stride_w_, constants.idle_w};
    const double idle_c = constants.ambient_c + constants.r_c_per_w * constants.idle_w;
    const double hot_c = temperature_under_load(constants, load, idle_c, 30 * 60);
    values_.push_back(1 / frequency_factor(constants, hot_c));
  }
}

double SustainedSlowdown::at(double power_w) const {
  const double last = static_cast<double>(values_.size() - 1);
  const double position = std::clamp((power_w - first_w_) / stride_w_, 0.0, last);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, values_.size() - 1);
  const double share = position - static_cast<double>(below);
  return values_[below] + share * (values_[above] - values_[below]);
}

DeviceTerms device_terms(const DeviceProfile& profile, const std::string& space_digest,
                         Precision precision, int threads, const std::string& kernel_set) {
  DeviceTerms terms;
  std::vector<double> ratios, of_all_spaces;
  for (const NetworkEntry& n : profile.networks) {
    if (n.precision != precision || n.threads != threads || n.kernel_set != kernel_set) continue;
    const double ratio = n.statistics.p95_us / n.statistics.latency_us;
    of_all_spaces.push_back(ratio);
    if (n.space_digest == space_digest) ratios.push_back(ratio);
  }
  if (ratios.empty()) ratios = of_all_spaces;
  if (!ratios.empty()) terms.p95_ratio = quantile(ratios, 0.5);
  if (!profile.energy.empty()) terms.idle_w = profile.energy.front().idle_w;
  if (profile.thermal) {
    terms.slowdown.emplace(*profile.thermal);
    terms.load_w = profile.thermal->load_w;
    terms.in_watts = !profile.thermal->power_source.empty();
  }
  return terms;
}

void add_device_terms(const DeviceTerms& terms, NetworkCost& cost) {
  cost.latency_p95_us.reset();
  cost.latency_sustained_us.reset();
  cost.power_w.reset();
  if (cost.energy_uj) {
    const double idle_w = cost.energy_source == EnergySource::kMeasured ? terms.idle_w : 0;
    cost.power_w = mean_power_w(*cost.energy_uj, cost.latency_us, 0, idle_w);
  }
  if (!terms.p95_ratio) return;
  cost.latency_p95_us = *terms.p95_ratio * cost.latency_us;
  if (!terms.slowdown) return;
  const bool own_power = terms.in_watts && cost.power_w.has_value();
  const double power_w = own_power ? *cost.power_w : terms.load_w;
  cost.latency_sustained_us = *cost.latency_p95_us * terms.slowdown->at(power_w);
}

double mean_power_w(double energy_uj, double latency_us, double period_us, double idle_w) {
  return energy_uj / std::max(period_us, latency_us) + idle_w;  // µJ/µs = W
}

}  // namespace edgefront
