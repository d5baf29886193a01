// One training for all networks of a space.
#pragma once

#include <string>
#include <vector>

#include "evaluators/torch/batches.h"
#include "evaluators/torch/shared_weights.h"
#include "evaluators/trainer.h"

namespace edgefront {

/// Each step trains, on one batch, the largest network on the labels, and `random_subnets` random
/// ones on what the largest said in this very step (in-place distillation, Yu & Huang 2019,
/// "Universally slimmable networks and improved training techniques"). A decision of a random one
/// is as in the largest at first and drawn uniformly ever more often, which is the idea of
/// progressive shrinking (Cai et al. 2020, "Once-for-All", §3.3): blocks that replace each other
/// learn to give what the trained ones around them take. There kernel sizes, depths and widths are
/// freed one after another, here all kinds of decisions at once. Departs from the sandwich rule of
/// Yu & Huang in that the smallest network is not trained in every step: in spaces where networks
/// differ by operators too, it and the largest learn fast, all others slowly, and small networks
/// look better than they are. The gradients of all add up to one step. Batch norm uses the
/// statistics of each batch alone.
///
/// Ends after `seconds` or `steps`. Returns "" or why it failed; the weights are then of no use.
std::string train_supernet(SharedWeights& shared, const SearchSpace& space,
                           const BatchMaker& batches, const std::vector<int>& images,
                           const SupernetOptions& options, std::uint64_t seed,
                           const EvaluatorProgress& progress);

}  // namespace edgefront
