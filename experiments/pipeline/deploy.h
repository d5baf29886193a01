// From a chosen genotype to a model that can be shipped: train, fold, calibrate, quantize, judge on
// the test images. Nothing here measures latency or writes files.
#pragma once

#include <memory>
#include <string>

#include "evaluators/trainer.h"
#include "runtime/export/quantize.h"
#include "runtime/model.h"
#include "space/search_space.h"

namespace edgefront {

struct DeployOptions {
  TrainOptions train;
  int calibration_images = 512;   ///< training images that set the int8 ranges
  QuantizeOptions quantize;       ///< tried first
  double max_loss_percent = 0.5;  ///< where int8 loses more on held-out training images, the other
                                  ///< range methods are tried too, and the best one is kept
  int probe_samples = 4;          ///< inputs with expected outputs stored in the model
  std::string kernel_set;         ///< stored in the model as the choice made at export
};

struct Deployment {
  std::string failure;  ///< one line; then everything below is empty
  Model int8_model;
  double held_out_error_percent = 0;     ///< of the float network after training
  double float_top1 = 0, int8_top1 = 0;  ///< percent of the test images, on the interpreter
  std::string range_method;              ///< the one that lost least on held-out training images
};

/// Range methods are judged on held-out training images, never on test images. Uses one thread;
/// may run beside other calls. `inherit`: see Trainer::train.
Deployment deploy(Trainer& trainer, const SearchSpace& space, const Genotype& genotype,
                  std::shared_ptr<const Dataset> data, const DeployOptions& options,
                  const AccuracyEvaluator* inherit, std::uint64_t seed,
                  const EvaluatorProgress& progress);

}  // namespace edgefront
