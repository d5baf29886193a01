#include "search/pareto_local_search.h"

#include <doctest/doctest.h>

#include "space/error.h"
#include "tests/search/algorithm_checks.h"

namespace edgefront {
namespace {

std::unique_ptr<SearchAlgorithm> make(const Problem& problem, std::uint64_t seed) {
  return make_pareto_local_search(problem, {.seed = seed}, {});
}

TEST_CASE("with a ninth of the space Pareto local search comes within 1 % of the true front") {
  toy::check_finds_the_front(make, 0.99);
}

TEST_CASE("Pareto local search asks each network once, and a small space ends after its last") {
  toy::check_asks_each_network_once(make);
}

TEST_CASE(
    "Pareto local search asks the same again when it is told the same, in whatever portions") {
  toy::check_replays(make);
}

TEST_CASE("Pareto local search keeps to constraints and survives failures") {
  toy::check_respects_constraints(make);
}

TEST_CASE("Pareto local search serves several fronts at once") {
  toy::check_serves_several_fronts(make);
}

TEST_CASE("Pareto local search takes in answers that it did not ask for") {
  toy::check_takes_in_what_was_not_asked(make);
}

TEST_CASE("Pareto local search refuses options out of range by name") {
  const SearchSpace space = toy::tiny_space();
  const Problem problem = toy::problem(space);
  CHECK_THROWS_WITH_AS(make_pareto_local_search(problem, {.initial = 0}, {}),
                       "pareto_local_search: initial = 0; accepted: at least 1", InputError);
}

}  // namespace
}  // namespace edgefront
