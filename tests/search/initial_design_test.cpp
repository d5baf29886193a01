#include "search/initial_design.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/search/toy_problem.h"

namespace edgefront {
namespace {

/// The toy problem with its cost computable and at most `limit`.
Problem limited(const SearchSpace& space, double limit) {
  Problem problem = toy::problem(space);
  problem.exact_costs = [&space, limit](const std::vector<Genotype>& genotypes) {
    std::vector<ExactCosts> costs;
    for (const Genotype& genotype : genotypes) {
      const double cost = toy::objectives(space, genotype)[1];
      costs.push_back({{cost}, {cost}, {cost}, std::max(0.0, cost / limit - 1)});
    }
    return costs;
  };
  return problem;
}

TEST_CASE("a design has both ends of the cost and one network in each stratum between") {
  const SearchSpace space = toy::space();
  const Problem problem = limited(space, 1e9);
  CandidatePool pool(problem, 1, 20'000, 100);
  REQUIRE(pool.whole());
  const std::vector<Genotype> design = stratified_design(pool.base(), 12);
  CHECK(std::set<Genotype>(design.begin(), design.end()).size() == 12);
  const std::vector<double> costs = toy::sorted_costs(space, design);
  const std::vector<double> all = toy::sorted_costs(space, toy::enumerate(space));
  CHECK(costs.front() == all.front());
  CHECK(costs.back() == all.back());
  // The k-th cheapest of the ten between lies in the k-th tenth, ends of equal costs included.
  for (std::size_t k = 0; k < 10; ++k) {
    CHECK(costs[k + 1] >= all[360 * k]);
    CHECK(costs[k + 1] <= all[360 * (k + 1) - 1]);
  }
}

TEST_CASE("a design is feasible where anything is, and takes all where that is little") {
  const SearchSpace space = toy::space();
  const std::vector<double> all = toy::sorted_costs(space, toy::enumerate(space));
  const Problem problem = limited(space, all[30]);
  CandidatePool pool(problem, 1, 20'000, 100);
  const std::vector<Genotype> design = stratified_design(pool.base(), 12);
  CHECK(design.size() == 12);
  CHECK(toy::sorted_costs(space, design).back() <= all[30]);
  const Problem tight = limited(space, all[0]);
  CandidatePool narrow(tight, 1, 20'000, 100);
  const auto feasible = static_cast<std::size_t>(std::count(all.begin(), all.end(), all[0]));
  CHECK(stratified_design(narrow.base(), 12).size() == feasible);
  const Problem impossible = limited(space, all[0] / 2);
  CandidatePool none(impossible, 1, 20'000, 100);
  CHECK(stratified_design(none.base(), 12).empty());
}

TEST_CASE("eight costs that rank networks alike have the design of one") {
  const SearchSpace space = toy::space();
  const Problem one = limited(space, 1e9);
  Problem eight = one;
  eight.exact_costs = [one](const std::vector<Genotype>& genotypes) {
    std::vector<ExactCosts> costs = one.exact_costs(genotypes);
    for (ExactCosts& c : costs) {
      for (int j = 1; j < 8; ++j) c.values.push_back((1 + j) * c.values[0]);
      c.low = c.high = c.values;
    }
    return costs;
  };
  CandidatePool of_one(one, 1, 20'000, 100), of_eight(eight, 1, 20'000, 100);
  CHECK(stratified_design(of_one.base(), 12) == stratified_design(of_eight.base(), 12));
}

TEST_CASE("the one feasible network of a space is found without an evaluation") {
  const SearchSpace space = toy::space();
  const std::vector<double> all = toy::sorted_costs(space, toy::enumerate(space));
  REQUIRE(std::count(all.begin(), all.end(), all[0]) == 1);
  const Problem problem = limited(space, all[0]);
  for (std::uint64_t seed = 0; seed < 2; ++seed) {
    CandidatePool pool(problem, seed, 0, 50);  // 50 of 3,600: not enumerated
    REQUIRE_FALSE(pool.whole());
    const std::vector<Genotype> found = least_violation(problem, pool, 10, 3'000, seed);
    REQUIRE(found.size() == 1);
    CHECK(toy::objectives(space, found[0])[1] == all[0]);
  }
}

TEST_CASE("the ends of the costs are found from a sample that has neither") {
  const SearchSpace space = toy::space();
  const std::vector<double> all = toy::sorted_costs(space, toy::enumerate(space));
  const Problem problem = limited(space, 1e9);
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    CandidatePool pool(problem, seed, 0, 20);
    const std::vector<double> costs =
        toy::sorted_costs(space, stretched_costs(problem, pool, seed));
    CHECK(costs.front() == all.front());
    CHECK(costs.back() == all.back());
  }
}

TEST_CASE("where nothing is feasible the search for it ends with the least violation") {
  const SearchSpace space = toy::space();
  const std::vector<double> all = toy::sorted_costs(space, toy::enumerate(space));
  const Problem problem = limited(space, all[0] / 2);
  CandidatePool pool(problem, 3, 0, 50);
  const std::vector<Genotype> found = least_violation(problem, pool, 10, 3'000, 3);
  REQUIRE(found.size() == 1);
  CHECK(toy::objectives(space, found[0])[1] == all[0]);
}

}  // namespace
}  // namespace edgefront
