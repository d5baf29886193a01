#include "costmodels/dvfs.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "space/error.h"
#include "space/random.h"
#include "tests/space/message.h"

using namespace edgefront;

namespace {

/// 0.6 to 2 GHz; the voltage rises with the clock as on a real board.
constexpr std::int64_t kLevels[] = {600'000,   800'000,   1'000'000, 1'200'000,
                                    1'400'000, 1'600'000, 1'800'000, 2'000'000};
double voltage(std::int64_t khz) {
  const double ghz = static_cast<double>(khz) * 1e-6;
  return 0.6 + 0.15 * ghz * ghz;
}

std::vector<FrequencyPoint> points_of(const DvfsModel& model, double idle_w) {
  std::vector<FrequencyPoint> points;
  for (const std::int64_t khz : kLevels) {
    points.push_back(modelled_point(model, khz, voltage(khz), idle_w));
  }
  return points;
}

/// Compute bound: 1000 µs at 1 GHz, 2 W of dynamic power at 1 V and 1 GHz.
DvfsModel compute_bound(double static_w) { return {static_w, 2e-6, 0, 1e9}; }

int best_level(const std::vector<FrequencyPoint>& points, const DvfsQuestion& question) {
  const std::vector<LevelCost> costs = level_costs(points, question);
  // Brute force beside choose_level.
  int best = -1;
  for (const LevelCost& cost : costs) {
    if (!cost.feasible) continue;
    if (best < 0 || cost.energy_uj < costs[std::size_t(best)].energy_uj) best = cost.level;
  }
  CHECK(choose_level(costs).best == best);
  return best;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("dynamic energy goes with V squared and does not depend on the clock itself") {
  const DvfsModel model = compute_bound(0);
  const FrequencyPoint slow = modelled_point(model, 600'000, 0.7, 0);
  const FrequencyPoint fast = modelled_point(model, 1'800'000, 0.7, 0);
  const FrequencyPoint high = modelled_point(model, 1'800'000, 1.1, 0);
  const auto energy_uj = [](const FrequencyPoint& p) { return p.power_w * p.latency_us; };
  CHECK(energy_uj(fast) == doctest::Approx(energy_uj(slow)));
  CHECK(energy_uj(high) / energy_uj(fast) == doctest::Approx(1.1 * 1.1 / (0.7 * 0.7)));
}

TEST_CASE("static power adds energy that goes with one over the clock") {
  const FrequencyPoint slow = modelled_point(compute_bound(0.5), 500'000, 1, 0);
  const FrequencyPoint fast = modelled_point(compute_bound(0.5), 1'000'000, 1, 0);
  const double difference = slow.power_w * slow.latency_us - fast.power_w * fast.latency_us;
  CHECK(difference == doctest::Approx(0.5 * (2000 - 1000)));
}

TEST_CASE("the best level may be the lowest, the highest or one between") {
  DvfsQuestion question;
  question.latency_us = 1000;
  question.known_level = 2;  // 1 GHz
  CHECK(best_level(points_of(compute_bound(0), 0), question) == 0);
  CHECK(best_level(points_of(compute_bound(50), 0), question) == 7);
  const int between = best_level(points_of(compute_bound(0.8), 0), question);
  CHECK(between > 0);
  CHECK(between < 7);
}

TEST_CASE("idle power over the period decides between racing to idle and slow and steady") {
  DvfsQuestion question;
  question.latency_us = 1000;
  question.known_level = 2;
  question.period_us = 1700;
  // A machine that idles for nothing saves its static power by racing …
  const auto racing = level_costs(points_of(compute_bound(12), 0), question);
  CHECK(choose_level(racing).best == choose_level(racing).race);
  CHECK(choose_level(racing).race == 7);
  // … one that idles at its static power has nothing to win by it.
  const auto steady = level_costs(points_of(compute_bound(12), 12), question);
  CHECK(choose_level(steady).best == choose_level(steady).steady);
  CHECK(choose_level(steady).steady == 0);
}

TEST_CASE("energy and power of a period are those of its two parts") {
  const std::vector<FrequencyPoint> points{{1'000'000, -1, 200, 3, 0.5},
                                           {2'000'000, -1, 120, 7, 1}};
  DvfsQuestion question;
  question.latency_us = 1000;
  question.known_level = 0;
  question.period_us = 4000;
  const auto costs = level_costs(points, question);
  CHECK(costs[0].energy_uj == doctest::Approx(3 * 1000 + 0.5 * 3000));
  CHECK(costs[1].latency_us == doctest::Approx(600));
  CHECK(costs[1].energy_uj == doctest::Approx(7 * 600 + 1 * 3400));
  CHECK(costs[1].power_w == doctest::Approx(7600.0 / 4000));
  question.period_us = 0;
  CHECK(level_costs(points, question)[1].energy_uj == doctest::Approx(4200));
  CHECK(level_costs(points, question)[1].power_w == doctest::Approx(7));
}

TEST_CASE("a latency budget leaves out slow levels, and there may be none") {
  DvfsQuestion question;
  question.latency_us = 1000;
  question.known_level = 2;
  question.budget_us = 800;  // 1.25 GHz
  const auto points = points_of(compute_bound(0), 0);
  CHECK(best_level(points, question) == 4);
  CHECK(choose_level(level_costs(points, question)).steady == 4);
  question.budget_us = 100;
  const LevelChoice none = choose_level(level_costs(points, question));
  CHECK(none.best == -1);
  CHECK(none.race == -1);
  CHECK(none.steady == -1);
}

TEST_CASE("the model is recovered from noisy points, and clamped where it would be negative") {
  const DvfsModel truth{0.9, 2e-6, 150, 8e8};
  RandomStream random(5, 0);
  std::vector<FrequencyPoint> points = points_of(truth, 0.4);
  for (FrequencyPoint& point : points) {
    point.power_w *= 1 + 0.01 * (2 * random.uniform() - 1);
    point.latency_us *= 1 + 0.01 * (2 * random.uniform() - 1);
  }
  const DvfsModel fit = fit_dvfs(points);
  CHECK(fit.static_w == doctest::Approx(0.9).epsilon(0.05));
  CHECK(fit.w_per_v2_khz == doctest::Approx(2e-6).epsilon(0.05));
  CHECK(fit.memory_us == doctest::Approx(150).epsilon(0.10));
  CHECK(fit.us_khz == doctest::Approx(8e8).epsilon(0.05));
  // More power at less speed than any static part explains.
  for (FrequencyPoint& point : points) {
    point.power_w = 1e-18 * std::pow(double(point.level_khz), 3.0);
  }
  CHECK(fit_dvfs(points).static_w == 0);
}

TEST_CASE("what is unknown is refused by name") {
  std::vector<FrequencyPoint> points{{1'000'000, -1, 200, -1, -1}};
  DvfsQuestion question;
  question.latency_us = 1000;
  CHECK(contains(input_error_of([&] { level_costs(points, question); }),
                 "1000 MHz: its power is unknown"));
  points[0].power_w = 3;
  CHECK(level_costs(points, question).size() == 1);
  question.period_us = 5000;
  CHECK(contains(input_error_of([&] { level_costs(points, question); }), "idle power is unknown"));
  question.known_level = 1;
  CHECK(contains(input_error_of([&] { level_costs(points, question); }), "frequency level 1 of 1"));
  CHECK(contains(input_error_of([&] { fit_dvfs(points); }), "0 have a known voltage and power"));
}
