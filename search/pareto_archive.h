// Every feasible non-dominated evaluation so far.
#pragma once

#include <optional>
#include <vector>

#include "search/dominated_region.h"
#include "search/search_algorithm.h"

namespace edgefront {

/// Unbounded; of two equal objective vectors the one told first stays. Failed and infeasible
/// evaluations are not kept. All have the same number of objectives.
class ParetoArchive {
 public:
  /// True if the evaluation entered. Members that it dominates leave: they are out of sight at once
  /// and thrown away when they may be half of what is held.
  bool insert(const Evaluation& evaluation);
  /// Sorted by the first objective, then the others, then index.
  std::vector<Evaluation> front() const;

 private:
  std::vector<int> members() const;  ///< places in `entered_`
  void compact();

  std::optional<DominatedRegion> region_;  ///< what `entered_` dominates
  std::vector<Evaluation> entered_;        ///< members and some that left, as they came
  std::size_t compact_at_ = 0;             ///< size of `entered_`
};

}  // namespace edgefront
