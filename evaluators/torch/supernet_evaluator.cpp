#include "evaluators/torch/supernet_evaluator.h"

#include <filesystem>

#include "evaluators/torch/supernet_training.h"
#include "evaluators/torch/training.h"
#include "runtime/file.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

class SupernetEvaluator final : public AccuracyEvaluator {
 public:
  SupernetEvaluator(const SearchSpace& space, std::shared_ptr<const Dataset> data,
                    const SupernetOptions& options, std::uint64_t seed)
      : space_(space),
        data_(std::move(data)),
        options_(options),
        seed_(seed),
        split_(split_train(*data_, options.held_out, kTrainSplitSeed)),
        batches_(data_->train, data_->mean, data_->stddev),
        shared_(space_, seed) {
    recalibration_ = split_.train;
    if (options.recalibration_images < static_cast<int>(recalibration_.size())) {
      recalibration_.resize(options.recalibration_images);
    }
    judged_ = split_.held_out;
    if (options.judge_images > 0 && options.judge_images < static_cast<int>(judged_.size())) {
      judged_.resize(options.judge_images);
    }
  }

  std::string prepare(const std::string& folder, const EvaluatorProgress& progress) override {
    const std::string path = folder + "/supernet.bin";
    const std::string identity = "space " + space_.digest + " data " + data_->digest;
    std::vector<std::uint8_t> bytes;
    if (std::filesystem::exists(path)) {
      const Status status = read_file(path, &bytes);
      if (status.code() == StatusCode::kInvalid) throw InputError(status.message());
      if (!status.ok()) throw EnvironmentError(status.message());
      shared_.parse(bytes, identity, path);
      return digest_hex(bytes.data(), bytes.size());
    }
    const std::string failure =
        train_supernet(shared_, space_, batches_, split_.train, options_, seed_, progress);
    if (!failure.empty()) throw EnvironmentError("training the supernet: " + failure);
    bytes = shared_.serialize(identity);
    const Status status = write_file_atomic(path, bytes.data(), bytes.size());
    if (!status.ok()) throw EnvironmentError(status.message());
    return digest_hex(bytes.data(), bytes.size());
  }

  Accuracy evaluate(const AccuracyRequest& request) override {
    try {
      use_one_thread();
      const LayerGraph graph = lower(decode(space_, request.genotype));
      Network network(graph, weights(request.genotype));
      recalibrate(network, batches_, recalibration_);
      return {
          .ok = true, .error_percent = error_percent(network, batches_, judged_), .failure = ""};
    } catch (const InputError&) {
      throw;
    } catch (const std::exception& error) {
      return {.ok = false, .error_percent = 0, .failure = failure_text(error)};
    }
  }

  WeightMap weights(const Genotype& genotype) const {
    const Architecture architecture = decode(space_, genotype);
    return shared_.extract(architecture, lower(architecture));
  }

 private:
  const SearchSpace space_;
  const std::shared_ptr<const Dataset> data_;
  const SupernetOptions options_;
  const std::uint64_t seed_;
  const TrainSplit split_;
  const BatchMaker batches_;
  SharedWeights shared_;  ///< read-only after prepare()
  std::vector<int> recalibration_, judged_;
};

void require(bool holds, const std::string& what, const std::string& accepted) {
  if (!holds) throw InputError("supernet: " + what + ", accepted is " + accepted);
}

}  // namespace

std::unique_ptr<AccuracyEvaluator> make_torch_supernet_evaluator(
    const SearchSpace& space, std::shared_ptr<const Dataset> data, const SupernetOptions& options,
    std::uint64_t seed) {
  check_data_fits(space, *data, options.held_out);
  require(options.seconds > 0, "seconds is " + std::to_string(options.seconds), "more than 0");
  require(options.batch_size >= 2, "batch_size is " + std::to_string(options.batch_size),
          "2 or more");
  require(options.random_subnets >= 0,
          "random_subnets is " + std::to_string(options.random_subnets), "0 or more");
  require(options.distillation_temperature > 0,
          "distillation_temperature is " + std::to_string(options.distillation_temperature),
          "more than 0");
  require(options.recalibration_images >= 1,
          "recalibration_images is " + std::to_string(options.recalibration_images), "1 or more");
  return std::make_unique<SupernetEvaluator>(space, std::move(data), options, seed);
}

WeightMap inherited_weights(const AccuracyEvaluator& evaluator, const Genotype& genotype) {
  const auto* supernet = dynamic_cast<const SupernetEvaluator*>(&evaluator);
  if (!supernet) throw InputError("weights can be inherited from a supernet evaluator only");
  return supernet->weights(genotype);
}

}  // namespace edgefront
