// Latency and energy over a device's frequency points, and which level is best. Dynamic power goes
// with V²·f, so dynamic energy per operation with V²; static power adds a term with 1/f; which
// level is best depends on the idle power over the period, and may be an interior one: all levels
// are looked at.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "hwprofiles/device_profile.h"

namespace edgefront {

/// One network on a device with frequency points.
struct DvfsQuestion {
  double latency_us = 0;  ///< at level `known_level`
  int known_level = 0;    ///< index of a point
  double period_us = 0;   ///< one inference in each; 0: one after the other, without idle time
  double budget_us = std::numeric_limits<double>::infinity();  ///< of the latency
};

struct LevelCost {
  int level = 0;  ///< index of the point
  double latency_us = 0;
  double energy_uj = 0;   ///< of one inference and the idle rest of its period
  double power_w = 0;     ///< mean over the period
  bool feasible = false;  ///< within budget and period
};

/// All levels. The network's latency goes from level to level as that of the reference list does.
/// Throws InputError where a power, or with a period an idle power, is unknown.
std::vector<LevelCost> level_costs(std::span<const FrequencyPoint> points,
                                   const DvfsQuestion& question);

/// Indices of points; −1 where no level is feasible.
struct LevelChoice {
  int best = -1;    ///< least energy of all feasible levels
  int race = -1;    ///< race to idle: the fastest level
  int steady = -1;  ///< slow and steady: the slowest feasible level
};
LevelChoice choose_level(std::span<const LevelCost> costs);

/// P = static + c·V²·f and latency = memory + cycles/f, for levels that were not measured.
struct DvfsModel {
  double static_w = 0;
  double w_per_v2_khz = 0;  ///< effective switched capacitance
  double memory_us = 0;     ///< does not depend on the clock
  double us_khz = 0;        ///< cycles of the reference list, in µs · kHz
};

/// Least squares of relative errors, no coefficient below zero. Throws InputError for fewer than
/// three points with known voltage and power.
DvfsModel fit_dvfs(std::span<const FrequencyPoint> points);

/// What the model says of one level; idle power is not modelled.
FrequencyPoint modelled_point(const DvfsModel& model, std::int64_t level_khz, double voltage_v,
                              double idle_w);

}  // namespace edgefront
