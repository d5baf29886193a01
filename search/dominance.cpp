#include "search/dominance.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "search/non_dominated_ranks.h"

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
  if (points.empty()) return {};
  const std::vector<double> values = flatten(points, points[0].size());
  const std::vector<int> ranks =
      non_dominated_ranks(FlatPoints(values, points[0].size()), violations);
  std::vector<std::vector<int>> fronts;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const std::size_t rank = static_cast<std::size_t>(ranks[i]);
    if (fronts.size() <= rank) fronts.resize(rank + 1);
    fronts[rank].push_back(static_cast<int>(i));
  }
  return fronts;
}

std::vector<double> crowding_distance(const std::vector<ObjectiveVector>& points,
                                      std::span<const int> front) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  struct Valued {
    double value;
    int point;
    std::size_t place;  ///< in the front
  };
  const std::size_t n = front.size();
  if (n <= 2) return std::vector<double>(n, kInfinity);
  std::vector<double> distance(n, 0.0);
  std::vector<Valued> order(n);
  for (std::size_t m = 0; m < points[front[0]].size(); ++m) {
    for (std::size_t i = 0; i < n; ++i) order[i] = {points[front[i]][m], front[i], i};
    std::sort(order.begin(), order.end(), [](const Valued& a, const Valued& b) {
      return a.value != b.value ? a.value < b.value : a.point < b.point;
    });
    distance[order.front().place] = distance[order.back().place] = kInfinity;
    const double range = order.back().value - order.front().value;
    if (range == 0) continue;
    for (std::size_t k = 1; k + 1 < n; ++k) {
      distance[order[k].place] += (order[k + 1].value - order[k - 1].value) / range;
    }
  }
  return distance;
}

}  // namespace edgefront
