#include "search/sms_emoa.h"

#include <doctest/doctest.h>

#include "space/error.h"
#include "tests/search/algorithm_checks.h"

namespace edgefront {
namespace {

std::unique_ptr<SearchAlgorithm> make(const Problem& problem, std::uint64_t seed) {
  return make_sms_emoa(problem, {.seed = seed}, {});
}

TEST_CASE("with a ninth of the space SMS-EMOA comes within 1 % of the true front") {
  toy::check_finds_the_front(make, 0.99);
}

TEST_CASE("SMS-EMOA asks each network once, and a small space ends after its last") {
  toy::check_asks_each_network_once(make);
}

TEST_CASE("SMS-EMOA asks the same again when it is told the same, in whatever portions") {
  toy::check_replays(make);
}

TEST_CASE("SMS-EMOA keeps to constraints and survives failures") {
  toy::check_respects_constraints(make);
}

TEST_CASE("SMS-EMOA serves several fronts at once") { toy::check_serves_several_fronts(make); }

TEST_CASE("SMS-EMOA takes in answers that it did not ask for") {
  toy::check_takes_in_what_was_not_asked(make);
}

TEST_CASE("SMS-EMOA refuses options out of range by name") {
  const SearchSpace space = toy::tiny_space();
  const Problem problem = toy::problem(space);
  CHECK_THROWS_WITH_AS(make_sms_emoa(problem, {.population = 3}, {}),
                       "sms_emoa: population = 3; accepted: at least 4", InputError);
  Problem six = problem;
  six.objectives.resize(6);
  CHECK_THROWS_WITH_AS(make_sms_emoa(six, {}, {}),
                       "sms_emoa: 6 objectives; accepted: up to 5 (nsga3 takes more)", InputError);
}

}  // namespace
}  // namespace edgefront
