#include "search/reference_directions.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

namespace edgefront {
namespace {

TEST_CASE("lattices have the sizes of Deb and Jain's table, and their points sum to one") {
  // Deb & Jain 2014, table I: 91 points for 3 objectives (12 divisions), 210 for 5 (6), 156 for 8
  // (3 outside, 2 inside), 275 for 10 (3, 2).
  CHECK(lattice_divisions(3, 91) == 12);
  CHECK(lattice_divisions(3, 90) == 11);
  CHECK(lattice_divisions(5, 210) == 6);
  CHECK(reference_directions(3, 91).size() == 91);
  CHECK(reference_directions(5, 210).size() == 210);
  CHECK(reference_directions(8, 156).size() == 156);
  CHECK(reference_directions(10, 275).size() == 275);
  CHECK(reference_directions(2, 12).size() == 12);
  for (const int objectives : {2, 3, 5, 8}) {
    const auto directions = reference_directions(objectives, 100);
    CHECK(directions.size() <= 100);
    CHECK(std::set<ObjectiveVector>(directions.begin(), directions.end()).size() ==
          directions.size());
    for (const ObjectiveVector& direction : directions) {
      double sum = 0;
      for (const double part : direction) {
        CHECK(part >= 0);
        sum += part;
      }
      CHECK(sum == doctest::Approx(1));
    }
  }
}

TEST_CASE("one of a crowd survives for each direction, whatever the units") {
  // A quarter circle of eleven points, one on each direction, and a crowd around the middle one.
  for (const double unit : {1.0, 1e6}) {
    std::vector<ObjectiveVector> points;
    const auto directions = reference_directions(2, 11);
    REQUIRE(directions.size() == 11);
    for (const ObjectiveVector& d : directions) {
      const double length = std::sqrt(d[0] * d[0] + d[1] * d[1]);
      points.push_back({d[0] / length, unit * d[1] / length});
    }
    for (int i = 1; i <= 20; ++i) {
      const double a = 0.785398 + 0.0005 * (i - 10.5);
      points.push_back({std::cos(a), unit * std::sin(a)});
    }
    const std::vector<double> violations(points.size(), 0.0);
    NichingMemory memory;
    RandomStream random(1, 1);
    const auto chosen = select_by_directions(points, violations, directions, 11, memory, random);
    CHECK(chosen.size() == 11);
    int of_the_crowd = 0;
    for (const int i : chosen) of_the_crowd += i >= 11;
    CHECK(of_the_crowd <= 1);  // it may stand in for the point in the middle
    CHECK(memory.ideal[0] == 0);
  }
}

TEST_CASE("feasible points come first, then the smaller violations") {
  const std::vector<ObjectiveVector> points{{9, 9}, {1, 1}, {2, 2}, {3, 3}};
  const std::vector<double> violations{0, 0.3, 0.2, 0.1};
  NichingMemory memory;
  RandomStream random(1, 1);
  CHECK(select_by_directions(points, violations, reference_directions(2, 4), 3, memory, random) ==
        std::vector<int>{0, 3, 2});
}

}  // namespace
}  // namespace edgefront
