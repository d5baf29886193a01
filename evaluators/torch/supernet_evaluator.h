// kind = "supernet": one training for the whole space, then each candidate with its share of the
// weights.
#pragma once

#include <memory>

#include "evaluators/torch/network.h"
#include "evaluators/trainer.h"

namespace edgefront {

/// Throws InputError where data and space do not fit.
std::unique_ptr<AccuracyEvaluator> make_torch_supernet_evaluator(
    const SearchSpace& space, std::shared_ptr<const Dataset> data, const SupernetOptions& options,
    std::uint64_t seed);

/// The weights that a genotype has in a prepared supernet evaluator. Throws InputError if
/// `evaluator` is none.
WeightMap inherited_weights(const AccuracyEvaluator& evaluator, const Genotype& genotype);

}  // namespace edgefront
