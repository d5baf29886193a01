// What holds for every search algorithm, checked on the toy problem. Each algorithm's test calls
// these with a function that makes it.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "search/dominance.h"
#include "search/hypervolume.h"
#include "search/random_search.h"
#include "tests/search/algorithms_test.h"

namespace edgefront::toy {

using MakeAlgorithm =
    std::function<std::unique_ptr<SearchAlgorithm>(const Problem& problem, std::uint64_t seed)>;
using Answer = std::function<Evaluation(const SearchSpace&, const Candidate&)>;

inline std::vector<Genotype> genotypes(const std::vector<Candidate>& candidates) {
  std::vector<Genotype> all;
  for (const Candidate& candidate : candidates) all.push_back(candidate.genotype);
  return all;
}

/// Runs with a window as the main loop does: after the first `in_flight` asks, one ask a tell.
inline Trace windowed(SearchAlgorithm& algorithm, const SearchSpace& space, std::size_t evaluations,
                      int in_flight, const Answer& answer = toy::answer) {
  Trace trace;
  trace.asked = algorithm.ask(in_flight);
  while (trace.told.size() < trace.asked.size() && trace.told.size() < evaluations) {
    const Evaluation evaluation = answer(space, trace.asked[trace.told.size()]);
    algorithm.tell({evaluation});
    trace.told.push_back(evaluation);
    for (Candidate& candidate : algorithm.ask(1)) trace.asked.push_back(std::move(candidate));
  }
  return trace;
}

inline double volume(const std::vector<Evaluation>& evaluations) {
  std::vector<ObjectiveVector> points;
  for (const Evaluation& evaluation : evaluations) {
    if (evaluation.status == EvaluationStatus::kOk) points.push_back(evaluation.objectives);
  }
  return hypervolume(points, ObjectiveVector{60, 200});
}

/// The mean over five seeds of the share of the true front's hypervolume, with a ninth of the
/// space.
inline double share_of_front(const MakeAlgorithm& make, int in_flight) {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  std::vector<Evaluation> everything;
  for (const Genotype& genotype : toy::enumerate(space)) {
    everything.push_back(toy::answer(space, {.genotype = genotype}));
  }
  const double best = volume(everything);
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    sum += volume(windowed(*make(problem, seed), space, 400, in_flight).told) / best;
  }
  return sum / 5;
}

inline void check_finds_the_front(const MakeAlgorithm& make, double least) {
  const double random = share_of_front(
      [](const Problem& problem, std::uint64_t seed) {
        return make_random_search(problem, {.seed = seed}, {});
      },
      1);
  for (const int in_flight : {1, 7, 40}) {
    CAPTURE(in_flight);
    const double ours = share_of_front(make, in_flight);
    CHECK(ours > (in_flight < 40 ? least : random));
    CHECK(ours <= 1.0);
  }
}

inline void check_asks_each_network_once(const MakeAlgorithm& make) {
  for (const SearchSpace& space : {toy::tiny_space(), toy::space()}) {
    const Problem problem = toy::problem(space);
    const std::size_t all = toy::enumerate(space).size(), most = std::min<std::size_t>(all, 600);
    const auto algorithm = make(problem, 1);
    const Trace trace = windowed(*algorithm, space, most, 3);
    const auto asked = genotypes(trace.asked);
    CHECK(std::set<Genotype>(asked.begin(), asked.end()).size() == asked.size());
    CHECK(trace.told.size() == most);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      CHECK(trace.asked[i].index == std::int64_t(i));
      CHECK(asked[i] == canonical(space, asked[i]));
    }
    if (most == all) CHECK(algorithm->ask(4).empty());
  }
}

/// ask(n) is n times ask(1), and an algorithm that is told the same goes on the same.
inline void check_replays(const MakeAlgorithm& make) {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  for (const int in_flight : {1, 5, 30}) {
    const Trace whole = windowed(*make(problem, 3), space, 150, in_flight);
    const auto singly = make(problem, 3);
    std::size_t told = 0;
    std::vector<Genotype> again;
    for (const Evaluation& evaluation : whole.told) {
      while (again.size() < std::min(whole.asked.size(), told + in_flight)) {
        again.push_back(singly->ask(1).at(0).genotype);
      }
      singly->tell({evaluation});
      ++told;
    }
    std::vector<Genotype> first = genotypes(whole.asked);
    first.resize(again.size());
    CHECK(again == first);
  }
}

/// Networks above a limit on the cost are infeasible by as much; some fail.
inline Evaluation limited_answer(const SearchSpace& space, const Candidate& candidate) {
  Evaluation evaluation = toy::answer(space, candidate);
  constexpr double kLimit = 42;
  evaluation.violation = std::max(0.0, evaluation.objectives[1] / kLimit - 1);
  if (candidate.index % 11 == 5) {
    evaluation.status = EvaluationStatus::kFailed;
    evaluation.objectives.clear();
  }
  return evaluation;
}

/// Of what is asked late two and a half times as much is feasible as of all, and the best of the
/// feasible is found.
inline void check_respects_constraints(const MakeAlgorithm& make) {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  int feasible_networks = 0;
  double least_error = 100;
  for (const Genotype& genotype : toy::enumerate(space)) {
    const Evaluation evaluation = limited_answer(space, {.genotype = genotype});
    if (evaluation.violation > 0) continue;
    ++feasible_networks;
    least_error = std::min(least_error, evaluation.objectives[0]);
  }
  CHECK(feasible_networks < 3600 / 6);
  CHECK(feasible_networks > 3600 / 20);
  int late = 0, found = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    double error = 100;
    const Trace trace = windowed(*make(problem, seed), space, 300, 4, limited_answer);
    for (const Evaluation& evaluation : trace.told) {
      if (evaluation.status != EvaluationStatus::kOk || evaluation.violation > 0) continue;
      late += evaluation.index >= 100;
      error = std::min(error, evaluation.objectives[0]);
    }
    found += error < 1.05 * least_error;
  }
  CHECK(late > 2.5 * 5 * 200 * feasible_networks / 3600);
  CHECK(found == 5);
}

/// Two fronts that share the error: each device's own best is found, and nothing else is asked for.
inline void check_serves_several_fronts(const MakeAlgorithm& make) {
  const SearchSpace space = toy::space();
  Problem problem = toy::problem(space);
  problem.objectives.push_back({.name = "cost@other", .exact = true});
  problem.fronts = {{0, 1}, {0, 2}};
  // The other device likes what the first does not: its cost falls with the choices of some genes.
  const Answer both = [](const SearchSpace& s, const Candidate& candidate) {
    Evaluation evaluation = toy::answer(s, candidate);
    double other = 1;
    for (std::size_t i = 0; i < candidate.genotype.choices.size(); ++i) {
      const double level = 1.0 + candidate.genotype.choices[i];
      other += i % 2 == 0 ? 4 * level : 8 / level;
    }
    evaluation.objectives.push_back(other);
    return evaluation;
  };
  const auto share = [&](const std::vector<Evaluation>& told, int cost) {
    std::vector<ObjectiveVector> points, all;
    for (const Evaluation& e : told) points.push_back({e.objectives[0], e.objectives[cost]});
    for (const Genotype& genotype : toy::enumerate(space)) {
      const Evaluation e = both(space, {.genotype = genotype});
      all.push_back({e.objectives[0], e.objectives[cost]});
    }
    const ObjectiveVector reference{60, cost == 1 ? 200.0 : 150.0};
    return hypervolume(points, reference) / hypervolume(all, reference);
  };
  const Trace trace = windowed(*make(problem, 2), space, 400, 1, both);
  CHECK(share(trace.told, 1) > 0.97);
  CHECK(share(trace.told, 2) > 0.97);
}

inline void check_takes_in_what_was_not_asked(const MakeAlgorithm& make) {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const Trace old = windowed(*make(problem, 6), space, 200, 1);
  const auto algorithm = make(problem, 7);
  algorithm->tell(old.told);
  std::set<Genotype> known;
  for (const Evaluation& evaluation : old.told) known.insert(evaluation.genotype);
  for (const Candidate& candidate : algorithm->ask(20)) {
    CHECK(candidate.index >= 200);
    CHECK_FALSE(known.contains(candidate.genotype));
  }
  // Better values of what is known already.
  Evaluation better = old.told[199];
  better.objectives[0] = 1;
  algorithm->tell({better});
  CHECK(algorithm->ask(1).size() == 1);
}

}  // namespace edgefront::toy
