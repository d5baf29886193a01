#include "search/hypervolume.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>

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

TEST_CASE("the hypervolume agrees with inclusion and exclusion in 1 to 5 dimensions") {
  for (int objectives = 1; objectives <= 5; ++objectives) {
    const ObjectiveVector reference(objectives, 10.0);
    for (std::uint64_t stream = 0; stream < 30; ++stream) {
      const auto points = random_points(10, objectives, stream, 0);
      CHECK(hypervolume(points, reference) ==
            doctest::Approx(by_inclusion_exclusion(points, reference)).epsilon(1e-12));
    }
  }
}

TEST_CASE("with many equal coordinates the hypervolume is the number of dominated cells") {
  for (int objectives = 1; objectives <= 5; ++objectives) {
    const int size = objectives < 5 ? 9 : 5;
    for (std::uint64_t stream = 0; stream < 20; ++stream) {
      const auto points = random_points(30, objectives, stream, size);
      CHECK(hypervolume(points, ObjectiveVector(objectives, size)) ==
            by_counting_cells(points, size, objectives));
    }
  }
}

TEST_CASE("points that look alike beside a far one are told apart") {
  for (int objectives = 2; objectives <= 5; ++objectives) {
    const ObjectiveVector reference(objectives, 10.0);
    for (std::uint64_t stream = 0; stream < 12; ++stream) {
      auto points = random_points(9, objectives, stream, stream % 2 == 0 ? 0 : 10);
      for (int m = 0; m < objectives; ++m) {
        ObjectiveVector far(objectives, 10 - 1e-6 * (m + 1));
        far[m] = -1e9;
        points.push_back(far);
      }
      CHECK(hypervolume(points, reference) ==
            doctest::Approx(by_inclusion_exclusion(points, reference)).epsilon(1e-9));
      const double whole = hypervolume(points, reference);
      const std::vector<double> contributions = hypervolume_contributions(points, reference);
      for (std::size_t i = 0; i < points.size(); ++i) {
        auto others = points;
        others.erase(others.begin() + std::ptrdiff_t(i));
        CHECK(contributions[i] ==
              doctest::Approx(whole - hypervolume(others, reference)).epsilon(1e-9).scale(1e4));
      }
    }
  }
}

TEST_CASE("large sets have the hypervolume of their front, however many are dominated") {
  for (int objectives = 2; objectives <= 5; ++objectives) {
    const ObjectiveVector reference(objectives, 10.0);
    const auto points = random_points(300, objectives, 5, 0);
    std::vector<ObjectiveVector> front;
    for (const ObjectiveVector& point : points) {
      if (std::none_of(points.begin(), points.end(),
                       [&](const ObjectiveVector& other) { return dominates(other, point); })) {
        front.push_back(point);
      }
    }
    CHECK(hypervolume(front, reference) ==
          doctest::Approx(hypervolume(points, reference)).epsilon(1e-12));
  }
}

TEST_CASE("a contribution is what the set loses without the point") {
  for (int objectives = 1; objectives <= 5; ++objectives) {
    const int size = objectives < 5 ? 7 : 5;
    const ObjectiveVector reference(objectives, size);
    for (std::uint64_t stream = 0; stream < 6; ++stream) {
      // Few levels: equal points, dominated ones and some on the reference.
      auto points = random_points(stream % 2 == 0 ? 12 : 30, objectives, stream, size + 1);
      const std::vector<double> contributions = hypervolume_contributions(points, reference);
      REQUIRE(contributions.size() == points.size());
      const int whole = int(by_counting_cells(points, size, objectives));
      const std::vector<double> flat = flatten(points, reference.size());
      for (std::size_t i = 0; i < points.size(); ++i) {
        auto others = points;
        others.erase(others.begin() + std::ptrdiff_t(i));
        CHECK(contributions[i] == whole - by_counting_cells(others, size, objectives));
        CHECK(hypervolume_contribution(FlatPoints(flat, reference.size()), int(i), reference) ==
              contributions[i]);
      }
      CHECK(least_contributor(FlatPoints(flat, reference.size()), reference) ==
            std::min_element(contributions.begin(), contributions.end()) - contributions.begin());
    }
  }
}

TEST_CASE("in the plane a contribution is the rectangle between the neighbours") {
  const std::vector<double> found =
      hypervolume_contributions({{1, 5}, {2, 3}, {4, 2}, {5, 4}}, ObjectiveVector{6, 6});
  CHECK(found == std::vector<double>{1, 4, 2, 0});
}

TEST_CASE("the estimate is as near to the truth as it says") {
  for (int objectives = 2; objectives <= 5; ++objectives) {
    const ObjectiveVector reference(objectives, 10.0);
    int outside = 0;
    for (std::uint64_t stream = 0; stream < 40; ++stream) {
      const std::vector<double> flat =
          flatten(random_points(8, objectives, stream, 0), reference.size());
      const FlatPoints points(flat, reference.size());
      const auto estimate = estimate_hypervolume(
          points, reference, {.samples = 2000, .confidence = 0.9, .seed = stream});
      outside += std::abs(estimate.value - hypervolume(points, reference)) > estimate.error;
    }
    CHECK(outside <= 4);  // of 40 at 90 %
  }
}

TEST_CASE("the estimate of a box is the box, in any dimension, with Hoeffding's error") {
  const std::vector<double> point(8, 1.0), reference(8, 3.0);
  const auto estimate = estimate_hypervolume(FlatPoints(point, 8), reference,
                                             {.samples = 5000, .confidence = 0.95, .seed = 1});
  CHECK(estimate.value == 256);
  CHECK(estimate.error == doctest::Approx(256 * 0.019206).epsilon(1e-3));
  CHECK_THROWS_AS(estimate_hypervolume(FlatPoints(point, 8), reference, {.samples = 0}),
                  InputError);
}

TEST_CASE("the order of the points does not change a bit of the hypervolume") {
  for (int objectives = 2; objectives <= 5; ++objectives) {
    auto points = random_points(150, objectives, 1, 0);
    const ObjectiveVector reference(objectives, 10.0);
    const double forward = hypervolume(points, reference);
    std::reverse(points.begin(), points.end());
    CHECK(hypervolume(points, reference) == forward);
  }
}

TEST_CASE("points on or beyond the reference contribute nothing") {
  const ObjectiveVector reference{4, 4};
  CHECK(hypervolume({}, reference) == 0);
  CHECK(hypervolume({{4, 0}, {0, 4}, {5, 1}}, reference) == 0);
  CHECK(hypervolume({{1, 2}, {4, 0}}, reference) == 6);
}

TEST_CASE("more than five objectives are refused") {
  CHECK_THROWS_WITH_AS(hypervolume({}, ObjectiveVector(6, 1.0)),
                       "hypervolume: 6 objectives; 1 to 5 are accepted (estimate_hypervolume takes "
                       "more)",
                       InputError);
}

}  // namespace
}  // namespace edgefront
