#include "search/promotion.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "search/hypervolume.h"
#include "search/nsga2.h"
#include "search/random_search.h"
#include "search/replication.h"
#include "space/error.h"
#include "tests/search/noisy_toy.h"

namespace edgefront {
namespace {

const ObjectiveVector kReference{60, 200};

Problem with_fidelities(const SearchSpace& space, int fidelities) {
  Problem problem = toy::problem(space);
  problem.fidelities = fidelities;
  return problem;
}

/// The lower the fidelity, the larger and the more blurred the error: as a shorter training.
toy::Answer blurred(const SearchSpace& space, int top) {
  return [&space, top](const Candidate& candidate) {
    const int missing = top - candidate.fidelity;
    Evaluation answer = toy::noisy_answer(space, candidate, 0.4 * missing, 5);
    answer.objectives[0] = answer.objectives[0] * (1 + 0.5 * missing) + 10 * missing;
    return answer;
  };
}

std::unique_ptr<SearchAlgorithm> random_inner(const Problem& problem, std::uint64_t seed) {
  return make_random_search(problem, {.seed = seed}, {});
}

double top_volume(const toy::Trace& trace, int top) {
  std::vector<ObjectiveVector> points;
  for (const Evaluation& evaluation : trace.told) {
    if (evaluation.fidelity == top) points.push_back(evaluation.objectives);
  }
  return hypervolume(points, kReference);
}

std::map<int, int> per_fidelity(const toy::Trace& trace) {
  std::map<int, int> count;
  for (const Evaluation& evaluation : trace.told) ++count[evaluation.fidelity];
  return count;
}

TEST_CASE("promotion finds the same front with a fraction of the evaluations that are dear") {
  const SearchSpace space = toy::space();
  const Problem plain = toy::problem(space), problem = with_fidelities(space, 2);
  double every = 0, promoted = 0;
  int dear = 0;
  constexpr int kSeeds = 8, kNetworks = 300;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const toy::Trace all = toy::run(*random_inner(plain, seed), kNetworks, 6, blurred(space, 0));
    const auto algorithm = make_promotion(random_inner(problem, seed), problem, {.eta = 4});
    const toy::Trace some = toy::run(*algorithm, kNetworks + kNetworks / 4, 6, blurred(space, 1));
    every += top_volume(all, 0) / kSeeds;
    promoted += top_volume(some, 1) / kSeeds;
    dear += per_fidelity(some)[1];
  }
  CHECK(dear < kSeeds * kNetworks / 3);
  CHECK(promoted > 0.995 * every);
}

TEST_CASE("each fidelity answers about one in eta of the one below, and never skips one") {
  const SearchSpace space = toy::space();
  const Problem problem = with_fidelities(space, 3);
  const auto algorithm = make_promotion(random_inner(problem, 1), problem, {.eta = 3});
  const toy::Trace trace = toy::run(*algorithm, 400, 5, blurred(space, 2));
  std::map<Genotype, int> highest;
  for (std::size_t i = 0; i < trace.asked.size(); ++i) {
    const Candidate& candidate = trace.asked[i];
    CHECK(candidate.index == std::int64_t(i));
    const auto known = highest.find(candidate.genotype);
    CHECK(candidate.fidelity == (known == highest.end() ? 0 : known->second + 1));
    highest[candidate.genotype] = candidate.fidelity;
  }
  std::map<int, int> count = per_fidelity(trace);
  // Who was among the best of few may fall behind later, so somewhat more than one in eta.
  CHECK(count[1] >= count[0] / 3 - 5);
  CHECK(count[1] <= count[0] / 2);
  CHECK(count[2] >= count[1] / 3 - 5);
  CHECK(count[2] <= count[1] / 2);
}

TEST_CASE("the best of a front are whole fronts, then those that cover most") {
  // Ranks: {0, 1, 2, 3}, then {4}; of the first, 1 and 2 nearly coincide.
  const std::vector<ObjectiveVector> points{{0, 10}, {4, 5.1}, {4.1, 5}, {10, 0}, {10, 10}};
  CHECK(best_of_front(points, {}, 0).empty());
  CHECK(best_of_front(points, {}, 5) == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(best_of_front(points, {}, 4) == std::vector<int>{0, 1, 2, 3});
  const std::vector<int> three = best_of_front(points, {}, 3);
  CHECK(three.size() == 3);
  CHECK(three[0] == 0);
  CHECK(three[2] == 3);
  const std::vector<double> violations{0, 0, 0, 1, 0};
  CHECK(best_of_front(points, violations, 4) == std::vector<int>{0, 1, 2, 4});
}

TEST_CASE("six objectives are thinned by crowding") {
  std::vector<ObjectiveVector> points;
  for (int i = 0; i < 6; ++i) {
    ObjectiveVector point(6, 1.0);
    point[i] = 0;
    points.push_back(point);
  }
  CHECK(best_of_front(points, {}, 4).size() == 4);
}

TEST_CASE("an affine function is recovered, and one that misleads is flat") {
  const std::vector<double> x{1, 2, 4, 8}, y{5, 7, 11, 19}, falling{4, 3, 2, 1};
  CHECK(fit_line(x, y)(10) == doctest::Approx(23));
  CHECK(fit_line(x, falling)(100) == doctest::Approx(2.5));
  CHECK(fit_line(std::vector<double>{3, 3}, std::vector<double>{1, 2})(7) ==
        doctest::Approx(1.5));
}

/// Keeps what it is told last of each network.
class Listener final : public SearchAlgorithm {
 public:
  explicit Listener(const Problem& problem) : random_(random_inner(problem, 2)) {}
  std::vector<Candidate> ask(int count) override { return random_->ask(count); }
  void tell(const std::vector<Evaluation>& evaluations) override {
    for (const Evaluation& evaluation : evaluations) {
      told[evaluation.genotype] = evaluation.objectives;
      index[evaluation.genotype].insert(evaluation.index);
    }
    random_->tell(evaluations);
  }
  std::string version() const override { return "listener@1"; }
  std::map<Genotype, ObjectiveVector> told;
  std::map<Genotype, std::set<std::int64_t>> index;

 private:
  std::unique_ptr<SearchAlgorithm> random_;
};

TEST_CASE("the inner algorithm is told values of the highest fidelity, or estimates of them") {
  const SearchSpace space = toy::space();
  const Problem problem = with_fidelities(space, 2);
  auto owned = std::make_unique<Listener>(problem);
  const Listener& inner = *owned;
  const auto algorithm = make_promotion(std::move(owned), problem, {.eta = 3});
  // The low fidelity is an exact affine function of the high one.
  const auto answer = [&](const Candidate& candidate) {
    Evaluation told = toy::answer(space, candidate);
    told.fidelity = candidate.fidelity;
    if (candidate.fidelity == 0) told.objectives[0] = 7 * told.objectives[0] - 300;
    return told;
  };
  const toy::Trace trace = toy::run(*algorithm, 60, 4, answer);
  REQUIRE(per_fidelity(trace)[1] >= 10);
  std::set<std::int64_t> indices;
  for (const auto& [genotype, objectives] : inner.told) {
    CHECK(objectives[0] == doctest::Approx(toy::objectives(space, genotype)[0]).epsilon(1e-9));
    CHECK(objectives[1] == toy::objectives(space, genotype)[1]);
    REQUIRE(inner.index.at(genotype).size() == 1);  // always under the same index of its own
    indices.insert(*inner.index.at(genotype).begin());
  }
  CHECK(*indices.rbegin() + 1 == std::int64_t(indices.size()));
}

TEST_CASE("a network that fails at a higher fidelity is not asked again") {
  const SearchSpace space = toy::space();
  const Problem problem = with_fidelities(space, 2);
  const auto algorithm = make_promotion(random_inner(problem, 3), problem, {.eta = 2});
  const toy::Trace trace = toy::run(*algorithm, 90, 3, [&](const Candidate& candidate) {
    Evaluation told = toy::noisy_answer(space, candidate, 0, 1);
    if (candidate.index % 3 == 0) {
      told.status = EvaluationStatus::kFailed;
      told.objectives.clear();
    }
    return told;
  });
  std::set<std::pair<Genotype, int>> asked;
  for (const Candidate& candidate : trace.asked) {
    CHECK(asked.insert({candidate.genotype, candidate.fidelity}).second);
  }
}

TEST_CASE("when the space ends, all of it reaches the highest fidelity") {
  const SearchSpace space = toy::tiny_space();
  const Problem problem = with_fidelities(space, 3);
  const auto algorithm = make_promotion(random_inner(problem, 4), problem, {.eta = 3});
  const toy::Trace trace = toy::run(*algorithm, 100, 2, blurred(space, 2));
  CHECK(per_fidelity(trace) == std::map<int, int>{{0, 6}, {1, 6}, {2, 6}});
}

TEST_CASE("a replay asks the same, and asking for many is asking many times") {
  const SearchSpace space = toy::space();
  Problem problem = with_fidelities(space, 3);
  problem.objectives[0].noise = 0.3;
  const auto answer = blurred(space, 2);
  const auto make = [&](bool replicates) {
    auto algorithm =
        make_promotion(make_nsga2(problem, {.population = 10, .seed = 6}, {}), problem, {.eta = 3});
    if (!replicates) return algorithm;
    return make_replication(std::move(algorithm), problem, {.share = 0.2});
  };
  for (const bool replicates : {false, true}) {
    const toy::Trace whole = toy::run(*make(replicates), 150, 7, answer);
    for (const std::size_t until : {0u, 7u, 30u, 101u, 157u}) {
      const toy::Trace again = toy::replay(*make(replicates), whole, 7, until, answer);
      CHECK(toy::same_asks(again.asked, whole.asked));
    }
    const auto one = make(replicates), many = make(replicates);
    toy::run(*one, 80, 5, answer);
    toy::run(*many, 80, 5, answer);
    std::vector<Candidate> singles;
    for (int i = 0; i < 9; ++i) singles.push_back(one->ask(1)[0]);
    CHECK(toy::same_asks(singles, many->ask(9)));
  }
}

TEST_CASE("replicates of a search with fidelities are of the highest one") {
  const SearchSpace space = toy::space();
  Problem problem = with_fidelities(space, 2);
  problem.objectives[0].noise = 0.5;
  const auto algorithm = make_replication(
      make_promotion(random_inner(problem, 5), problem, {.eta = 3}), problem, {.share = 0.2});
  const toy::Trace trace = toy::run(*algorithm, 200, 4, [&](const Candidate& candidate) {
    return toy::noisy_answer(space, candidate, 0.5, 9);
  });
  int repeated = 0;
  for (const Candidate& candidate : trace.asked) {
    if (candidate.replicate == 0) continue;
    CHECK(candidate.fidelity == 1);
    ++repeated;
  }
  CHECK(repeated >= 20);
}

TEST_CASE("options that make no sense are refused by name") {
  const SearchSpace space = toy::tiny_space();
  const Problem one = with_fidelities(space, 1), two = with_fidelities(space, 2);
  CHECK_THROWS_WITH_AS(make_promotion(random_inner(one, 1), one, {}),
                       "promotion: fidelities = 1; accepted: at least 2", InputError);
  CHECK_THROWS_AS(make_promotion(random_inner(two, 1), two, {.eta = 1}), InputError);
}

}  // namespace
}  // namespace edgefront
