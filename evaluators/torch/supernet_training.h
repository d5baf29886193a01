// One training for all networks of a space.
#pragma once

#include <string>
#include <vector>

#include "evaluators/torch/batches.h"
#include "evaluators/torch/shared_weights.h"
#include "evaluators/trainer.h"

namespace edgefront {

/// Each step trains, on one batch, the largest network on the labels, and the smallest and
/// `random_subnets` random ones on what the largest said in this very step (sandwich rule with
/// in-place distillation, Yu & Huang 2019, "Universally slimmable networks and improved training
/// techniques"; theirs slims widths only, here every decision is drawn, each uniformly). The
/// gradients of all add up to one step. Batch norm uses the statistics of each batch alone.
///
/// Ends after `seconds` or `steps`. Returns "" or why it failed; the weights are then of no use.
std::string train_supernet(SharedWeights& shared, const SearchSpace& space,
                           const BatchMaker& batches, const std::vector<int>& images,
                           const SupernetOptions& options, std::uint64_t seed,
                           const EvaluatorProgress& progress);

}  // namespace edgefront
