#include "search/feasible_start.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>

#include "search/ehvi.h"
#include "search/nsga2.h"
#include "search/nsga3.h"
#include "search/pareto_local_search.h"
#include "search/regularized_evolution.h"
#include "search/sms_emoa.h"
#include "tests/search/algorithms_test.h"

namespace edgefront {
namespace {

using Make =
    std::function<std::unique_ptr<SearchAlgorithm>(const Problem& problem, std::uint64_t seed)>;

/// 216,000 networks: too many to look through.
SearchSpace large_space() {
  std::string text = R"(
name = "large"
classes = 4
[input]
resolution = 8
channels = 1
[stem]
width = 8
[head]
width = 0
)";
  for (int stage = 0; stage < 3; ++stage) {
    text +=
        "[[stages]]\ndepth = [1, 2]\nwidth = [8, 16, 24]\nkernel_size = [3, 5]\n"
        "expand_ratio = [1, 2]\n";
  }
  return parse_space(text, "large.toml");
}

/// The cost of every network, ascending. Costs of the toy problem add over stages, so that all are
/// known from the networks that differ from the first in one stage.
std::vector<double> all_costs(const SearchSpace& space) {
  const Genotype first = canonical(space, {std::vector<std::uint8_t>(space.decisions.size())});
  const double base = toy::objectives(space, first)[1];
  std::vector<double> costs{base};
  for (int stage = 1; stage <= 3; ++stage) {
    const std::string prefix = "stage" + std::to_string(stage) + ".";
    std::set<Genotype> variants{first};
    for (std::size_t d = 0; d < space.decisions.size(); ++d) {
      if (!space.decisions[d].name.starts_with(prefix)) continue;
      std::set<Genotype> grown;
      for (const Genotype& variant : variants) {
        for (std::size_t c = 0; c < space.decisions[d].choices.size(); ++c) {
          Genotype changed = variant;
          changed.choices[d] = static_cast<std::uint8_t>(c);
          grown.insert(std::move(changed));
        }
      }
      variants = std::move(grown);
    }
    std::set<Genotype> different;
    for (const Genotype& variant : variants) different.insert(canonical(space, variant));
    std::vector<double> sums;
    for (const Genotype& variant : different) {
      const double more = toy::objectives(space, variant)[1] - base;
      for (const double cost : costs) sums.push_back(cost + more);
    }
    costs = std::move(sums);
  }
  std::sort(costs.begin(), costs.end());
  return costs;
}

double violation(const SearchSpace& space, const Genotype& genotype, double limit) {
  return std::max(0.0, toy::objectives(space, genotype)[1] / limit - 1);
}

/// The toy problem, with a limit on the cost that is free to check.
Problem limited(const SearchSpace& space, double limit) {
  Problem problem = toy::problem(space);
  problem.constraints = {"cost"};
  problem.exact_costs = [&space, limit](const std::vector<Genotype>& genotypes) {
    std::vector<ExactCosts> costs;
    for (const Genotype& genotype : genotypes) {
      const double cost = toy::objectives(space, genotype)[1];
      costs.push_back({{cost}, {cost}, {cost}, violation(space, genotype, limit)});
    }
    return costs;
  };
  return problem;
}

/// The largest limit that at most `share` of the networks keep.
double limit_of(const std::vector<double>& costs, double share) {
  const auto most = static_cast<std::size_t>(share * static_cast<double>(costs.size()));
  const auto above = std::lower_bound(costs.begin(), costs.end(), costs[most]);
  REQUIRE(above != costs.begin());
  return *(above - 1);
}

/// How many of the first `evaluations` are feasible, asked and told one by one.
int feasible_found(SearchAlgorithm& algorithm, const SearchSpace& space, double limit,
                   int evaluations) {
  int feasible = 0;
  for (int i = 0; i < evaluations; ++i) {
    const Candidate candidate = algorithm.ask(1).at(0);
    Evaluation told = toy::answer(space, candidate);
    told.violation = violation(space, candidate.genotype, limit);
    feasible += told.violation == 0;
    algorithm.tell({told});
  }
  return feasible;
}

TEST_CASE("where one network in 10,000 keeps a limit that is free to check, no other is asked") {
  const SearchSpace space = large_space();
  const std::vector<double> costs = all_costs(space);
  REQUIRE(costs.size() == 216'000);
  const double limit = limit_of(costs, 1e-4);
  const Problem problem = limited(space, limit);
  const std::vector<Make> all{
      [](const Problem& p, std::uint64_t seed) { return make_ehvi(p, {.seed = seed}, {}); },
      [](const Problem& p, std::uint64_t seed) { return make_nsga2(p, {.seed = seed}, {}); },
      [](const Problem& p, std::uint64_t seed) { return make_nsga3(p, {.seed = seed}, {}); },
      [](const Problem& p, std::uint64_t seed) { return make_sms_emoa(p, {.seed = seed}, {}); },
      [](const Problem& p, std::uint64_t seed) {
        return make_pareto_local_search(p, {.seed = seed}, {});
      },
      [](const Problem& p, std::uint64_t seed) {
        return make_regularized_evolution(p, {.seed = seed}, {});
      }};
  for (std::size_t a = 0; a < all.size(); ++a) {
    CAPTURE(a);
    CHECK(feasible_found(*all[a](problem, a), space, limit, 10) == 10);
  }
}

TEST_CASE("the only feasible network of 216,000 is the first that is asked") {
  const SearchSpace space = large_space();
  const std::vector<double> costs = all_costs(space);
  REQUIRE(costs[0] < costs[1]);
  const Problem problem = limited(space, costs[0]);
  CHECK(toy::objectives(space, make_nsga2(problem, {.seed = 3}, {})->ask(1)[0].genotype)[1] ==
        costs[0]);
  CHECK(toy::objectives(space, make_ehvi(problem, {.seed = 4}, {})->ask(1)[0].genotype)[1] ==
        costs[0]);
}

TEST_CASE("where only evaluations say what is feasible, one in 10,000 is found by evaluating") {
  const SearchSpace space = large_space();
  const double limit = limit_of(all_costs(space), 1e-4);
  Problem problem = toy::problem(space);  // without exact_costs: all is modelled
  problem.constraints = {"cost"};
  problem.objectives[1].limit = limit;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    CAPTURE(seed);
    CHECK(feasible_found(*make_nsga2(problem, {.seed = seed}, {}), space, limit, 400) > 0);
    CHECK(feasible_found(*make_ehvi(problem, {.samples = 300, .seed = seed}, {}), space, limit,
                         60) > 0);
  }
}

TEST_CASE("a small space is looked through, and the least violation stands in for nothing") {
  const SearchSpace space = toy::space();
  const std::vector<double> costs = toy::sorted_costs(space, toy::enumerate(space));
  const auto cost_of = [&](const Genotype& g) { return toy::objectives(space, g)[1]; };
  const std::vector<Genotype> some = feasible_start(limited(space, costs[4]), 64, 1);
  CHECK(static_cast<std::ptrdiff_t>(some.size()) ==
        std::upper_bound(costs.begin(), costs.end(), costs[4]) - costs.begin());
  for (const Genotype& genotype : some) CHECK(cost_of(genotype) <= costs[4]);
  const std::vector<Genotype> none = feasible_start(limited(space, costs[0] / 2), 64, 1);
  REQUIRE(none.size() == 1);
  CHECK(cost_of(none[0]) == costs[0]);
}

/// Each algorithm with a design of twelve networks, `include` among them.
std::vector<std::unique_ptr<SearchAlgorithm>> with_design(const Problem& problem,
                                                          InitialDesign design,
                                                          const std::vector<Genotype>& include) {
  std::vector<std::unique_ptr<SearchAlgorithm>> all;
  all.push_back(make_nsga2(problem, {.population = 12, .design = design, .seed = 5}, include));
  all.push_back(make_nsga3(problem, {.population = 12, .design = design, .seed = 5}, include));
  all.push_back(make_sms_emoa(problem, {.population = 12, .design = design, .seed = 5}, include));
  all.push_back(make_regularized_evolution(problem, {.population = 12, .design = design, .seed = 5},
                                           include));
  all.push_back(
      make_pareto_local_search(problem, {.initial = 12, .design = design, .seed = 5}, include));
  all.push_back(make_ehvi(problem, {.initial = 12, .design = design, .seed = 5}, include));
  return all;
}

std::vector<Genotype> first_asked(SearchAlgorithm& algorithm, int count) {
  std::vector<Genotype> genotypes;
  for (Candidate& candidate : algorithm.ask(count)) {
    genotypes.push_back(std::move(candidate.genotype));
  }
  return genotypes;
}

TEST_CASE("every algorithm begins with the ends of the costs, and with feasible networks only") {
  const SearchSpace space = toy::space();
  const std::vector<Genotype> networks = toy::enumerate(space);
  const std::vector<double> all = toy::sorted_costs(space, networks);
  const double limit = all[360];  // a tenth is feasible
  const Problem problem = limited(space, limit);
  const auto largest = *std::prev(std::upper_bound(all.begin(), all.end(), limit));
  for (const auto& algorithm : with_design(problem, InitialDesign::kStratified, {})) {
    CAPTURE(algorithm->version());
    const std::vector<double> costs = toy::sorted_costs(space, first_asked(*algorithm, 12));
    REQUIRE(costs.size() == 12);
    CHECK(costs.front() == all.front());
    CHECK(costs.back() == largest);
  }
  // Included networks take places of the design, but not those of its ends.
  const std::vector<Genotype> include{networks[900], networks[1700]};
  for (const auto& algorithm : with_design(problem, InitialDesign::kStratified, include)) {
    CAPTURE(algorithm->version());
    std::vector<Genotype> asked = first_asked(*algorithm, 12);
    CHECK(asked[0] == include[0]);
    CHECK(asked[1] == include[1]);
    asked.erase(asked.begin(), asked.begin() + 2);
    const std::vector<double> costs = toy::sorted_costs(space, asked);
    CHECK(costs.front() == all.front());
    CHECK(costs.back() == largest);
  }
}

TEST_CASE("a random design is uniform among what is feasible, and so is one without exact costs") {
  const SearchSpace space = toy::space();
  const Problem costed = limited(space, 1e9), plain = toy::problem(space);
  const auto random = with_design(costed, InitialDesign::kRandom, {});
  const auto without = with_design(plain, InitialDesign::kStratified, {});
  for (std::size_t i = 0; i + 1 < random.size(); ++i) {  // ehvi models what it cannot compute
    CAPTURE(random[i]->version());
    const std::vector<Genotype> asked = first_asked(*random[i], 12);
    CHECK(asked == first_asked(*without[i], 12));
    RandomStream stream(5, 0);
    CHECK(asked[0] == sample_uniform(space, stream));
  }
  const double limit = toy::sorted_costs(space, toy::enumerate(space))[360];
  const Problem tight = limited(space, limit);
  for (const auto& algorithm : with_design(tight, InitialDesign::kRandom, {})) {
    CAPTURE(algorithm->version());
    CHECK(toy::sorted_costs(space, first_asked(*algorithm, 12)).back() <= limit);
  }
}

TEST_CASE("a design goes on after what was told, and is the same whenever it is asked for") {
  const SearchSpace space = toy::space();
  const Problem problem = limited(space, 1e9);
  const auto at_once = with_design(problem, InitialDesign::kStratified, {});
  const auto singly = with_design(problem, InitialDesign::kStratified, {});
  for (std::size_t i = 0; i < at_once.size(); ++i) {
    CAPTURE(at_once[i]->version());
    for (const Candidate& expected : at_once[i]->ask(10)) {
      const std::vector<Candidate> one = singly[i]->ask(1);
      REQUIRE(one.size() == 1);
      CHECK(one[0].genotype == expected.genotype);
      singly[i]->tell(toy::answers(space, one));
    }
  }
}

TEST_CASE("without constraints nothing is known to violate any") {
  const SearchSpace space = toy::tiny_space();
  Problem problem = limited(space, 1);
  const Genotype first = toy::enumerate(space)[0];
  CHECK(exact_violation(problem, first) > 0);
  problem.constraints.clear();
  CHECK(exact_violation(problem, first) == 0);
}

}  // namespace
}  // namespace edgefront
