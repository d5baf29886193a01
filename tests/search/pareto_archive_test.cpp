#include "search/pareto_archive.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "search/dominance.h"
#include "space/random.h"

namespace edgefront {
namespace {

Evaluation evaluation(std::int64_t index, std::vector<double> objectives, double violation = 0) {
  return {.index = index,
          .genotype = {},
          .objectives = std::move(objectives),
          .violation = violation,
          .reason = {}};
}

TEST_CASE("the archive holds what a comparison of all pairs leaves") {
  for (std::uint64_t stream = 0; stream < 20; ++stream) {
    RandomStream random(3, stream);
    const std::size_t goals = 1 + stream % 5;
    std::vector<Evaluation> all;
    ParetoArchive archive;
    for (int i = 0; i < 150; ++i) {
      const double violation = random.below(4) == 0 ? 0.5 : 0.0;
      std::vector<double> objectives;
      while (objectives.size() < goals) objectives.push_back(double(random.below(20)));
      all.push_back(evaluation(i, objectives, violation));
      if (random.below(10) == 0) {
        all.back().status = EvaluationStatus::kFailed;
        all.back().objectives.clear();
      }
      archive.insert(all.back());
    }
    std::vector<std::int64_t> expected, found;
    for (const Evaluation& a : all) {
      if (a.status == EvaluationStatus::kFailed || a.violation > 0) continue;
      const bool beaten = std::any_of(all.begin(), all.end(), [&](const Evaluation& b) {
        if (b.status == EvaluationStatus::kFailed || b.violation > 0) return false;
        return dominates(b.objectives, a.objectives) ||
               (b.objectives == a.objectives && b.index < a.index);
      });
      if (!beaten) expected.push_back(a.index);
    }
    for (const Evaluation& member : archive.front()) found.push_back(member.index);
    CHECK(std::is_permutation(found.begin(), found.end(), expected.begin(), expected.end()));
  }
}

TEST_CASE("inserting tells whether the evaluation entered, and its victims leave") {
  ParetoArchive archive;
  CHECK(archive.insert(evaluation(0, {2, 2})));
  CHECK_FALSE(archive.insert(evaluation(1, {2, 2})));
  CHECK_FALSE(archive.insert(evaluation(2, {3, 2})));
  CHECK(archive.insert(evaluation(3, {1, 3})));
  CHECK(archive.insert(evaluation(4, {2, 1})));
  CHECK_FALSE(archive.insert(evaluation(5, {0, 0}, 0.1)));
  const std::vector<Evaluation> front = archive.front();
  REQUIRE(front.size() == 2);
  CHECK(front[0].index == 3);
  CHECK(front[1].index == 4);
}

}  // namespace
}  // namespace edgefront
