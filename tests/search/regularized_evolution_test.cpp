#include "search/regularized_evolution.h"

#include <doctest/doctest.h>

#include "space/error.h"
#include "tests/search/algorithm_checks.h"

namespace edgefront {
namespace {

std::unique_ptr<SearchAlgorithm> make(const Problem& problem, std::uint64_t seed) {
  return make_regularized_evolution(problem, {.seed = seed}, {});
}

TEST_CASE("with a ninth of the space ageing evolution comes within 4 % of the true front") {
  toy::check_finds_the_front(make, 0.96);
}

TEST_CASE("ageing evolution asks each network once, and a small space ends after its last") {
  toy::check_asks_each_network_once(make);
}

TEST_CASE("ageing evolution asks the same again when it is told the same, in whatever portions") {
  toy::check_replays(make);
}

TEST_CASE("ageing evolution keeps to constraints and survives failures") {
  toy::check_respects_constraints(make);
}

TEST_CASE("ageing evolution serves several fronts at once") {
  toy::check_serves_several_fronts(make);
}

TEST_CASE("ageing evolution takes in answers that it did not ask for") {
  toy::check_takes_in_what_was_not_asked(make);
}

TEST_CASE("ageing evolution refuses options out of range by name") {
  const SearchSpace space = toy::tiny_space();
  const Problem problem = toy::problem(space);
  CHECK_THROWS_WITH_AS(make_regularized_evolution(problem, {.population = 3}, {}),
                       "regularized_evolution: population = 3; accepted: at least 4", InputError);
  CHECK_THROWS_AS(make_regularized_evolution(problem, {.sample = -1}, {}), InputError);
}

}  // namespace
}  // namespace edgefront
