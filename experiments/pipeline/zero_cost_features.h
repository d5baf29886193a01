// Scores of untrained networks as features of a search's surrogate.
#pragma once

#include "evaluators/zero_cost.h"
#include "search/search_algorithm.h"

namespace edgefront {

/// Sets Problem::features and their names: `scores` in their order, behind "parameters" and "macs",
/// which judge them (search/feature_audit.h). Each network's are computed once, on `threads`
/// threads (0: as many as there are cores), and kept. A network that cannot be built has zeros. The
/// space of `problem` outlives them. Nothing where there are no scores.
void add_zero_cost_features(const std::vector<ZeroCost>& scores, int threads, Problem& problem);

/// Whether computing these takes more than the exact costs do.
bool are_dear(const std::vector<ZeroCost>& scores);

}  // namespace edgefront
