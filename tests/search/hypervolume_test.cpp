#include "search/hypervolume.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>

#include "space/error.h"
#include "space/random.h"

namespace edgefront {
namespace {

std::vector<ObjectiveVector> random_points(int count, int objectives, std::uint64_t stream,
                                           int levels) {
  RandomStream random(11, stream);
  std::vector<ObjectiveVector> points;
  for (int i = 0; i < count; ++i) {
    ObjectiveVector point;
    for (int m = 0; m < objectives; ++m) {
      point.push_back(levels > 0 ? double(random.below(levels)) : 12 * random.uniform());
    }
    points.push_back(point);
  }
  return points;
}

/// Inclusion and exclusion over all subsets: the volume of a union of boxes.
double by_inclusion_exclusion(const std::vector<ObjectiveVector>& points,
                              const ObjectiveVector& reference) {
  double volume = 0;
  for (unsigned subset = 1; subset < (1u << points.size()); ++subset) {
    double box = 1;
    for (std::size_t m = 0; m < reference.size(); ++m) {
      double corner = -1e300;
      for (std::size_t i = 0; i < points.size(); ++i) {
        if (subset >> i & 1) corner = std::max(corner, points[i][m]);
      }
      box *= std::max(0.0, reference[m] - corner);
    }
    volume += std::popcount(subset) % 2 == 1 ? box : -box;
  }
  return volume;
}

/// Points on whole numbers: count the unit cells that some point dominates.
double by_counting_cells(const std::vector<ObjectiveVector>& points, int size, int objectives) {
  int cells = 0, total = 1;
  for (int m = 0; m < objectives; ++m) total *= size;
  for (int cell = 0; cell < total; ++cell) {
    cells += std::any_of(points.begin(), points.end(), [&](const ObjectiveVector& point) {
      int rest = cell;
      for (int m = 0; m < objectives; ++m, rest /= size) {
        if (point[m] > rest % size) return false;
      }
      return true;
    });
  }
  return cells;
}

TEST_CASE("the hypervolume agrees with inclusion and exclusion in 1, 2 and 3 dimensions") {
  for (int objectives = 1; objectives <= 3; ++objectives) {
    const ObjectiveVector reference(objectives, 10.0);
    for (std::uint64_t stream = 0; stream < 30; ++stream) {
      const auto points = random_points(10, objectives, stream, 0);
      CHECK(hypervolume(points, reference) ==
            doctest::Approx(by_inclusion_exclusion(points, reference)).epsilon(1e-12));
    }
  }
}

TEST_CASE("with many equal coordinates the hypervolume is the number of dominated cells") {
  for (int objectives = 1; objectives <= 3; ++objectives) {
    for (std::uint64_t stream = 0; stream < 30; ++stream) {
      const auto points = random_points(30, objectives, stream, 9);
      CHECK(hypervolume(points, ObjectiveVector(objectives, 9.0)) ==
            by_counting_cells(points, 9, objectives));
    }
  }
}

TEST_CASE("the order of the points does not change a bit of the hypervolume") {
  auto points = random_points(200, 3, 1, 0);
  const ObjectiveVector reference(3, 10.0);
  const double forward = hypervolume(points, reference);
  std::reverse(points.begin(), points.end());
  CHECK(hypervolume(points, reference) == forward);
}

TEST_CASE("points on or beyond the reference contribute nothing") {
  const ObjectiveVector reference{4, 4};
  CHECK(hypervolume({}, reference) == 0);
  CHECK(hypervolume({{4, 0}, {0, 4}, {5, 1}}, reference) == 0);
  CHECK(hypervolume({{1, 2}, {4, 0}}, reference) == 6);
}

TEST_CASE("more than three objectives are refused") {
  CHECK_THROWS_WITH_AS(hypervolume({}, ObjectiveVector(4, 1.0)),
                       "hypervolume: 4 objectives; 1, 2 or 3 are accepted", InputError);
}

TEST_CASE("the knee is the point farthest from the line through the ends") {
  // Scaled to the unit square the points are (0,1), (0.1,0.4), (0.5,0.2), (1,0): the second is
  // 0.5/√2 from the line, the third 0.3/√2.
  CHECK(knee({{0, 100}, {1, 40}, {5, 20}, {10, 0}}) == 1);
  CHECK(knee({{10, 0}, {5, 20}, {1, 40}, {0, 100}}) == 2);
}

TEST_CASE("the knee of one point or of equal points is the first") {
  CHECK(knee({{3, 4}}) == 0);
  CHECK(knee({{3, 4}, {3, 4}}) == 0);
  CHECK_THROWS_WITH_AS(knee({}), "knee: the front is empty", InputError);
  CHECK_THROWS_WITH_AS(knee({{1, 2, 3}}), "knee: 3 objectives; 2 are accepted", InputError);
}

}  // namespace
}  // namespace edgefront
