// Any algorithm on any table, many seeds: what `edgefront search --table` does, without run
// folders, and how far from the table's true front each seed is after each evaluation.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experiments/pipeline/table_source.h"
#include "experiments/search_experiment.h"

namespace edgefront {

struct TableSearchOptions {
  SearchChoice search;  ///< algorithm, its options, evaluations and in_flight
  int seeds = 30;       ///< searched with seeds first_seed, first_seed + 1, …
  std::uint64_t first_seed = 0;
  int threads = 1;                              ///< seeds side by side; no result depends on it
  std::function<void(int done)> progress = {};  ///< seeds done; one call at a time, any thread
};

/// Listed networks in the order of their evaluation, per seed; fewer than the budget where the
/// table is exhausted.
std::vector<std::vector<int>> search_table(const std::shared_ptr<const TableProblem>& problem,
                                           const TableSearchOptions& options);

/// The part of a table's objectives that is of use: error (the first objective that is not exact,
/// else the first) below its median over the supported networks, each other objective up to 1.05
/// times that of the front's member with the smallest error. Where such a bound leaves nothing
/// (that member is the table's best there too, or the bound is no larger than it), it is that
/// member's value and 5 % of the column's range.
struct UsefulRegion {
  std::vector<double> reference;  ///< the corner; members are strictly below
  double hypervolume = 0;         ///< of the true front within it
};
UsefulRegion useful_region(const TableProblem& problem);

struct RegretPoint {
  double hypervolume = 0;  ///< of all that was evaluated, by the truth, within the region
  double regret = 0;       ///< share of the true front's hypervolume that is missing, 0 to 1
};
/// After each evaluation.
std::vector<RegretPoint> regret_curve(const TableProblem& problem, const UsefulRegion& region,
                                      const std::vector<int>& evaluated);

}  // namespace edgefront
