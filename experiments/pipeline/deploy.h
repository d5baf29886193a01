// From a chosen genotype to a model that can be shipped: train, fold, calibrate, quantize, judge on
// the test images. Nothing here measures latency or writes files.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "evaluators/trainer.h"
#include "runtime/export/quantize.h"
#include "runtime/model.h"
#include "space/search_space.h"

namespace edgefront {

/// What an exported model computes in. kFastest: int8, but fp32 where `choose_float_layers` says
/// so.
enum class ExportPrecision { kInt8, kFloat32, kFastest };

struct DeployOptions {
  TrainOptions train;
  int calibration_images = 512;   ///< training images that set the int8 ranges
  QuantizeOptions quantize;       ///< tried first
  double max_loss_percent = 0.5;  ///< where int8 loses more on held-out training images, the other
                                  ///< range methods are tried too, and the best one is kept
  int probe_samples = 4;          ///< inputs with expected outputs stored in the model
  std::string kernel_set;         ///< stored in the model as the choice made at export
  ExportPrecision precision = ExportPrecision::kInt8;
  /// kFastest: for each layer of the folded graph whether it stays fp32. Thread-safe.
  std::function<std::vector<bool>(const LayerGraph&)> choose_float_layers;
  /// How the blocks of the finished graph run; empty: by the kernel set's rule. Thread-safe.
  std::function<std::vector<PathChoice>(const LayerGraph&)> choose_paths;
  bool patch_wise = false;  ///< as many first layers in bands as make the arena smallest
};

struct Deployment {
  std::string failure;  ///< one line; then everything below is empty
  Model model;
  std::string precision;              ///< of the model: "int8", "fp32" or "mixed"
  double held_out_error_percent = 0;  ///< of the float network after training
  double float_top1 = 0;              ///< of the folded float network; percent of the test images
  double int8_top1 = 0;               ///< of `model`, which is the float network where all is fp32
  std::string range_method;           ///< the one that lost least on held-out training images
};

/// Range methods are judged on held-out training images, never on test images. Uses one thread;
/// may run beside other calls. `inherit`: see Trainer::train.
Deployment deploy(Trainer& trainer, const SearchSpace& space, const Genotype& genotype,
                  std::shared_ptr<const Dataset> data, const DeployOptions& options,
                  const AccuracyEvaluator* inherit, std::uint64_t seed,
                  const EvaluatorProgress& progress);

}  // namespace edgefront
