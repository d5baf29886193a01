#include "search/ehvi.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "search/hypervolume.h"
#include "search/nsga2.h"
#include "space/error.h"
#include "tests/search/algorithms_test.h"

namespace edgefront {
namespace {

const ObjectiveVector kReference{60, 200};

/// The toy problem with its cost computable and at most `limit`.
Problem costed(const SearchSpace& space, double limit = 1e9) {
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

/// Asks one at a time, with `window` under way; returns all asks.
toy::Trace windowed(SearchAlgorithm& algorithm, const SearchSpace& space, std::size_t evaluations,
                    int window) {
  toy::Trace trace;
  trace.asked = algorithm.ask(window);
  while (trace.told.size() < evaluations) {
    trace.told.push_back(toy::answer(space, trace.asked[trace.told.size()]));
    algorithm.tell({trace.told.back()});
    for (Candidate& next : algorithm.ask(1)) trace.asked.push_back(std::move(next));
  }
  return trace;
}

TEST_CASE("with 40 evaluations the default has more hypervolume than NSGA-II with 120") {
  const SearchSpace space = toy::space();
  const Problem problem = costed(space);
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    toy::Trace a, b;
    toy::advance(*make_ehvi(problem, {.seed = seed}, {}), space, 40, a, 1);
    toy::advance(*make_nsga2(problem, {.population = 20, .seed = seed}, {}), space, 120, b, 20);
    CHECK(volume(a.told) > volume(b.told));
  }
}

TEST_CASE("a space too large to enumerate is searched as well") {
  const SearchSpace space = toy::space();
  const Problem problem = costed(space);
  toy::Trace whole, sampled;
  toy::advance(*make_ehvi(problem, {.seed = 2}, {}), space, 40, whole, 1);
  toy::advance(*make_ehvi(problem, {.enumerate_up_to = 0, .samples = 60, .seed = 2}, {}), space, 40,
               sampled, 1);
  CHECK(volume(sampled.told) > 0.98 * volume(whole.told));
}

TEST_CASE("a long base is searched by a shortlist of it as well as whole, and goes on as asked") {
  const SearchSpace space = toy::space();
  const Problem problem = costed(space);
  for (const std::uint64_t seed : {1, 2}) {
    toy::Trace whole, listed;
    toy::advance(*make_ehvi(problem, {.seed = seed}, {}), space, 40, whole, 1);
    const auto algorithm = make_ehvi(problem, {.shortlist = 150, .seed = seed}, {});
    toy::advance(*algorithm, space, 40, listed, 1);
    CHECK(volume(listed.told) > 0.995 * volume(whole.told));
    // One that was never asked so far makes its shortlist late, and the same.
    const auto late = make_ehvi(problem, {.shortlist = 150, .seed = seed}, {});
    late->take_over(listed.asked);
    late->tell(listed.told);
    CHECK(genotypes(late->ask(3)) == genotypes(algorithm->ask(3)));
  }
}

TEST_CASE("three asks at once are three asks in a row, and threads change nothing") {
  const SearchSpace space = toy::space();
  const Problem problem = costed(space);
  const auto one = make_ehvi(problem, {.threads = 1, .seed = 4}, {});
  const auto three = make_ehvi(problem, {.threads = 3, .seed = 4}, {});
  toy::Trace trace;
  for (int round = 0; round < 8; ++round) {
    std::vector<Candidate> asked;
    for (int i = 0; i < 3; ++i) asked.push_back(one->ask(1).at(0));
    CHECK(genotypes(asked) == genotypes(three->ask(3)));
    one->tell(toy::answers(space, asked));
    three->tell(toy::answers(space, asked));
  }
}

TEST_CASE("what was asked by an earlier run is taken over without asking, and the run goes on") {
  const SearchSpace space = toy::space();
  const Problem problem = costed(space);
  const auto original = make_ehvi(problem, {.seed = 7}, {});
  const toy::Trace trace = windowed(*original, space, 30, 4);
  const auto replayed = make_ehvi(problem, {.seed = 7}, {});
  std::size_t next = 0;
  const auto take = [&](std::size_t count) {
    REQUIRE(replayed->take_over({trace.asked.begin() + static_cast<std::ptrdiff_t>(next),
                                 trace.asked.begin() + static_cast<std::ptrdiff_t>(next + count)}));
    next += count;
  };
  take(4);
  for (const Evaluation& told : trace.told) {
    replayed->tell({told});
    take(1);
  }
  CHECK(genotypes(original->ask(3)) == genotypes(replayed->ask(3)));
}

/// The toy problem on four devices: what a gene costs differs from device to device.
constexpr int kToyDevices = 4;
std::vector<double> device_costs(const SearchSpace& space, const Genotype& genotype) {
  const std::vector<bool> active = active_decisions(space, genotype);
  std::vector<double> costs(kToyDevices, 1.0);
  for (std::size_t i = 0; i < active.size(); ++i) {
    if (!active[i]) continue;
    for (std::size_t d = 0; d < costs.size(); ++d) {
      const double level = 1.0 + genotype.choices[i];
      costs[d] += (1.0 + double((i + d) % 3)) * (d % 2 == 0 ? level * level : level);
    }
  }
  return costs;
}

/// Of a search for these devices the hypervolume on each one's front.
std::vector<double> device_volumes(const std::vector<std::size_t>& devices, std::uint64_t seed,
                                   int evaluations) {
  const SearchSpace space = toy::space();
  Problem problem = toy::problem(space);
  problem.objectives.resize(1);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    problem.objectives.push_back({.name = "cost" + std::to_string(devices[i]), .exact = true});
    if (devices.size() > 1) problem.fronts.push_back({0, static_cast<int>(i) + 1});
  }
  const auto costs_of = [&](const Genotype& genotype) {
    std::vector<double> own;
    for (const std::size_t d : devices) own.push_back(device_costs(space, genotype)[d]);
    return own;
  };
  problem.exact_costs = [&](const std::vector<Genotype>& genotypes) {
    std::vector<ExactCosts> all;
    for (const Genotype& genotype : genotypes) {
      const std::vector<double> own = costs_of(genotype);
      all.push_back({own, own, own, 0});
    }
    return all;
  };
  const auto algorithm = make_ehvi(problem, {.seed = seed}, {});
  std::vector<std::vector<ObjectiveVector>> points(devices.size());
  for (int i = 0; i < evaluations; ++i) {
    Evaluation told = toy::answer(space, algorithm->ask(1).at(0));
    const std::vector<double> own = costs_of(told.genotype);
    told.objectives.resize(1);
    told.objectives.insert(told.objectives.end(), own.begin(), own.end());
    for (std::size_t d = 0; d < own.size(); ++d) points[d].push_back({told.objectives[0], own[d]});
    algorithm->tell({std::move(told)});
  }
  std::vector<double> volumes;
  for (const auto& front : points) volumes.push_back(hypervolume(front, kReference));
  return volumes;
}

TEST_CASE("a fifth more evaluations serve four devices as well as one, within a thousandth") {
  constexpr int kSeeds = 3;
  std::vector<double> own(kToyDevices), shared(kToyDevices);
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::vector<double> together = device_volumes({0, 1, 2, 3}, seed, 18);
    for (std::size_t d = 0; d < kToyDevices; ++d) {
      own[d] += device_volumes({d}, seed, 15)[0];
      shared[d] += together[d];
    }
  }
  for (std::size_t d = 0; d < kToyDevices; ++d) {
    CAPTURE(d);
    CHECK(shared[d] > 0.999 * own[d]);
  }
}

TEST_CASE("nothing is asked twice, with many under way, and a small space ends") {
  const SearchSpace space = toy::space();
  const Problem problem = costed(space);
  const auto algorithm = make_ehvi(problem, {.seed = 1}, {});
  const toy::Trace trace = windowed(*algorithm, space, 30, 12);
  const std::vector<Genotype> all = genotypes(trace.asked);
  CHECK(std::set<Genotype>(all.begin(), all.end()).size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(trace.asked[i].index == static_cast<std::int64_t>(i));
  }
  const SearchSpace tiny = toy::tiny_space();
  const Problem small = costed(tiny);
  const auto last = make_ehvi(small, {.seed = 1}, {});
  CHECK(last->ask(10).size() == 6);
  CHECK(last->ask(1).empty());
}

TEST_CASE("included networks come first, told ones never") {
  const SearchSpace space = toy::space();
  const Problem problem = costed(space);
  const std::vector<Genotype> all = toy::enumerate(space);
  const auto algorithm = make_ehvi(problem, {.seed = 1}, {all[5], all[77]});
  algorithm->tell(toy::answers(space, {{.index = 0, .genotype = all[5]}}));
  const std::vector<Candidate> asked = algorithm->ask(2);
  CHECK(asked[0].genotype == all[77]);
  CHECK(asked[0].index == 1);
  CHECK(asked[1].genotype != all[5]);
}

TEST_CASE("only feasible networks are asked where one network in a thousand is feasible") {
  const SearchSpace space = toy::space();
  const std::vector<double> costs = toy::sorted_costs(space, toy::enumerate(space));
  const Problem problem = costed(space, costs[3]);
  const auto feasible = static_cast<std::size_t>(
      std::upper_bound(costs.begin(), costs.end(), costs[3]) - costs.begin());
  const auto algorithm = make_ehvi(problem, {.enumerate_up_to = 0, .samples = 60, .seed = 3}, {});
  for (const Candidate& candidate : algorithm->ask(static_cast<int>(feasible))) {
    CHECK(toy::objectives(space, candidate.genotype)[1] <= costs[3]);
  }
}

TEST_CASE("under a limit most searches find the most accurate network that keeps it") {
  const SearchSpace space = toy::space();
  double best = 1e9;  // of the whole space
  for (const Genotype& network : toy::enumerate(space)) {
    const ObjectiveVector objectives = toy::objectives(space, network);
    if (objectives[1] <= 60) best = std::min(best, objectives[0]);
  }
  const Problem problem = costed(space, 60);
  int found = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    toy::Trace trace;
    toy::advance(*make_ehvi(problem, {.enumerate_up_to = 0, .samples = 200, .seed = seed}, {}),
                 space, 30, trace, 1);
    found += std::any_of(trace.told.begin(), trace.told.end(),
                         [&](const Evaluation& e) { return e.objectives[0] == best; });
  }
  CHECK(found >= 9);
}

TEST_CASE("failed evaluations and two expensive objectives do not stop the search") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);  // without exact_costs: both are modelled
  const auto algorithm = make_ehvi(problem, {.seed = 3}, {});
  toy::Trace trace;
  for (int i = 0; i < 40; ++i) {
    const Candidate candidate = algorithm->ask(1).at(0);
    Evaluation told = toy::answer(space, candidate);
    if (i % 7 == 3) {
      told.status = EvaluationStatus::kFailed;
      told.objectives.clear();
    } else {
      trace.told.push_back(told);
    }
    algorithm->tell({told});
  }
  toy::Trace random;
  toy::advance(*make_nsga2(problem, {.population = 20, .seed = 3}, {}), space, 60, random);
  CHECK(volume(trace.told) > volume(random.told));
}

TEST_CASE("options out of range are refused with what is accepted") {
  const SearchSpace space = toy::space();
  CHECK_THROWS_WITH_AS(make_ehvi(toy::problem(space), {.initial = -1}, {}),
                       "ehvi: initial = -1, local_period = 5, samples = 2000, shortlist = 4000; "
                       "accepted: at least 0, 0, 1 and 1",
                       InputError);
}

}  // namespace
}  // namespace edgefront
