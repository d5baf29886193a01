// The plug-in's one door: everything of libtorch is behind edgefront_make_trainer().
#include <algorithm>

#include "evaluators/torch/network.h"
#include "evaluators/torch/supernet_evaluator.h"
#include "evaluators/torch/train_evaluator.h"
#include "evaluators/torch/training.h"
#include "evaluators/trainer.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

void require(bool holds, const std::string& key, double came, const std::string& accepted) {
  if (holds) return;
  std::string number = std::to_string(came);
  number.erase(number.find_last_not_of('0') + 1);
  if (number.back() == '.') number.pop_back();
  throw InputError("train: " + key + " is " + number + ", accepted is " + accepted);
}

void check(const TrainOptions& options) {
  require(options.epochs > 0, "epochs", options.epochs, "more than 0");
  require(options.batch_size >= 2, "batch_size", options.batch_size, "2 or more");
  require(options.learning_rate > 0, "learning_rate", options.learning_rate, "more than 0");
  require(options.weight_decay >= 0, "weight_decay", options.weight_decay, "0 or more");
  require(options.label_smoothing >= 0 && options.label_smoothing < 1, "label_smoothing",
          options.label_smoothing, "0 to less than 1");
  require(options.shift_pixels >= 0, "shift_pixels", options.shift_pixels, "0 or more");
  require(options.momentum >= 0 && options.momentum < 1, "momentum", options.momentum,
          "0 to less than 1");
  require(options.threads >= 1, "threads", options.threads, "1 or more");
}

class TorchTrainer final : public Trainer {
 public:
  std::unique_ptr<AccuracyEvaluator> make_supernet_evaluator(const SearchSpace& space,
                                                             std::shared_ptr<const Dataset> data,
                                                             const SupernetOptions& options,
                                                             std::uint64_t seed) override {
    return make_torch_supernet_evaluator(space, std::move(data), options, seed);
  }

  std::unique_ptr<AccuracyEvaluator> make_train_evaluator(
      const SearchSpace& space, std::shared_ptr<const Dataset> data,
      const TrainEvaluatorOptions& options) override {
    check(options.train);
    return make_torch_train_evaluator(space, std::move(data), options);
  }

  TrainedModel train(const SearchSpace& space, const Genotype& genotype,
                     std::shared_ptr<const Dataset> data, const TrainOptions& options,
                     const AccuracyEvaluator* inherit, std::uint64_t seed,
                     const EvaluatorProgress& progress) override {
    check(options);
    check_data_fits(space, *data, options.held_out);
    TrainedModel out;
    try {
      use_one_thread();
      out.model.graph = lower(decode(space, genotype));
      Network network(out.model.graph, inherit ? inherited_weights(*inherit, genotype)
                                               : initial_weights(out.model.graph, seed));
      const TrainSplit split = split_train(*data, options.held_out, kTrainSplitSeed);
      const BatchMaker batches(data->train, data->mean, data->stddev);
      out.failure = train_network(network, batches, split.train, options, space.classes, seed,
                                  to_text(space, genotype), progress);
      if (!out.failure.empty()) return out;
      recalibrate(network, batches,
                  std::span(split.train).first(std::min(kRecalibrationImages, split.train.size())));
      out.held_out_error_percent = error_percent(network, batches, split.held_out);
      out.model.layers = network.weights();
      out.model.normalization = {.mean = data->mean, .stddev = data->stddev};
      out.model.class_names = data->class_names;
    } catch (const InputError&) {
      throw;
    } catch (const std::exception& error) {
      out.failure = failure_text(error);
    }
    return out;
  }

  std::string description(std::string* warning) override {
    const LibraryDescription libraries = describe_libraries();
    if (warning) *warning = libraries.warning;
    return libraries.text;
  }
};

}  // namespace
}  // namespace edgefront

/// A new trainer that the caller owns, or null if the header that it was compiled with is another.
extern "C" __attribute__((visibility("default"))) edgefront::Trainer* edgefront_make_trainer(
    int abi_version) {
  if (abi_version != edgefront::kTrainerAbiVersion) return nullptr;
  return new edgefront::TorchTrainer();
}
