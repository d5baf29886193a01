#include "experiments/commands/clock_levels.h"

#include <cmath>

#include "experiments/host.h"
#include "space/error.h"

namespace edgefront {
namespace {

std::string level_name(const DeviceProfile& profile, int level) {
  const std::int64_t khz = profile.frequency_points[std::size_t(level)].level_khz;
  return std::to_string(khz / 1000) + " MHz";
}

std::string choice_text(const DeviceProfile& profile, const std::vector<LevelCost>& costs) {
  const LevelChoice choice = choose_level(costs);
  if (choice.best < 0) return "clock levels: none holds the budget and the period";
  const auto named = [&](int level) {
    return level_name(profile, level) + " (" + fixed(costs[std::size_t(level)].energy_uj, 1) +
           " uJ)";
  };
  return "clock levels: least energy at " + named(choice.best) + "; race to idle at " +
         named(choice.race) + ", slow and steady at " + named(choice.steady);
}

}  // namespace

int measured_level(const DeviceProfile& profile) {
  const auto& points = profile.frequency_points;
  int best = static_cast<int>(points.size()) - 1;
  if (profile.state.clock_mhz <= 0) return best;
  const auto distance = [&](int level) {
    return std::abs(static_cast<double>(points[std::size_t(level)].level_khz) / 1000 -
                    profile.state.clock_mhz);
  };
  for (int level = 0; level < static_cast<int>(points.size()); ++level) {
    if (distance(level) < distance(best)) best = level;
  }
  return best;
}

std::vector<std::string> clock_level_lines(const DeviceProfile& profile, double latency_us,
                                           double period_us, double budget_us) {
  if (profile.frequency_points.empty()) return {};
  DvfsQuestion question;
  question.latency_us = latency_us;
  question.known_level = measured_level(profile);
  question.period_us = period_us;
  question.budget_us = budget_us;
  std::vector<LevelCost> costs;
  try {
    costs = level_costs(profile.frequency_points, question);
  } catch (const InputError& unknown) {
    return {std::string("clock levels: ") + unknown.what()};
  }
  std::vector<std::string> lines;
  for (const LevelCost& cost : costs) {
    lines.push_back("  " + level_name(profile, cost.level) + ": " + fixed(cost.latency_us, 1) +
                    " us, " + fixed(cost.energy_uj, 1) + " uJ, " + fixed(cost.power_w, 3) + " W" +
                    (cost.feasible ? "" : "  (too slow)"));
  }
  lines.push_back(choice_text(profile, costs));
  return lines;
}

}  // namespace edgefront
