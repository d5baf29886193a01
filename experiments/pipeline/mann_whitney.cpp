#include "experiments/pipeline/mann_whitney.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace edgefront {
namespace {

constexpr std::size_t kExactLimit = 50;

/// P(U ≤ u) where all orders of n + m values are equally likely. With p(n, m, u) the share of
/// orders with that U: the largest value is of the first sample (and then above all m others) with
/// probability n / (n + m), so p(n, m, u) = (n p(n−1, m, u−m) + m p(n, m−1, u)) / (n + m).
double probability_up_to(std::size_t n, std::size_t m, std::size_t u) {
  const std::size_t most = n * m;
  std::vector<std::vector<double>> row(m + 1);  // p(i, j, ·) for the i at hand
  for (std::size_t i = 0; i <= n; ++i) {
    std::vector<std::vector<double>> next(m + 1, std::vector<double>(most + 1, 0.0));
    for (std::size_t j = 0; j <= m; ++j) {
      if (i == 0 || j == 0) {
        next[j][0] = 1;
        continue;
      }
      const double total = static_cast<double>(i + j);
      for (std::size_t k = 0; k <= i * j; ++k) {
        const double above = k >= j ? row[j][k - j] : 0.0;
        next[j][k] =
            (static_cast<double>(i) * above + static_cast<double>(j) * next[j - 1][k]) / total;
      }
    }
    row = std::move(next);
  }
  double sum = 0;
  for (std::size_t k = 0; k <= u; ++k) sum += row[m][k];
  return sum;
}

/// Σ (t³ − t) over groups of t equal values.
double tie_sum(std::span<const double> first, std::span<const double> second) {
  std::vector<double> all(first.begin(), first.end());
  all.insert(all.end(), second.begin(), second.end());
  std::sort(all.begin(), all.end());
  double sum = 0;
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin;
    while (end < all.size() && all[end] == all[begin]) ++end;
    const double t = static_cast<double>(end - begin);
    sum += t * t * t - t;
    begin = end;
  }
  return sum;
}

}  // namespace

MannWhitney mann_whitney(std::span<const double> first, std::span<const double> second) {
  MannWhitney result;
  if (first.empty() || second.empty()) return result;
  for (const double a : first) {
    for (const double b : second) result.u += a > b ? 1.0 : a == b ? 0.5 : 0.0;
  }
  const double n = static_cast<double>(first.size()), m = static_cast<double>(second.size());
  result.effect = result.u / (n * m);
  const double smaller = std::min(result.u, n * m - result.u);
  const double ties = tie_sum(first, second);
  if (ties == 0 && first.size() <= kExactLimit && second.size() <= kExactLimit) {
    result.exact = true;
    result.p = std::min(
        1.0, 2 * probability_up_to(first.size(), second.size(), static_cast<std::size_t>(smaller)));
    return result;
  }
  const double total = n + m;
  const double variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)));
  if (!(variance > 0)) return result;  // all values are equal
  const double z = std::max(0.0, n * m / 2 - smaller - 0.5) / std::sqrt(variance);
  result.p = std::min(1.0, std::erfc(z / std::sqrt(2.0)));
  return result;
}

}  // namespace edgefront
