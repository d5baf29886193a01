#include "costmodels/weighted_choice.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgefront {
namespace {

constexpr double kTolerance = 1e-9;  // of values that are scaled to about 1

/// The largest x·1 subject to A x ≤ 1, x ≥ 0 with A > 0: a bounded program with an obvious start,
/// solved by the simplex method with Bland's rule (of equal choices the variable with the smallest
/// number, so that it does not go in circles). `rows` are those of A.
double largest_sum(std::vector<std::vector<double>> rows) {
  const std::size_t m = rows.size(), n = rows.front().size();
  for (std::size_t i = 0; i < m; ++i) {
    rows[i].resize(n + m + 1, 0);
    rows[i][n + i] = 1;
    rows[i][n + m] = 1;
  }
  std::vector<double> gain(n + m + 1, 0);
  std::fill(gain.begin(), gain.begin() + static_cast<std::ptrdiff_t>(n), 1.0);
  std::vector<std::size_t> basis(m);
  for (std::size_t i = 0; i < m; ++i) basis[i] = n + i;
  // Rounding can undo Bland's promise; the bound is far above what these programs take.
  for (std::size_t steps = 0; steps < 100 * (n + m); ++steps) {
    std::size_t enter = 0;
    while (enter < n + m && gain[enter] <= kTolerance) ++enter;
    if (enter == n + m) return -gain[n + m];
    std::size_t leave = m;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < m; ++i) {
      if (rows[i][enter] <= kTolerance) continue;
      const double ratio = rows[i][n + m] / rows[i][enter];
      const bool tie = leave < m && std::abs(ratio - least) <= 1e-12;
      if (tie ? basis[i] < basis[leave] : ratio < least) least = ratio, leave = i;
    }
    if (leave == m) return std::numeric_limits<double>::infinity();
    basis[leave] = enter;
    const double pivot = rows[leave][enter];
    for (double& value : rows[leave]) value /= pivot;
    const auto subtract = [&](std::vector<double>& row) {
      const double factor = row[enter];
      for (std::size_t j = 0; j <= n + m; ++j) row[j] -= factor * rows[leave][j];
    };
    for (std::size_t i = 0; i < m; ++i) {
      if (i != leave) subtract(rows[i]);
    }
    subtract(gain);
  }
  return -gain[n + m];
}

}  // namespace

int weighted_choice(const ChoiceTable& table, std::span<const double> weights,
                    std::span<const double> limits) {
  int best = -1;
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < table.size(); ++i) {
    double sum = 0;
    bool within = true;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const double value = table[i][k];
      if (weights[k] > 0) sum += weights[k] * value;
      if (std::isfinite(limits[k]) && !(value <= limits[k])) within = false;
    }
    if (!within || !(sum < smallest)) continue;
    smallest = sum;
    best = static_cast<int>(i);
  }
  return best;
}

/// Row p is supported if max over weights on the simplex of min over q of Σ w·(q − p) is 0, and
/// not if it is negative: the value of a game between a weight and a row. Shifted by a constant so
/// that all payoffs are positive, the value is 1 / max{1·y : G y ≤ 1, y ≥ 0} with a column per row
/// of the table (von Neumann; Dantzig 1951).
bool is_supported(const ChoiceTable& table, int row) {
  const std::vector<double>& p = table[static_cast<std::size_t>(row)];
  const std::size_t quantities = p.size();
  std::vector<std::vector<double>> game(quantities, std::vector<double>(table.size()));
  for (std::size_t k = 0; k < quantities; ++k) {
    double range = 0;
    for (const auto& q : table) range = std::max(range, std::abs(q[k] - p[k]));
    // 2 is the shift: differences are scaled to [−1, 1].
    for (std::size_t j = 0; j < table.size(); ++j) {
      game[k][j] = 2 + (range > 0 ? (table[j][k] - p[k]) / range : 0);
    }
  }
  return 1 / largest_sum(std::move(game)) >= 2 - 1e-7;
}

}  // namespace edgefront
