#include "costmodels/weighted_choice.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace edgefront {
namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();

ChoiceTable random_table(std::mt19937_64& random, int rows, int columns, int values) {
  ChoiceTable table(static_cast<std::size_t>(rows));
  for (auto& row : table) {
    for (int k = 0; k < columns; ++k) {
      row.push_back(static_cast<double>(random() % static_cast<unsigned>(values)) + 1);
    }
  }
  return table;
}

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k] > b[k]) return false;
    better = better || a[k] < b[k];
  }
  return better;
}

TEST_CASE("the choice equals brute force for 1,000 random weights and limits") {
  std::mt19937_64 random(1);
  const auto share = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  int chosen_rows = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    const ChoiceTable table = random_table(random, 1 + static_cast<int>(random() % 60), 6, 1000);
    std::vector<double> weights, limits;
    for (int k = 0; k < 6; ++k) {
      weights.push_back(random() % 3 == 0 ? 0 : share());
      limits.push_back(random() % 2 == 0 ? kNone : 300 + 800 * share());
    }
    // The rows within every limit, each with its sum; then the least.
    std::vector<std::pair<double, int>> within;
    for (int i = 0; i < static_cast<int>(table.size()); ++i) {
      const auto& row = table[static_cast<std::size_t>(i)];
      bool fits = true;
      double sum = 0;
      for (std::size_t k = 0; k < 6; ++k) {
        fits = fits && !(row[k] > limits[k]);
        sum += weights[k] * row[k];
      }
      if (fits) within.emplace_back(sum, i);
    }
    const int expected =
        within.empty() ? -1 : std::min_element(within.begin(), within.end())->second;
    REQUIRE(weighted_choice(table, weights, limits) == expected);
    chosen_rows += expected >= 0;
  }
  CHECK(chosen_rows > 500);
  CHECK(chosen_rows < 1000);
}

TEST_CASE("an unknown value keeps a row out only where it is asked for") {
  const double unknown = std::nan("");
  const ChoiceTable table{{1, unknown}, {2, 5}};
  const std::vector<double> first{1, 0}, both{1, 1}, none{kNone, kNone}, limit{kNone, 9};
  CHECK(weighted_choice(table, first, none) == 0);
  CHECK(weighted_choice(table, both, none) == 1);
  CHECK(weighted_choice(table, first, limit) == 1);
  CHECK(weighted_choice({}, first, none) == -1);
}

TEST_CASE("limits on the others reach every non-dominated row by one weight alone") {
  std::mt19937_64 random(2);
  const std::vector<double> weights{1, 0, 0};
  for (int trial = 0; trial < 50; ++trial) {
    const ChoiceTable table = random_table(random, 30, 3, 40);
    for (std::size_t i = 0; i < table.size(); ++i) {
      bool dominated = false;
      for (const auto& row : table) dominated = dominated || dominates(row, table[i]);
      if (dominated) continue;
      const std::vector<double> limits{kNone, table[i][1], table[i][2]};
      CHECK(table[static_cast<std::size_t>(weighted_choice(table, weights, limits))] == table[i]);
    }
  }
}

/// Two quantities: a row is supported if an axis, or the normal of a line through it and another
/// row, makes it a smallest sum. Integers, so that the sums are exact.
bool supported_in_the_plane(const ChoiceTable& table, std::size_t row) {
  const auto& p = table[row];
  const auto smallest = [&](double w0, double w1) {
    for (const auto& q : table) {
      if (w0 * q[0] + w1 * q[1] < w0 * p[0] + w1 * p[1]) return false;
    }
    return true;
  };
  if (smallest(1, 0) || smallest(0, 1)) return true;
  for (const auto& q : table) {
    const double dx = q[0] - p[0], dy = q[1] - p[1];
    if (dx * dy < 0 && smallest(std::abs(dy), std::abs(dx))) return true;
  }
  return table.size() == 1;
}

TEST_CASE("in the plane the supported rows are those of the convex hull") {
  std::mt19937_64 random(3);
  int supported = 0, not_supported = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const ChoiceTable table = random_table(random, 1 + static_cast<int>(random() % 25), 2, 30);
    for (std::size_t i = 0; i < table.size(); ++i) {
      const bool expected = supported_in_the_plane(table, i);
      REQUIRE(is_supported(table, static_cast<int>(i)) == expected);
      (expected ? supported : not_supported) += 1;
    }
  }
  CHECK(supported > 100);
  CHECK(not_supported > 100);
}

TEST_CASE("in four dimensions what any weights choose is supported, and an average is not") {
  std::mt19937_64 random(4);
  const std::vector<double> no_limits(4, kNone);
  for (int trial = 0; trial < 30; ++trial) {
    ChoiceTable table = random_table(random, 40, 4, 100000);
    // Slightly worse than the middle of two rows: dominated by a mixture, not by a row.
    table.push_back({});
    for (std::size_t k = 0; k < 4; ++k) {
      table.back().push_back((table[0][k] + table[1][k]) / 2 + 10);
    }
    CHECK_FALSE(is_supported(table, 40));
    for (int draw = 0; draw < 20; ++draw) {
      std::vector<double> weights;
      for (int k = 0; k < 4; ++k) weights.push_back(static_cast<double>(random() % 1000));
      const int row = weighted_choice(table, weights, no_limits);
      CHECK(is_supported(table, row));
    }
  }
}

}  // namespace
}  // namespace edgefront
