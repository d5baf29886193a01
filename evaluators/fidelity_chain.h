// Several evaluators as one, each of them a fidelity: a score of the untrained network, then a
// short training, then a supernet or a full training.
#pragma once

#include <memory>
#include <vector>

#include "evaluators/accuracy_evaluator.h"

namespace edgefront {

/// Fidelity f below the number of `lower` is answered by lower[f] as its own fidelity 0, every
/// higher one by `highest`, less that number. prepare() prepares them all, in that order; the
/// digest is that of the one that has an artefact, or of all digests. As many requests side by side
/// as `highest` answers. Without `lower` it is `highest` itself.
std::shared_ptr<AccuracyEvaluator> make_fidelity_chain(
    std::vector<std::shared_ptr<AccuracyEvaluator>> lower,
    std::shared_ptr<AccuracyEvaluator> highest);

}  // namespace edgefront
