// Trainings of one network, and judging it. Everything here uses one libtorch thread per task.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "evaluators/accuracy_evaluator.h"
#include "evaluators/dataset.h"
#include "evaluators/torch/batches.h"
#include "evaluators/torch/network.h"
#include "evaluators/trainer.h"

namespace edgefront {

/// He et al. 2015 ("Delving deep into rectifiers") by fan-out for convolutions, by fan-in for
/// depthwise ones; small normal numbers for the classifier. Each layer has a stream of its own.
WeightMap initial_weights(const LayerGraph& graph, std::uint64_t seed);

/// Trains in place. Returns "" or why it failed ("diverged at step 12"); does not throw for what
/// happens while training. `what` names the training in the progress.
std::string train_network(Network& network, const BatchMaker& batches,
                          const std::vector<int>& images, const TrainOptions& options, int classes,
                          std::uint64_t seed, const std::string& what,
                          const EvaluatorProgress& progress);

/// How many images batch norm is recalibrated on after a training: its running statistics lag
/// behind the weights, after a short one so far that networks cannot be compared.
constexpr std::size_t kRecalibrationImages = 1024;

/// Running statistics of batch norm := those of these images, without augmentation.
void recalibrate(Network& network, const BatchMaker& batches, std::span<const int> images);

/// 100 − top-1.
double error_percent(Network& network, const BatchMaker& batches, std::span<const int> images);

/// What went wrong in a training, in one line; out of memory is recognised.
std::string failure_text(const std::exception& error);

/// Runs task(0) … task(count − 1) at once, the first in this thread; rethrows the first exception.
void run_side_by_side(int count, const std::function<void(int)>& task);

/// Throws InputError where images, channels or classes of space and data do not fit together.
void check_data_fits(const SearchSpace& space, const Dataset& data, int held_out);

}  // namespace edgefront
