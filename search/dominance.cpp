#include "search/dominance.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>

namespace edgefront {

std::vector<double> flatten(const std::vector<ObjectiveVector>& points, std::size_t objectives) {
  std::vector<double> values;
  values.reserve(points.size() * objectives);
  for (const ObjectiveVector& point : points) {
    assert(point.size() == objectives);
    values.insert(values.end(), point.begin(), point.end());
  }
  return values;
}

bool dominates(std::span<const double> a, std::span<const double> b) {
  assert(a.size() == b.size());
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

bool constrained_dominates(std::span<const double> a, double violation_a, std::span<const double> b,
                           double violation_b) {
  if (violation_a != violation_b) return violation_a < violation_b;
  return dominates(a, b);
}

std::vector<std::vector<int>> non_dominated_sort(const std::vector<ObjectiveVector>& points,
                                                 std::span<const double> violations) {
  assert(violations.empty() || violations.size() == points.size());
  const int n = static_cast<int>(points.size());
  const auto violation = [&](int i) { return violations.empty() ? 0.0 : violations[i]; };
  std::vector<std::vector<int>> dominated(n);  // S_p of the paper
  std::vector<int> dominators(n, 0);           // n_p of the paper
  for (int p = 0; p < n; ++p) {
    for (int q = p + 1; q < n; ++q) {
      if (constrained_dominates(points[p], violation(p), points[q], violation(q))) {
        dominated[p].push_back(q);
        ++dominators[q];
      } else if (constrained_dominates(points[q], violation(q), points[p], violation(p))) {
        dominated[q].push_back(p);
        ++dominators[p];
      }
    }
  }
  std::vector<std::vector<int>> fronts;
  std::vector<int> front;
  for (int p = 0; p < n; ++p) {
    if (dominators[p] == 0) front.push_back(p);
  }
  while (!front.empty()) {
    std::vector<int> next;
    for (int p : front) {
      for (int q : dominated[p]) {
        if (--dominators[q] == 0) next.push_back(q);
      }
    }
    std::sort(next.begin(), next.end());
    fronts.push_back(std::move(front));
    front = std::move(next);
  }
  return fronts;
}

std::vector<double> crowding_distance(const std::vector<ObjectiveVector>& points,
                                      std::span<const int> front) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::size_t n = front.size();
  if (n <= 2) return std::vector<double>(n, kInfinity);
  std::vector<double> distance(n, 0.0);
  std::vector<std::size_t> order(n);
  for (std::size_t m = 0; m < points[front[0]].size(); ++m) {
    const auto value = [&](std::size_t i) { return points[front[i]][m]; };
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return value(a) != value(b) ? value(a) < value(b) : front[a] < front[b];
    });
    distance[order.front()] = distance[order.back()] = kInfinity;
    const double range = value(order.back()) - value(order.front());
    if (range == 0) continue;
    for (std::size_t k = 1; k + 1 < n; ++k) {
      distance[order[k]] += (value(order[k + 1]) - value(order[k - 1])) / range;
    }
  }
  return distance;
}

}  // namespace edgefront
