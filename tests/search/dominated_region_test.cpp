#include "search/dominated_region.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "search/pareto_archive.h"
#include "space/random.h"

namespace edgefront {
namespace {

bool covered_by_list(const std::vector<ObjectiveVector>& points, const ObjectiveVector& point) {
  return std::any_of(points.begin(), points.end(), [&](const ObjectiveVector& other) {
    return std::equal(other.begin(), other.end(), point.begin(), std::less_equal<double>());
  });
}

/// Point i of 600 in ways that strain a tree: at random, on few levels, along a line of the front,
/// with one objective that never changes, and ever better.
ObjectiveVector point_of(int way, int i, int objectives, RandomStream& random) {
  ObjectiveVector point;
  for (int k = 0; k < objectives; ++k) point.push_back(random.uniform());
  if (way == 1) {
    for (double& value : point) value = double(int(6 * value));
  } else if (way == 2) {
    point[0] = i;
    for (int k = 1; k < objectives; ++k) point[k] = -i - (i % 7 == 0 ? 0.5 : 0);
  } else if (way == 3) {
    point[objectives - 1] = 1;
  } else if (way == 4) {
    for (double& value : point) value -= 0.01 * i;
  }
  return point;
}

TEST_CASE("the region covers what some point of a list is nowhere above") {
  for (int objectives = 1; objectives <= 5; ++objectives) {
    for (int way = 0; way < 5; ++way) {
      RandomStream random(5, std::uint64_t(way));
      DominatedRegion region{std::size_t(objectives)};
      std::vector<ObjectiveVector> entered;
      int differences = 0;
      for (int i = 0; i < 600; ++i) {
        const ObjectiveVector point = point_of(way, i, objectives, random);
        const bool covered = region.covers(point);
        differences += covered != covered_by_list(entered, point);
        if (covered) continue;
        region.insert(point);
        entered.push_back(point);
      }
      CAPTURE(objectives);
      CAPTURE(way);
      CHECK(differences == 0);
    }
  }
}

TEST_CASE("non-dominated points are those of the definition, the first of equal ones") {
  for (int objectives = 1; objectives <= 5; ++objectives) {
    RandomStream random(6, std::uint64_t(objectives));
    std::vector<ObjectiveVector> points;
    for (int i = 0; i < 300; ++i) points.push_back(point_of(i % 2, i, objectives, random));
    std::vector<int> expected;
    for (int i = 0; i < 300; ++i) {
      bool beaten = false;
      for (int j = 0; j < 300; ++j) {
        beaten = beaten || dominates(points[j], points[i]) || (j < i && points[j] == points[i]);
      }
      if (!beaten) expected.push_back(i);
    }
    const std::vector<double> flat = flatten(points, std::size_t(objectives));
    CHECK(non_dominated(FlatPoints(flat, std::size_t(objectives))) == expected);
  }
}

TEST_CASE("an archive that threw dominated evaluations away many times holds the front") {
  for (int objectives = 2; objectives <= 4; ++objectives) {
    RandomStream random(8, std::uint64_t(objectives));
    ParetoArchive archive;
    std::vector<ObjectiveVector> all;
    for (int i = 0; i < 900; ++i) {
      all.push_back(point_of(i % 3 == 0 ? 4 : 0, i / 9, objectives, random));
      const bool covered = covered_by_list({all.begin(), all.end() - 1}, all.back());
      const bool entered =
          archive.insert({.index = i, .genotype = {}, .objectives = all.back(), .reason = {}});
      if (entered == covered) FAIL("a covered point entered or an open one did not");
    }
    const std::vector<double> flat = flatten(all, std::size_t(objectives));
    std::vector<int> found;
    for (const Evaluation& member : archive.front()) found.push_back(int(member.index));
    std::sort(found.begin(), found.end());
    CHECK(found == non_dominated(FlatPoints(flat, std::size_t(objectives))));
  }
}

}  // namespace
}  // namespace edgefront
