#include "search/epsilon_archive.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/dominance.h"
#include "space/error.h"
#include "space/random.h"

namespace edgefront {
namespace {

Evaluation evaluation(std::int64_t index, std::vector<double> objectives) {
  return {.index = index, .genotype = {}, .objectives = std::move(objectives), .reason = {}};
}

TEST_CASE("every point told is within epsilon of a member, and no member dominates another") {
  for (int objectives = 2; objectives <= 4; ++objectives) {
    RandomStream random(4, std::uint64_t(objectives));
    const std::vector<double> epsilon(std::size_t(objectives), 0.25);
    EpsilonArchive archive(epsilon);
    std::vector<ObjectiveVector> told;
    for (int i = 0; i < 400; ++i) {
      ObjectiveVector point;
      for (int k = 0; k < objectives; ++k) point.push_back(2 * random.uniform() - 1);
      archive.insert(evaluation(i, point));
      told.push_back(point);
    }
    const std::vector<Evaluation> front = archive.front();
    // Eight boxes a side, and no two that differ in one objective only.
    CHECK(front.size() <= std::size_t(std::pow(8, objectives - 1)));
    for (const ObjectiveVector& point : told) {
      CHECK(std::any_of(front.begin(), front.end(), [&](const Evaluation& member) {
        for (int k = 0; k < objectives; ++k) {
          if (member.objectives[k] > point[k] + epsilon[k]) return false;
        }
        return true;
      }));
    }
    for (const Evaluation& a : front) {
      for (const Evaluation& b : front) CHECK_FALSE(dominates(a.objectives, b.objectives));
    }
  }
}

TEST_CASE("a box keeps its member until a better one comes, and gives way to a better box") {
  EpsilonArchive archive({1, 1});
  CHECK(archive.insert(evaluation(0, {2.5, -1.5})));
  CHECK_FALSE(archive.insert(evaluation(1, {2.4, -1.4})));  // the same box, neither is better
  CHECK(archive.insert(evaluation(2, {2.4, -1.5})));
  CHECK_FALSE(archive.insert(evaluation(3, {3.5, -1.9})));  // a worse box
  CHECK(archive.insert(evaluation(4, {3.5, -2.1})));
  CHECK(archive.insert(evaluation(5, {2.1, -3})));  // better than both
  Evaluation infeasible = evaluation(6, {0, -9});
  infeasible.violation = 0.5;
  CHECK_FALSE(archive.insert(infeasible));
  REQUIRE(archive.front().size() == 1);
  CHECK(archive.front()[0].index == 5);
}

TEST_CASE("a box without extent is refused") {
  CHECK_THROWS_WITH_AS(EpsilonArchive({1, 0}),
                       "epsilon archive: epsilon = 0.000000; accepted: above 0, one per objective",
                       InputError);
  CHECK_THROWS_AS(EpsilonArchive({std::numeric_limits<double>::quiet_NaN()}), InputError);
}

}  // namespace
}  // namespace edgefront
