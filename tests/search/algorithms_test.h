// Runs an algorithm on the toy problem.
#pragma once

#include <memory>
#include <vector>

#include "search/search_algorithm.h"
#include "tests/search/toy_problem.h"

namespace edgefront::toy {

struct Trace {
  std::vector<Candidate> asked;
  std::vector<Evaluation> told;
};

inline void advance(SearchAlgorithm& algorithm, const SearchSpace& space, std::size_t evaluations,
                    Trace& trace, int in_flight = 20) {
  while (trace.told.size() < evaluations) {
    const std::vector<Candidate> asked = algorithm.ask(in_flight);
    if (asked.empty()) return;
    const std::vector<Evaluation> told = answers(space, asked);
    algorithm.tell(told);
    trace.asked.insert(trace.asked.end(), asked.begin(), asked.end());
    trace.told.insert(trace.told.end(), told.begin(), told.end());
  }
}

}  // namespace edgefront::toy
