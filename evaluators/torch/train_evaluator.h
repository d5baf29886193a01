// kind = "train": a short stand-alone training for every candidate.
#pragma once

#include <memory>

#include "evaluators/trainer.h"

namespace edgefront {

/// The highest fidelity trains as long as `options` say, lower ones for a share of it. Throws InputError where
/// data and space do not fit.
std::unique_ptr<AccuracyEvaluator> make_torch_train_evaluator(const SearchSpace& space,
                                                              std::shared_ptr<const Dataset> data,
                                                              const TrainEvaluatorOptions& options);

}  // namespace edgefront
