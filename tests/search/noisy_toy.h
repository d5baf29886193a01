// The toy problem whose error is measured with Gaussian noise, a stream per ask.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "space/random.h"
#include "tests/search/algorithms_test.h"

namespace edgefront::toy {

/// As an evaluator would answer: a function of genotype, fidelity and replicate only.
inline Evaluation noisy_answer(const SearchSpace& space, const Candidate& candidate, double noise,
                               std::uint64_t seed) {
  Evaluation evaluation = answer(space, candidate);
  evaluation.fidelity = candidate.fidelity;
  evaluation.replicate = candidate.replicate;
  std::uint64_t key = mix_seed(seed, std::uint64_t(candidate.replicate) * 16 + candidate.fidelity);
  for (const std::uint8_t choice : candidate.genotype.choices) key = mix_seed(key, choice);
  RandomStream random(key, 0);
  evaluation.objectives[0] += noise * random.normal();
  return evaluation;
}

using Answer = std::function<Evaluation(const Candidate&)>;

/// The loop of a run: after the first `in_flight` asks one ask for each answer.
inline Trace run(SearchAlgorithm& algorithm, std::size_t evaluations, int in_flight,
                 const Answer& answer) {
  Trace trace;
  const auto ask = [&](int count) {
    for (Candidate& candidate : algorithm.ask(count)) trace.asked.push_back(std::move(candidate));
  };
  ask(in_flight);
  while (trace.told.size() < trace.asked.size() && trace.told.size() < evaluations) {
    trace.told.push_back(answer(trace.asked[trace.told.size()]));
    algorithm.tell({trace.told.back()});
    ask(1);
  }
  return trace;
}

inline bool same_asks(const std::vector<Candidate>& a, const std::vector<Candidate>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].index != b[i].index || a[i].genotype != b[i].genotype ||
        a[i].fidelity != b[i].fidelity || a[i].replicate != b[i].replicate) {
      return false;
    }
  }
  return true;
}

/// Runs `algorithm` as `whole` ran, its asks taken over from the record up to ask `until`.
inline Trace replay(SearchAlgorithm& algorithm, const Trace& whole, int in_flight,
                    std::size_t until, const Answer& answer) {
  Trace trace;
  const auto ask = [&](std::size_t count) {
    const std::size_t next = trace.asked.size(), end = next + count;
    if (end <= until && end <= whole.asked.size()) {
      const std::vector<Candidate> known(whole.asked.begin() + std::ptrdiff_t(next),
                                         whole.asked.begin() + std::ptrdiff_t(end));
      if (algorithm.take_over(known)) {
        trace.asked.insert(trace.asked.end(), known.begin(), known.end());
        return;
      }
    }
    for (Candidate& c : algorithm.ask(int(count))) trace.asked.push_back(std::move(c));
  };
  ask(std::size_t(in_flight));
  while (trace.told.size() < trace.asked.size() && trace.told.size() < whole.told.size()) {
    trace.told.push_back(answer(trace.asked[trace.told.size()]));
    algorithm.tell({trace.told.back()});
    ask(1);
  }
  return trace;
}

}  // namespace edgefront::toy
