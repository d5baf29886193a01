// Every feasible non-dominated evaluation so far.
#pragma once

#include <vector>

#include "search/search_algorithm.h"

namespace edgefront {

/// Unbounded; of two equal objective vectors the one told first (lower index) stays. Failed and
/// infeasible evaluations are not kept.
class ParetoArchive {
 public:
  /// True if the evaluation entered. Members that it dominates leave.
  bool insert(const Evaluation& evaluation);
  /// Sorted by the first objective, then the others, then index.
  std::vector<Evaluation> front() const;

 private:
  std::vector<Evaluation> members_;
};

}  // namespace edgefront
