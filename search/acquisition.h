// Which of many candidates is worth evaluating most: expected hypervolume improvement over one or
// several fronts, from predictions of the expensive objectives.
#pragma once

#include <span>
#include <vector>

#include "search/candidate_pool.h"
#include "search/expected_hypervolume.h"
#include "search/surrogate.h"

namespace edgefront {

/// The objectives of one front, the first of them integrated exactly.
struct AcquisitionFront {
  std::vector<int> objectives;
  ImprovementFront front;
  double weight = 1;  ///< of its improvement in the sum
};

/// Whose improvement counts: every front's, or that of the front that can still gain most, and a
/// tenth of the others'.
enum class Aim { kAllFronts, kOpenFront };

/// What predicts the objectives: surrogates of the expensive ones, null for exact ones.
struct AcquisitionModel {
  std::vector<Surrogate*> surrogates;  ///< per objective
  std::vector<int> exact_place;        ///< per objective: index into ExactCosts::values, or −1
  std::vector<AcquisitionFront> fronts;
  Aim aim = Aim::kAllFronts;
  int threads = 1;
};

struct ScoredCandidate {
  const KnownCandidate* candidate = nullptr;
  double improvement = 0;
};

/// The best of `candidates` first, at least one and about `wanted` where so many can improve
/// anything; ties by genotype. Candidates whose optimistic improvement (an upper bound of the
/// deviation, GaussianProcess::bounds) cannot reach the best are left out unseen.
std::vector<ScoredCandidate> best_candidates(const AcquisitionModel& model,
                                             const std::vector<const KnownCandidate*>& candidates,
                                             std::size_t wanted);

/// Those of `candidates` with the largest expected improvement over all fronts, `wanted` of them
/// where there are so many; in an order of no meaning.
std::vector<const KnownCandidate*> most_promising(
    const AcquisitionModel& model, const std::vector<const KnownCandidate*>& candidates,
    std::size_t wanted);

}  // namespace edgefront
