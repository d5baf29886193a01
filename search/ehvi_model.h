// What ehvi believes: a surrogate of each expensive objective, and the fronts that candidates are
// to push out, of what was told and what is expected of unanswered candidates.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "search/acquisition.h"
#include "search/candidate_pool.h"
#include "search/search_algorithm.h"
#include "search/surrogate.h"

namespace edgefront {

/// Objectives of each front of `problem`, an expensive one first.
std::vector<std::vector<int>> expensive_first(const Problem& problem);

/// Where a front's reference lies in an exact cost that a limit cuts off: just beyond the largest
/// feasible cost, or as far beyond it as the smallest lies below. From there the accurate end of
/// the front, right at the limit, counts as much as the rest: networks at their budget are what
/// limits are given for.
enum class Reach { kFront, kLimit };

class EhviModel {
 public:
  /// `problem` and `pool` outlive this. `design`: networks of the initial design.
  EhviModel(const Problem& problem, CandidatePool& pool, int design, int threads);
  EhviModel(const EhviModel&) = delete;
  EhviModel& operator=(const EhviModel&) = delete;

  /// See Surrogate::anchor(). They outlive this.
  void anchor(const std::vector<const KnownCandidate*>& candidates);
  /// Values that were told before have changed.
  void forget_fits();
  /// Brings the model up to successful evaluations, in the order told, and unanswered candidates.
  /// False where there is no model, or none worth using. Valid until CandidatePool::forget().
  bool observe(const std::vector<const Evaluation*>& answered,
               const std::vector<Genotype>& unanswered, Reach reach);
  /// Of the last observe() that had a model.
  const AcquisitionModel& acquisition(Aim aim);

 private:
  /// Of the pool's feasible networks; `cut` where infeasible ones cost more than all of them.
  struct CostRange {
    double least = std::numeric_limits<double>::infinity(), largest = 0;
    bool cut = false;
  };

  bool add_points(const std::vector<const Evaluation*>& answered,
                  const std::vector<const KnownCandidate*>& waiting,
                  std::vector<ObjectiveVector>& points);
  std::vector<int> unmet_limits(const std::vector<const Evaluation*>& answered) const;
  void set_front_of_limits(const std::vector<ObjectiveVector>& points,
                           const std::vector<int>& unmet);
  void set_fronts(const std::vector<ObjectiveVector>& points, const std::vector<bool>& feasible,
                  Reach reach);
  double modelled_reference(int objective) const;
  double exact_reference(int objective, const std::vector<ObjectiveVector>& members,
                         std::size_t place, Reach reach) const;

  const Problem& problem_;
  CandidatePool& pool_;
  std::vector<std::vector<int>> fronts_;              ///< an expensive objective first
  std::vector<std::optional<Surrogate>> surrogates_;  ///< per objective; none for exact ones
  std::vector<CostRange> ranges_;                     ///< per objective; of exact ones
  std::vector<Warp> warps_;                           ///< per objective
  AcquisitionModel model_;
};

}  // namespace edgefront
