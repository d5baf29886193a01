#include "search/nsga2.h"

#include <doctest/doctest.h>

#include <set>

#include "search/hypervolume.h"
#include "search/random_search.h"
#include "space/error.h"
#include "space/random.h"
#include "tests/search/algorithms_test.h"

namespace edgefront {
namespace {

const ObjectiveVector kReference{60, 200};

double volume(const std::vector<Evaluation>& evaluations) {
  std::vector<ObjectiveVector> points;
  for (const Evaluation& evaluation : evaluations) points.push_back(evaluation.objectives);
  return hypervolume(points, kReference);
}

std::vector<Genotype> genotypes(const std::vector<Candidate>& candidates) {
  std::vector<Genotype> all;
  for (const Candidate& candidate : candidates) all.push_back(candidate.genotype);
  return all;
}

TEST_CASE("with a ninth of the space NSGA-II reaches the true front, and random search does not") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  std::vector<ObjectiveVector> everything;
  for (const Genotype& genotype : toy::enumerate(space)) {
    everything.push_back(toy::objectives(space, genotype));
  }
  REQUIRE(everything.size() == 3600);
  const double best = hypervolume(everything, kReference);
  double ours = 0, random = 0;
  constexpr int kSeeds = 5;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    toy::Trace a, b;
    const auto nsga2 = make_nsga2(problem, {.population = 20, .seed = seed}, {});
    toy::advance(*nsga2, space, 400, a);
    const auto uniform = make_random_search(problem, {.seed = seed}, {});
    toy::advance(*uniform, space, 400, b);
    ours += volume(a.told) / best / kSeeds;
    random += volume(b.told) / best / kSeeds;
  }
  CHECK(ours > 0.99);
  CHECK(ours <= 1.0);
  CHECK(1 - ours < 0.5 * (1 - random));
}

TEST_CASE("no network is asked twice, and a small space ends after its last network") {
  const SearchSpace space = toy::tiny_space();
  const Problem problem = toy::problem(space);
  const std::size_t all = toy::enumerate(space).size();
  REQUIRE(all == 6);
  const auto algorithm = make_nsga2(problem, {.population = 4, .seed = 1}, {});
  toy::Trace trace;
  toy::advance(*algorithm, space, 100, trace, 4);
  const auto asked = genotypes(trace.asked);
  CHECK(std::set<Genotype>(asked.begin(), asked.end()).size() == all);
  CHECK(asked.size() == all);
  CHECK(algorithm->ask(4).empty());
}

TEST_CASE("a new algorithm that is told the same answers asks the same questions") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const Nsga2Options options{.population = 10, .seed = 3};
  toy::Trace whole;
  toy::advance(*make_nsga2(problem, options, {}), space, 120, whole, 4);
  for (std::size_t stop : {4u, 10u, 14u, 50u, 118u}) {
    toy::Trace first;
    toy::advance(*make_nsga2(problem, options, {}), space, stop, first, 4);
    // Replay: the asks are answered from the record, then the search goes on.
    const auto resumed = make_nsga2(problem, options, {});
    toy::Trace trace;
    while (trace.told.size() < first.told.size()) {
      const auto asked = resumed->ask(4);
      std::vector<Evaluation> told;
      for (const Candidate& candidate : asked) told.push_back(first.told[candidate.index]);
      resumed->tell(told);
      trace.asked.insert(trace.asked.end(), asked.begin(), asked.end());
      trace.told.insert(trace.told.end(), told.begin(), told.end());
    }
    toy::advance(*resumed, space, 120, trace, 4);
    CHECK(genotypes(trace.asked) == genotypes(whole.asked));
  }
}

TEST_CASE("a generation is asked in parts of in_flight, and its asks need none of its answers") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const auto ask_all = [&](int in_flight) {
    const auto algorithm = make_nsga2(problem, {.population = 12, .seed = 4}, {});
    std::vector<Candidate> all;
    while (all.size() < 12) {
      const auto part = algorithm->ask(in_flight);
      CHECK(int(part.size()) <= in_flight);
      all.insert(all.end(), part.begin(), part.end());
    }
    return genotypes(all);
  };
  CHECK(ask_all(5) == ask_all(12));
  CHECK(ask_all(1) == ask_all(100));
}

TEST_CASE("included networks are asked first, once each, and count as the first generation") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const Genotype small = space.references.at("small");
  RandomStream random(1, 1);
  const Genotype other = sample_uniform(space, random);
  const auto algorithm = make_nsga2(problem, {.population = 4, .seed = 5}, {small, other, small});
  const auto asked = algorithm->ask(20);
  REQUIRE(asked.size() == 4);
  CHECK(asked[0].genotype == small);
  CHECK(asked[1].genotype == other);
  CHECK(asked[2].genotype != small);
  for (std::size_t i = 0; i < asked.size(); ++i) CHECK(asked[i].index == std::int64_t(i));
}

TEST_CASE("answers that were not asked for are taken in, and indices go on behind them") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  toy::Trace old;
  toy::advance(*make_nsga2(problem, {.population = 20, .seed = 6}, {}), space, 200, old);
  const auto algorithm = make_nsga2(problem, {.population = 20, .seed = 7}, {});
  algorithm->tell(old.told);
  std::set<Genotype> known;
  for (const Evaluation& evaluation : old.told) known.insert(evaluation.genotype);
  for (const Candidate& candidate : algorithm->ask(20)) {
    CHECK(candidate.index >= 200);
    CHECK_FALSE(known.contains(candidate.genotype));
  }
}

TEST_CASE("failed candidates have no children and are not asked again") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const auto algorithm = make_nsga2(problem, {.population = 8, .seed = 8}, {});
  std::set<Genotype> asked;
  for (int generation = 0; generation < 30; ++generation) {
    const auto candidates = algorithm->ask(20);
    REQUIRE(candidates.size() == 8);
    std::vector<Evaluation> told;
    for (const Candidate& candidate : candidates) {
      CHECK(asked.insert(candidate.genotype).second);
      Evaluation evaluation = toy::answer(space, candidate);
      if (generation < 3 || candidate.index % 3 == 0) {
        evaluation.status = EvaluationStatus::kFailed;
        evaluation.objectives.clear();
      }
      told.push_back(evaluation);
    }
    algorithm->tell(told);
  }
}

TEST_CASE("better values of a network that was told before replace the old ones") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  // Nine of ten are told with wrong errors, then with the right ones, before the generation ends.
  const auto children = [&](bool correct_late) {
    const auto algorithm = make_nsga2(problem, {.population = 10, .seed = 9}, {});
    const auto first = algorithm->ask(10);
    std::vector<Evaluation> told = toy::answers(space, first);
    const std::vector<Evaluation> right = told;
    if (correct_late) {
      for (Evaluation& evaluation : told) evaluation.objectives[0] = 1;
      told.pop_back();
      algorithm->tell(told);
      algorithm->tell({right.begin(), right.end() - 1});
      algorithm->tell({right.back()});
    } else {
      algorithm->tell(right);
    }
    std::vector<Genotype> all = genotypes(algorithm->ask(10));
    Evaluation failed{.index = 3, .genotype = first[3].genotype, .objectives = {}, .reason = {}};
    failed.status = EvaluationStatus::kFailed;
    algorithm->tell({failed});
    return all;
  };
  CHECK(children(true) == children(false));
}

TEST_CASE("options out of range are refused by name") {
  const SearchSpace space = toy::tiny_space();
  const Problem problem = toy::problem(space);
  CHECK_THROWS_WITH_AS(make_nsga2(problem, {.population = 3}, {}),
                       "nsga2: population = 3; accepted: at least 4", InputError);
  CHECK_THROWS_AS(make_nsga2(problem, {.crossover_probability = 2}, {}), InputError);
}

}  // namespace
}  // namespace edgefront
