// Everything that needs libtorch, behind one plug-in that is opened at run time
// (libedgefront_torch.so beside the program). No libtorch type appears here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "evaluators/accuracy_evaluator.h"
#include "evaluators/dataset.h"
#include "runtime/export/float_model.h"
#include "space/architecture.h"

namespace edgefront {

/// The loader passes this to the plug-in's factory `edgefront_make_trainer(int)`, which returns
/// null for any other value. Raised whenever something in this header changes.
constexpr int kTrainerAbiVersion = 2;

/// Seed of split_train() for every training and every judgement, so that no image is trained on by
/// one and judged on by another.
constexpr std::uint64_t kTrainSplitSeed = 0x5eed0f5911170000;

/// One training from scratch or from inherited weights: SGD with Nesterov momentum, cosine schedule
/// with linear warm-up, label smoothing, weight decay on convolution weights only; augmentation:
/// random shift and horizontal flip.
struct TrainOptions {
  double epochs = 6;  ///< passes over the training part; may be fractional
  int batch_size = 64;
  double learning_rate = 0.4;  ///< at batch 128; peak of the schedule
  double weight_decay = 3e-5;
  double label_smoothing = 0.05;
  int shift_pixels = 1;
  bool flip = true;
  int threads = 1;
  double momentum = 0.9;
  double warm_up_epochs = 0.25;  ///< at most a quarter of `epochs`
  int held_out = 5000;  ///< training images that are only judged on: the same for every training
};

/// Weight-sharing over the whole space: the largest and `random_subnets` random sub-networks a
/// step, whose decisions are freed during the training (torch/supernet_training.h says after whom);
/// batch-norm recalibration before a sub-network is judged.
struct SupernetOptions {
  double seconds = 120;  ///< training budget; wall-clock is journalled, not decided again
  int batch_size = 128;
  int random_subnets = 3;
  double learning_rate = 0.2;
  double distillation_temperature = 1;  ///< the term carries T²
  int recalibration_images = 1024;
  int held_out = 5000;
  int threads = 2;         ///< each works on its share of every batch
  std::int64_t steps = 0;  ///< 0: as many as `seconds` allow; else exactly these, deterministic
  int judge_images = 0;    ///< of the held-out ones, to judge a sub-network by; 0 = all
  int shift_pixels = 1;
  bool flip = true;
};

/// kind = "train": short stand-alone training per candidate.
struct TrainEvaluatorOptions {
  TrainOptions train{.epochs = 0.5};
  int train_images = 0;  ///< 0 = all that are not held out
  int held_out = 5000;
  int fidelities = 1;  ///< the highest trains for all of train.epochs,
  double eta = 3;      ///< each lower one for 1 / eta of the next
};

struct TrainedModel {
  FloatModel model;
  double held_out_error_percent = 0;
  std::string failure;  ///< "" = fine
};

/// The plug-in's one interface. Made by load_trainer(); outlives nothing it returned.
class Trainer {
 public:
  virtual ~Trainer() = default;
  virtual std::unique_ptr<AccuracyEvaluator> make_supernet_evaluator(
      const SearchSpace& space, std::shared_ptr<const Dataset> data, const SupernetOptions& options,
      std::uint64_t seed) = 0;
  virtual std::unique_ptr<AccuracyEvaluator> make_train_evaluator(
      const SearchSpace& space, std::shared_ptr<const Dataset> data,
      const TrainEvaluatorOptions& options) = 0;
  /// Trains `architecture`; thread-safe (several side by side, one thread each). `inherit` may be
  /// null or a supernet evaluator made by this trainer, whose weights are the start; then
  /// `genotype` must be the architecture's.
  virtual TrainedModel train(const SearchSpace& space, const Genotype& genotype,
                             std::shared_ptr<const Dataset> data, const TrainOptions& options,
                             const AccuracyEvaluator* inherit, std::uint64_t seed,
                             const EvaluatorProgress& progress) = 0;
  /// One line: libtorch version, BLAS, threads. `warning` is non-empty on the reference BLAS.
  virtual std::string description(std::string* warning) = 0;
};

/// Opens the plug-in. Throws EnvironmentError with the remedy (build without libtorch, file
/// missing).
std::unique_ptr<Trainer> load_trainer();

}  // namespace edgefront
