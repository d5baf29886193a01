// When a search ends before its budget of evaluations: its time is over, or its front no longer
// grows.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "experiments/pipeline/journal.h"
#include "experiments/search_experiment.h"
#include "search/dominance.h"
#include "search/pareto_archive.h"
#include "search/search_algorithm.h"

namespace edgefront {

/// More would make each look at the front expensive.
constexpr int kMaxWatchedObjectives = 4;

/// The front and its hypervolume while the answers come in. The reference point is that of
/// front.json for what has been told so far: it moves.
class FrontWatch {
 public:
  /// A stagnation is looked for over `stagnation_evaluations` answers (rounded up to a multiple of
  /// four), four times in as many; 0: never. Only first evaluations of networks at `fidelity`, the
  /// highest, make the front; all are answers.
  FrontWatch(int objectives, std::int64_t stagnation_evaluations, int fidelity = 0);

  void add(const Evaluation& evaluation);
  /// Against the reference of now; nothing without a feasible answer, or with more than
  /// kMaxWatchedObjectives.
  std::optional<double> hypervolume() const;
  std::int64_t front_size() const;
  /// The growth of the hypervolume over the last stagnation_evaluations answers as a share of it,
  /// both against the reference of now. Nothing while it is not known: it is known only after each
  /// quarter of stagnation_evaluations answers.
  std::optional<double> growth() const;

 private:
  std::vector<double> reference() const;

  const int objectives_;
  const std::int64_t step_;  ///< answers between two snapshots
  const int fidelity_;
  std::int64_t told_ = 0;
  ParetoArchive archive_;
  std::vector<double> largest_;                         ///< per objective; empty: nothing feasible
  std::deque<std::vector<ObjectiveVector>> snapshots_;  ///< the last five, of every step_ answers
};

/// True where `stop` is not overruled by limits that have been raised since.
bool holds(const StopRecord& stop, const SearchChoice& search);

/// The limit that is reached before the ask after `asked` ones; `elapsed_s` is of the whole run.
std::optional<StopRecord> reached_limit(const SearchChoice& search, const FrontWatch& watch,
                                        std::int64_t asked, double elapsed_s);

}  // namespace edgefront
