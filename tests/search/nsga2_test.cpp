#include "search/nsga2.h"

#include <doctest/doctest.h>

#include "space/error.h"
#include "space/random.h"
#include "tests/search/algorithm_checks.h"

namespace edgefront {
namespace {

using toy::genotypes;

std::unique_ptr<SearchAlgorithm> make(const Problem& problem, std::uint64_t seed) {
  return make_nsga2(problem, {.seed = seed}, {});
}

TEST_CASE("with a ninth of the space NSGA-II comes within 1 % of the true front") {
  toy::check_finds_the_front(make, 0.99);
}

TEST_CASE("NSGA-II asks each network once, and a small space ends after its last") {
  toy::check_asks_each_network_once(make);
}

TEST_CASE("NSGA-II asks the same again when it is told the same, in whatever portions") {
  toy::check_replays(make);
}

TEST_CASE("NSGA-II keeps to constraints and survives failures") {
  toy::check_respects_constraints(make);
}

TEST_CASE("NSGA-II serves several fronts at once") { toy::check_serves_several_fronts(make); }

TEST_CASE("NSGA-II takes in answers that it did not ask for") {
  toy::check_takes_in_what_was_not_asked(make);
}

TEST_CASE("included networks are asked first, once each, and count as the first generation") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const Genotype small = space.references.at("small");
  RandomStream random(1, 1);
  const Genotype other = sample_uniform(space, random);
  const auto algorithm = make_nsga2(problem, {.population = 4, .seed = 5}, {small, other, small});
  const auto asked = algorithm->ask(20);
  REQUIRE(asked.size() == 20);
  CHECK(asked[0].genotype == small);
  CHECK(asked[1].genotype == other);
  CHECK(asked[2].genotype != small);
  for (std::size_t i = 0; i < asked.size(); ++i) CHECK(asked[i].index == std::int64_t(i));
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
  CHECK_THROWS_AS(make_nsga2(problem, {.variation = {.crossover_probability = 2}}, {}), InputError);
}

}  // namespace
}  // namespace edgefront
