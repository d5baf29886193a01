#include "space/rank_correlation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace edgefront {
namespace {

/// Ranks from 1; ties share the mean of their ranks.
std::vector<double> mid_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const double rank = 0.5 * static_cast<double>(first + 1 + last);
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = rank;
    first = last;
  }
  return ranks;
}

double pearson(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

}  // namespace

double spearman(std::span<const double> a, std::span<const double> b) {
  if (a.size() < 2) return 0;
  return pearson(mid_ranks(a), mid_ranks(b));
}

// Tau-b over all pairs; n is some hundreds here, so O(n²) is well below a millisecond.
double kendall_tau(std::span<const double> a, std::span<const double> b) {
  std::int64_t concordant = 0, discordant = 0, tied_a = 0, tied_b = 0, pairs = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = i + 1; j < a.size(); ++j) {
      ++pairs;
      const int sign_a = (a[i] > a[j]) - (a[i] < a[j]);
      const int sign_b = (b[i] > b[j]) - (b[i] < b[j]);
      tied_a += sign_a == 0;
      tied_b += sign_b == 0;
      concordant += sign_a * sign_b > 0;
      discordant += sign_a * sign_b < 0;
    }
  }
  const double scale = std::sqrt(static_cast<double>(pairs - tied_a)) *
                       std::sqrt(static_cast<double>(pairs - tied_b));
  return scale > 0 ? static_cast<double>(concordant - discordant) / scale : 0;
}

}  // namespace edgefront
