#include "search/random_search.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/search/algorithms_test.h"

namespace edgefront {
namespace {

TEST_CASE("random search asks every network of a space once and then nothing") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const auto algorithm = make_random_search(problem, {.seed = 2}, {});
  toy::Trace trace;
  toy::advance(*algorithm, space, 100000, trace);
  std::set<Genotype> asked;
  for (const Candidate& candidate : trace.asked) asked.insert(candidate.genotype);
  CHECK(trace.asked.size() == 3600);
  const auto all = toy::enumerate(space);
  CHECK(asked == std::set<Genotype>(all.begin(), all.end()));
}

TEST_CASE("the batch size changes nothing but the batches") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  toy::Trace one, many;
  toy::advance(*make_random_search(problem, {.seed = 9}, {}), space, 60, one, 1);
  toy::advance(*make_random_search(problem, {.seed = 9}, {}), space, 60, many, 20);
  REQUIRE(one.asked.size() == many.asked.size());
  for (std::size_t i = 0; i < one.asked.size(); ++i) {
    CHECK(one.asked[i].genotype == many.asked[i].genotype);
    CHECK(one.asked[i].index == std::int64_t(i));
  }
}

TEST_CASE("included networks come first") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const auto algorithm = make_random_search(problem, {}, {space.references.at("small")});
  CHECK(algorithm->ask(3)[0].genotype == space.references.at("small"));
}

}  // namespace
}  // namespace edgefront
