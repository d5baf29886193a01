#include "search/indicators.h"

#include <doctest/doctest.h>

#include <cmath>

namespace edgefront {
namespace {

TEST_CASE("the nadir is that of the front: dominated points do not widen it") {
  const std::vector<double> values{1, 8, 2, 4, 6, 3, 7, 9};
  const FlatPoints points(values, 2);
  CHECK(ideal_point(points) == ObjectiveVector{1, 3});
  CHECK(nadir_point(points) == ObjectiveVector{6, 8});
  const std::vector<double> best{5, 5, 2, 3, 4, 6};
  CHECK(nadir_point(FlatPoints(best, 2)) == ideal_point(FlatPoints(best, 2)));
}

TEST_CASE("the reference lies beyond the nadir by a share of the range, also where there is none") {
  CHECK(reference_beyond({1, 3, 2}, {5, 7, 2}, 0.25) == ObjectiveVector{6, 8, 2.25});
}

TEST_CASE("IGD+ counts only the objectives in which the nearest point is worse") {
  const std::vector<double> target{0, 4, 4, 0};
  // To (0, 4): (3, 1) is 3 behind, (1, 6) is √5. To (4, 0): (3, 1) is 1 behind.
  const std::vector<double> points{3, 1, 1, 6};
  CHECK(igd_plus(FlatPoints(points, 2), FlatPoints(target, 2)) ==
        doctest::Approx((std::sqrt(5.0) + 1) / 2));
  const std::vector<double> better{0, 4, 3, -1};
  CHECK(igd_plus(FlatPoints(better, 2), FlatPoints(target, 2)) == 0);
}

TEST_CASE("scaling puts the ideal at 0 and the nadir at 1 where they differ") {
  const std::vector<double> values{2, 10, 7, 4, 30, 7.5};
  CHECK(scaled(FlatPoints(values, 3), {2, 10, 7}, {6, 20, 7}) ==
        std::vector<double>{0, 0, 0, 0.5, 2, 0.5});
}

}  // namespace
}  // namespace edgefront
