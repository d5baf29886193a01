#include "search/dominance.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "space/random.h"

namespace edgefront {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Few levels, so that equal values and equal points occur.
std::vector<ObjectiveVector> random_points(int count, int objectives, int levels,
                                           std::uint64_t stream) {
  RandomStream random(7, stream);
  std::vector<ObjectiveVector> points;
  for (int i = 0; i < count; ++i) {
    ObjectiveVector point;
    for (int m = 0; m < objectives; ++m) point.push_back(double(random.below(levels)));
    points.push_back(point);
  }
  return points;
}

/// Fronts by their definition: peel off what nothing left dominates.
std::vector<std::vector<int>> fronts_by_peeling(const std::vector<ObjectiveVector>& points,
                                                const std::vector<double>& violations) {
  std::vector<int> left(points.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = int(i);
  const auto better = [&](int a, int b) {
    if (violations[a] < violations[b]) return true;
    if (violations[a] > violations[b]) return false;
    bool strictly = false;
    for (std::size_t m = 0; m < points[a].size(); ++m) {
      if (points[a][m] > points[b][m]) return false;
      strictly = strictly || points[a][m] < points[b][m];
    }
    return strictly;
  };
  std::vector<std::vector<int>> fronts;
  while (!left.empty()) {
    std::vector<int> front, rest;
    for (int p : left) {
      const bool beaten =
          std::any_of(left.begin(), left.end(), [&](int q) { return better(q, p); });
      (beaten ? rest : front).push_back(p);
    }
    fronts.push_back(front);
    left = rest;
  }
  return fronts;
}

TEST_CASE("a point dominates where it is nowhere worse and somewhere better") {
  using V = ObjectiveVector;
  CHECK(dominates(V{1, 2}, V{1, 3}));
  CHECK(dominates(V{0, 2}, V{1, 3}));
  CHECK_FALSE(dominates(V{1, 2}, V{1, 2}));
  CHECK_FALSE(dominates(V{1, 4}, V{2, 3}));
  CHECK_FALSE(dominates(V{2, 3}, V{1, 3}));
}

TEST_CASE("feasible beats infeasible, and the smaller violation the larger, whatever the goals") {
  using V = ObjectiveVector;
  CHECK(constrained_dominates(V{9, 9}, 0, V{1, 1}, 0.1));
  CHECK_FALSE(constrained_dominates(V{1, 1}, 0.1, V{9, 9}, 0));
  CHECK(constrained_dominates(V{9, 9}, 0.1, V{1, 1}, 0.2));
  CHECK(constrained_dominates(V{1, 1}, 0.2, V{1, 2}, 0.2));
  CHECK_FALSE(constrained_dominates(V{1, 3}, 0, V{2, 2}, 0));
}

TEST_CASE("the fast sort gives the fronts of the definition") {
  for (int objectives = 1; objectives <= 4; ++objectives) {
    for (std::uint64_t stream = 0; stream < 20; ++stream) {
      const auto points = random_points(60, objectives, 6, stream);
      RandomStream random(8, stream);
      std::vector<double> violations;
      for (std::size_t i = 0; i < points.size(); ++i) {
        violations.push_back(stream % 2 == 0 ? 0.0 : double(random.below(3)) / 2);
      }
      CHECK(non_dominated_sort(points, violations) == fronts_by_peeling(points, violations));
    }
  }
}

TEST_CASE("sorting nothing gives no fronts, and no violations mean that all are feasible") {
  CHECK(non_dominated_sort({}, {}).empty());
  const std::vector<ObjectiveVector> points{{2, 2}, {1, 3}, {3, 3}};
  CHECK(non_dominated_sort(points, {}) == std::vector<std::vector<int>>{{0, 1}, {2}});
}

TEST_CASE("the crowding distance is the scaled perimeter of the box between the neighbours") {
  // By hand: ranges are 4 and 8; the middle points get (3−0)/4 + (8−2)/8 and (4−1)/4 + (4−0)/8.
  const std::vector<ObjectiveVector> points{{0, 8}, {4, 0}, {1, 4}, {9, 9}, {3, 2}};
  const std::vector<int> front{0, 1, 2, 4};
  const std::vector<double> distance = crowding_distance(points, front);
  CHECK(distance == std::vector<double>{kInfinity, kInfinity, 1.5, 1.25});
}

TEST_CASE("equal values take part in index order, whatever the order of the front") {
  const std::vector<ObjectiveVector> points{{1, 1}, {1, 1}, {1, 1}, {1, 1}};
  const std::vector<double> forward = crowding_distance(points, std::vector<int>{0, 1, 2, 3});
  const std::vector<double> backward = crowding_distance(points, std::vector<int>{3, 2, 1, 0});
  CHECK(forward == std::vector<double>{kInfinity, 0, 0, kInfinity});
  CHECK(backward == forward);
}

TEST_CASE("fronts of one and two points are all boundary") {
  const std::vector<ObjectiveVector> points{{1, 2}, {2, 1}};
  CHECK(crowding_distance(points, std::vector<int>{1}) == std::vector<double>{kInfinity});
  CHECK(crowding_distance(points, std::vector<int>{0, 1}) ==
        std::vector<double>{kInfinity, kInfinity});
  CHECK(crowding_distance(points, std::vector<int>{}).empty());
}

}  // namespace
}  // namespace edgefront
