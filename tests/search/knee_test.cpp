#include "search/knee.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "space/error.h"
#include "space/random.h"

namespace edgefront {
namespace {

using Indices = std::vector<int>;

TEST_CASE("the knee of two objectives is the point farthest from the line through the ends") {
  // Scaled to the unit square the points are (0,1), (0.1,0.4), (0.5,0.2), (1,0): the second is
  // 0.5/√2 from the line, the third 0.3/√2.
  CHECK(knee({{0, 100}, {1, 40}, {5, 20}, {10, 0}}) == 1);
  CHECK(knee({{10, 0}, {5, 20}, {1, 40}, {0, 100}}) == 2);
}

/// Signed distance of `p` from the plane through three points, positive on the origin's side.
double below_plane(const std::array<ObjectiveVector, 3>& at, const ObjectiveVector& p) {
  std::array<double, 3> u, v, n;
  for (int i = 0; i < 3; ++i) u[i] = at[1][i] - at[0][i], v[i] = at[2][i] - at[0][i];
  for (int i = 0; i < 3; ++i)
    n[i] = u[(i + 1) % 3] * v[(i + 2) % 3] - u[(i + 2) % 3] * v[(i + 1) % 3];
  double to_point = 0, to_origin = 0;
  for (int i = 0; i < 3; ++i) to_point += n[i] * (p[i] - at[0][i]), to_origin -= n[i] * at[0][i];
  return to_point / std::copysign(std::hypot(n[0], n[1], n[2]), to_origin);
}

TEST_CASE("the knee of three objectives is farthest from the plane through the corners") {
  RandomStream random(1, 2);
  for (int round = 0; round < 50; ++round) {
    // A front with its corners, of another scale and place in each objective.
    const ObjectiveVector low{5, -300, 0.01}, range{2, 1000, 0.002};
    std::array<ObjectiveVector, 3> corners{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
    std::vector<ObjectiveVector> scaled(corners.begin(), corners.end());
    for (int i = 0; i < 40; ++i) {
      scaled.push_back({random.uniform(), random.uniform(), random.uniform()});
    }
    std::vector<ObjectiveVector> front = scaled;
    for (ObjectiveVector& point : front) {
      for (int m = 0; m < 3; ++m) point[m] = low[m] + range[m] * point[m];
    }
    const int found = knee(front);
    for (const ObjectiveVector& point : scaled) {
      CHECK(below_plane(corners, scaled[found]) >= below_plane(corners, point) - 1e-12);
    }
  }
}

TEST_CASE("a front has a knee where the same member is best in two of three objectives") {
  // Energy goes with latency: the minimisers of the three objectives are two points, not a plane.
  const std::vector<ObjectiveVector> front{{9, 1, 10}, {4, 2, 20}, {3, 8, 80}, {1, 9, 90}};
  CHECK(knee(front) == 1);
  CHECK(knees(front, 1) == Indices{1});
}

TEST_CASE("the knee of one point or of equal points is the first") {
  CHECK(knee({{3, 4}}) == 0);
  CHECK(knee({{3, 4}, {3, 4}}) == 0);
  CHECK(knee({{3, 4, 1}, {3, 4, 1}}) == 0);
  CHECK(knees({{3, 4}, {3, 4}}, 2) == Indices{0});
  CHECK_THROWS_WITH_AS(knee({}), "knee: the front is empty", InputError);
  CHECK_THROWS_WITH_AS(knee({{1, 2, 3}, {1, 2}}),
                       "knee: a member has 2 objectives, the first has 3", InputError);
}

TEST_CASE("further knees are those whose absence costs most, by hand") {
  // Scaled A(0,1), B(.1,.4), C(.5,.2), D(1,0), w the weight of the first objective. Beside B the
  // integrals over w of what is gained are A .0071 (w > 6/7), C .0333 (w < 1/3), D .0615 (w <
  // 4/13); beside B and D they are A .0071 and C .0004.
  const std::vector<ObjectiveVector> front{{0, 100}, {1, 40}, {5, 20}, {10, 0}};
  CHECK(knees(front, 4) == Indices{1, 3, 0, 2});
  CHECK(knees(front, 2) == Indices{1, 3});
  CHECK(knees(front, 9).size() == 4);
}

TEST_CASE("what no weights prefer is no knee") {
  CHECK(knees({{0, 1}, {0.6, 0.6}, {1, 0}}, 3) == Indices{0, 2});
  // On a sphere every member loses to one of the ends.
  std::vector<ObjectiveVector> sphere{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  const double third = std::sqrt(1.0 / 3);
  sphere.push_back({third, third, third});
  Indices found = knees(sphere, 4);
  std::sort(found.begin(), found.end());
  CHECK(found == Indices{0, 1, 2});
}

TEST_CASE("members that are nearly equal do not take each other's place") {
  // Each of the first two is worth nothing beside the other; beside the whole front both would
  // come last.
  const std::vector<ObjectiveVector> front{
      {0.2, 0.2}, {0.2001, 0.1999}, {0, 1}, {1, 0}, {0.1, 0.55}};
  Indices found = knees(front, 3);
  CHECK(found[0] == 0);
  std::sort(found.begin(), found.end());
  CHECK(found == Indices{0, 2, 3});
}

}  // namespace
}  // namespace edgefront
