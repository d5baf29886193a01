#include "costmodels/dvfs.h"

#include <algorithm>
#include <string>

#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kFewestPoints = 3;

std::string level_text(const FrequencyPoint& point) {
  return std::to_string(point.level_khz / 1000) + " MHz";
}

void require_point(const FrequencyPoint& point, bool idle_needed) {
  if (!(point.latency_us > 0)) {
    throw InputError("frequency point " + level_text(point) + ": latency must be positive");
  }
  if (point.power_w < 0) {
    throw InputError("frequency point " + level_text(point) +
                     ": its power is unknown; measure with a power sensor");
  }
  if (idle_needed && point.idle_w < 0) {
    throw InputError("frequency point " + level_text(point) +
                     ": its idle power is unknown, and a period has idle time");
  }
}

struct Pair {
  double constant = 0, slope = 0;
};

/// y = constant + slope·x with the least sum of squared relative errors; neither below zero.
Pair fit_line(std::span<const double> x, std::span<const double> y) {
  // Rows divided by y: unknowns against 1.
  double aa = 0, ab = 0, bb = 0, a1 = 0, b1 = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double a = 1 / y[i], b = x[i] / y[i];
    aa += a * a;
    ab += a * b;
    bb += b * b;
    a1 += a;
    b1 += b;
  }
  const double determinant = aa * bb - ab * ab;
  if (determinant <= 1e-12 * aa * bb) throw InputError("frequency points: all levels are alike");
  const Pair both{(a1 * bb - b1 * ab) / determinant, (b1 * aa - a1 * ab) / determinant};
  if (both.constant >= 0 && both.slope >= 0) return both;
  // The constrained optimum of two unknowns lies on an axis.
  return both.constant < 0 ? Pair{0, b1 / bb} : Pair{a1 / aa, 0};
}

}  // namespace

std::vector<LevelCost> level_costs(std::span<const FrequencyPoint> points,
                                   const DvfsQuestion& question) {
  const int count = static_cast<int>(points.size());
  if (question.known_level < 0 || question.known_level >= count) {
    throw InputError("frequency level " + std::to_string(question.known_level) + " of " +
                     std::to_string(count));
  }
  for (const FrequencyPoint& point : points) require_point(point, question.period_us > 0);
  const double known_us = points[static_cast<std::size_t>(question.known_level)].latency_us;
  std::vector<LevelCost> costs;
  for (int level = 0; level < count; ++level) {
    const FrequencyPoint& point = points[static_cast<std::size_t>(level)];
    LevelCost cost;
    cost.level = level;
    cost.latency_us = question.latency_us * point.latency_us / known_us;
    const bool in_period = question.period_us == 0 || cost.latency_us <= question.period_us;
    cost.feasible = in_period && cost.latency_us <= question.budget_us;
    const double whole_us = std::max(question.period_us, cost.latency_us);
    const double rest_us = whole_us - cost.latency_us;
    cost.energy_uj = point.power_w * cost.latency_us;  // W·µs = µJ
    if (rest_us > 0) cost.energy_uj += point.idle_w * rest_us;
    cost.power_w = cost.energy_uj / whole_us;
    costs.push_back(cost);
  }
  return costs;
}

LevelChoice choose_level(std::span<const LevelCost> costs) {
  LevelChoice choice;
  const LevelCost *best = nullptr, *race = nullptr, *steady = nullptr;
  for (const LevelCost& cost : costs) {
    if (!cost.feasible) continue;
    if (best == nullptr || cost.energy_uj < best->energy_uj) best = &cost;
    if (race == nullptr || cost.latency_us < race->latency_us) race = &cost;
    if (steady == nullptr || cost.latency_us > steady->latency_us) steady = &cost;
  }
  if (best == nullptr) return choice;
  return {best->level, race->level, steady->level};
}

DvfsModel fit_dvfs(std::span<const FrequencyPoint> points) {
  std::vector<double> switching, power_w, per_khz, latency_us;
  for (const FrequencyPoint& point : points) {
    if (point.voltage_v <= 0 || point.power_w <= 0) continue;
    require_point(point, false);
    const double khz = static_cast<double>(point.level_khz);
    switching.push_back(point.voltage_v * point.voltage_v * khz);
    power_w.push_back(point.power_w);
    per_khz.push_back(1 / khz);
    latency_us.push_back(point.latency_us);
  }
  if (power_w.size() < kFewestPoints) {
    throw InputError("frequency points: " + std::to_string(power_w.size()) +
                     " have a known voltage and power; at least 3 are needed");
  }
  const Pair power = fit_line(switching, power_w);
  const Pair latency = fit_line(per_khz, latency_us);
  return {power.constant, power.slope, latency.constant, latency.slope};
}

FrequencyPoint modelled_point(const DvfsModel& model, std::int64_t level_khz, double voltage_v,
                              double idle_w) {
  const double khz = static_cast<double>(level_khz);
  FrequencyPoint point;
  point.level_khz = level_khz;
  point.voltage_v = voltage_v;
  point.latency_us = model.memory_us + model.us_khz / khz;
  point.power_w = model.static_w + model.w_per_v2_khz * voltage_v * voltage_v * khz;
  point.idle_w = idle_w;
  return point;
}

}  // namespace edgefront
