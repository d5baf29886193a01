// What ehvi believes: a surrogate of each expensive objective, and the fronts that candidates are
// to push out, of what was told and what is expected of unanswered candidates.
#pragma once

#include <optional>
#include <vector>

#include "search/acquisition.h"
#include "search/candidate_pool.h"
#include "search/search_algorithm.h"
#include "search/surrogate.h"

namespace edgefront {

/// Objectives of each front of `problem`, an expensive one first.
std::vector<std::vector<int>> expensive_first(const Problem& problem);

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
               const std::vector<Genotype>& unanswered);
  /// Of the last observe() that had a model.
  const AcquisitionModel& acquisition(Aim aim);

 private:
  bool add_points(const std::vector<const Evaluation*>& answered,
                  const std::vector<const KnownCandidate*>& waiting,
                  std::vector<ObjectiveVector>& points);
  std::vector<int> unmet_limits(const std::vector<const Evaluation*>& answered) const;
  void set_front_of_limits(const std::vector<ObjectiveVector>& points,
                           const std::vector<int>& unmet);
  void set_fronts(const std::vector<ObjectiveVector>& points, const std::vector<bool>& feasible);
  double modelled_reference(int objective) const;

  const Problem& problem_;
  CandidatePool& pool_;
  std::vector<std::vector<int>> fronts_;              ///< an expensive objective first
  std::vector<std::optional<Surrogate>> surrogates_;  ///< per objective; none for exact ones
  std::vector<double> largest_;  ///< per objective: exact cost of the pool's feasible networks
  std::vector<Warp> warps_;      ///< per objective
  AcquisitionModel model_;
};

}  // namespace edgefront
