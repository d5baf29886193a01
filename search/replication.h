// Repeated evaluations where they change the decision: a wrapper around any other algorithm.
#pragma once

#include <cstdint>
#include <memory>

#include "search/search_algorithm.h"

namespace edgefront {

struct ReplicationOptions {
  double share = 0.2;       ///< of the asks at most; the rest are the inner algorithm's. 0 to 1
  int max_replicates = 10;  ///< evaluations of one network at most, the first included; ≥ 2
  /// No replicate is asked that is expected to change fewer members of the front than this.
  double min_changes = 0.02;
  std::uint64_t seed = 0;  ///< of the draws where several objectives have noise
};

/// One ask of every 1 / `share` goes, where that is worth it, to a further replicate of the network
/// whose next evaluation is expected to change most members of the front (noisy_front.h); of all
/// fronts of Problem::fronts together. Only feasible networks and evaluations of the highest
/// fidelity count.
///
/// The noise of one evaluation is ObjectiveInfo::noise, or what evaluations state, or the pooled
/// variance of replicates (replicate_sums.h). While nothing is known, the members of the front with
/// the fewest evaluations are repeated until the pool is believed; of an evaluator without noise
/// nothing more is repeated after that.
///
/// The inner algorithm counts its own asks only, and is told the mean of the replicates with its
/// standard errors. When its space is exhausted, replicates go on without regard to `share`.
std::unique_ptr<SearchAlgorithm> make_replication(std::unique_ptr<SearchAlgorithm> inner,
                                                  const Problem& problem,
                                                  const ReplicationOptions& options);

}  // namespace edgefront
