#include "search/nsga3.h"

#include <doctest/doctest.h>

#include "space/error.h"
#include "tests/search/algorithm_checks.h"

namespace edgefront {
namespace {

std::unique_ptr<SearchAlgorithm> make(const Problem& problem, std::uint64_t seed) {
  return make_nsga3(problem, {.seed = seed}, {});
}

TEST_CASE("with a ninth of the space NSGA-III comes within 2 % of the true front") {
  toy::check_finds_the_front(make, 0.98);
}

TEST_CASE("NSGA-III asks each network once, and a small space ends after its last") {
  toy::check_asks_each_network_once(make);
}

TEST_CASE("NSGA-III asks the same again when it is told the same, in whatever portions") {
  toy::check_replays(make);
}

TEST_CASE("NSGA-III keeps to constraints and survives failures") {
  toy::check_respects_constraints(make);
}

TEST_CASE("NSGA-III serves several fronts at once") { toy::check_serves_several_fronts(make); }

TEST_CASE("NSGA-III takes in answers that it did not ask for") {
  toy::check_takes_in_what_was_not_asked(make);
}

TEST_CASE("NSGA-III refuses options out of range by name") {
  const SearchSpace space = toy::tiny_space();
  const Problem problem = toy::problem(space);
  CHECK_THROWS_WITH_AS(
      make_nsga3(problem, {.population = 3}, {}),
      "nsga3: population = 3; accepted: at least 4, or 0 for one that fits the objectives",
      InputError);
  CHECK_THROWS_AS(make_nsga3(problem, {.offspring = -1}, {}), InputError);
}

}  // namespace
}  // namespace edgefront
