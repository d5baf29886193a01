#include "evaluators/torch/train_evaluator.h"

#include <algorithm>
#include <cmath>

#include "evaluators/torch/training.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

class TrainEvaluator final : public AccuracyEvaluator {
 public:
  TrainEvaluator(const SearchSpace& space, std::shared_ptr<const Dataset> data,
                 const TrainEvaluatorOptions& options)
      : space_(space),
        data_(std::move(data)),
        options_(options),
        split_(split_train(*data_, options.held_out, kTrainSplitSeed)),
        batches_(data_->train, data_->mean, data_->stddev) {
    const int available = static_cast<int>(split_.train.size());
    if (options.train_images < 0 || options.train_images > available) {
      throw InputError("train_images is " + std::to_string(options.train_images) +
                       ", accepted is 0 (all) to " + std::to_string(available));
    }
    if (options.train_images > 0) split_.train.resize(options.train_images);
    recalibrated_ = std::min<std::size_t>(kRecalibrationImages, split_.train.size());
    options_.train.threads = 1;
  }

  std::string prepare(const std::string&, const EvaluatorProgress&) override { return ""; }

  Accuracy evaluate(const AccuracyRequest& request) override {
    try {
      use_one_thread();
      const LayerGraph graph = lower(decode(space_, request.genotype));
      Network network(graph, initial_weights(graph, request.seed));
      TrainOptions options = options_.train;
      for (int f = request.fidelity + 1; f < options_.fidelities; ++f) {
        options.epochs /= options_.eta;
      }
      const std::string failure = train_network(network, batches_, split_.train, options,
                                                space_.classes, request.seed, "candidate", nullptr);
      if (!failure.empty()) return {.ok = false, .error_percent = 0, .failure = failure};
      recalibrate(network, batches_, std::span(split_.train).first(recalibrated_));
      return {.ok = true,
              .error_percent = error_percent(network, batches_, split_.held_out),
              .failure = ""};
    } catch (const InputError&) {
      throw;
    } catch (const std::exception& error) {
      return {.ok = false, .error_percent = 0, .failure = failure_text(error)};
    }
  }

 private:
  const SearchSpace space_;
  const std::shared_ptr<const Dataset> data_;
  TrainEvaluatorOptions options_;
  TrainSplit split_;
  std::size_t recalibrated_ = 0;  ///< the first of split_.train
  const BatchMaker batches_;
};

}  // namespace

std::unique_ptr<AccuracyEvaluator> make_torch_train_evaluator(
    const SearchSpace& space, std::shared_ptr<const Dataset> data,
    const TrainEvaluatorOptions& options) {
  check_data_fits(space, *data, options.held_out);
  return std::make_unique<TrainEvaluator>(space, std::move(data), options);
}

}  // namespace edgefront
