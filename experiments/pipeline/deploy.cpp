#include "experiments/pipeline/deploy.h"

#include <algorithm>

#include "experiments/host.h"
#include "experiments/pipeline/int8_accuracy.h"
#include "hwprofiles/layer_listing.h"
#include "runtime/execution_steps.h"
#include "runtime/export/float_model.h"
#include "runtime/export/mixed_precision.h"
#include "runtime/export/simplify.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr struct {
  RangeMethod method;
  const char* name;
} kRangeMethods[] = {{RangeMethod::kMse, "mse"},
                     {RangeMethod::kPercentile, "percentile"},
                     {RangeMethod::kMinMax, "minmax"}};

/// Images `indices[first, first + count)` of the training part.
ImageSet subset(const ImageSet& images, const std::vector<int>& indices, std::size_t count) {
  ImageSet result{images.height, images.width, images.channels, {}, {}};
  for (std::size_t i = 0; i < std::min(count, indices.size()); ++i) {
    const auto pixels = images.image(indices[i]);
    result.pixels.insert(result.pixels.end(), pixels.begin(), pixels.end());
    result.labels.push_back(images.labels[std::size_t(indices[i])]);
  }
  return result;
}

CalibrationSet calibration_set(const ImageSet& images, const InputNormalization& normalization) {
  CalibrationSet set;
  set.count = images.count();
  set.images.reserve(images.pixels.size());
  const std::size_t channels = std::size_t(images.channels);
  for (std::size_t i = 0; i < images.pixels.size(); ++i) {
    const std::size_t c = i % channels;
    set.images.push_back((float(images.pixels[i]) / 255.0f - normalization.mean[c]) /
                         normalization.stddev[c]);
  }
  return set;
}

const char* name_of(RangeMethod method) {
  for (const auto& range : kRangeMethods) {
    if (range.method == method) return range.name;
  }
  return "";
}

/// The set itself, or none (the best of this CPU) where the model is for another device: int8 has
/// the same bits in all of them.
std::string runs_here(const std::string& kernel_set) {
  const KernelSet* set = nullptr;
  return choose_kernel_set(kernel_set, &set).ok() ? kernel_set : "";
}

/// Quantizes by the wanted range method, and by the others where it loses too much on `held_out`.
Model quantize_well(const Model& folded, const CalibrationSet& calibration,
                    const ImageSet& held_out, const DeployOptions& options, std::string* method) {
  const auto top1 = [&](const Model& model) {
    return measure_accuracy(model, held_out, runs_here(options.kernel_set), 1).top1_percent;
  };
  Model best = quantize(folded, calibration, options.quantize);
  *method = name_of(options.quantize.range);
  double best_top1 = top1(best);
  if (best_top1 >= top1(folded) - options.max_loss_percent / 2) return best;
  for (const auto& range : kRangeMethods) {
    if (range.method == options.quantize.range) continue;
    QuantizeOptions other = options.quantize;
    other.range = range.method;
    Model candidate = quantize(folded, calibration, other);
    if (const double candidate_top1 = top1(candidate); candidate_top1 > best_top1) {
      best_top1 = candidate_top1;
      best = std::move(candidate);
      *method = range.name;
    }
  }
  return best;
}

/// The model in the precision that was asked for. Fills precision and range_method of `result`.
Model model_of(const Model& folded, const CalibrationSet& calibration, const ImageSet& held_out,
               const DeployOptions& options, Deployment* result) {
  result->precision = "fp32";
  if (options.precision == ExportPrecision::kFloat32) return folded;
  Model int8 = quantize_well(folded, calibration, held_out, options, &result->range_method);
  result->precision = "int8";
  if (options.precision == ExportPrecision::kInt8) return int8;
  const std::vector<bool> float_layers = options.choose_float_layers(folded.graph);
  if (std::find(float_layers.begin(), float_layers.end(), true) == float_layers.end()) return int8;
  result->precision = "mixed";
  return mix_precisions(folded, int8, float_layers);
}

/// How the model runs, stored in it.
void choose_execution(const DeployOptions& options, Model* model) {
  if (options.choose_paths) model->block_choices = options.choose_paths(model->graph);
  if (!options.patch_wise) return;
  const KernelSet& set =
      options.kernel_set.empty() ? resolve_kernel_set("") : find_kernel_set(options.kernel_set);
  const StepOptions steps{true, BlockPath::kRule, model->block_choices, 0};
  model->patch_layers = best_patch_layers(model->graph, set, 1, steps);
}

}  // namespace

Deployment deploy(Trainer& trainer, const SearchSpace& space, const Genotype& genotype,
                  std::shared_ptr<const Dataset> data, const DeployOptions& options,
                  const AccuracyEvaluator* inherit, std::uint64_t seed,
                  const EvaluatorProgress& progress) {
  Deployment result;
  const TrainedModel trained =
      trainer.train(space, genotype, data, options.train, inherit, seed, progress);
  if (!trained.failure.empty()) {
    result.failure = trained.failure;
    return result;
  }
  const Model folded = simplify(fold_batch_norm(trained.model));
  const TrainSplit split = split_train(*data, options.train.held_out, kTrainSplitSeed);
  const ImageSet calibration_images =
      subset(data->train, split.train, std::size_t(options.calibration_images));
  const ImageSet held_out = subset(data->train, split.held_out, 4096);
  const CalibrationSet calibration = calibration_set(calibration_images, folded.normalization);
  // Simplified again: quantization and precisions show more, and the outputs keep every bit.
  result.model = simplify(model_of(
      folded, calibration, held_out.count() > 0 ? held_out : calibration_images, options, &result));
  Model& model = result.model;
  model.kernel_set = options.kernel_set;
  choose_execution(options, &model);
  model.metadata = {{"genotype", to_text(space, genotype)}, {"space", space.name},
                    {"space_digest", space.digest},         {"data", data->name},
                    {"data_digest", data->digest},          {"seed", std::to_string(seed)},
                    {"range_method", result.range_method},  {"precision", result.precision}};
  std::vector<std::vector<std::uint8_t>> inputs;
  for (int i = 0; i < std::min(options.probe_samples, calibration_images.count()); ++i) {
    inputs.push_back(input_bytes_of_pixels(model, calibration_images.image(i)));
  }
  add_probes(model, inputs);
  result.held_out_error_percent = trained.held_out_error_percent;
  const std::string set = runs_here(options.kernel_set);
  result.float_top1 = measure_accuracy(folded, data->test, set, 1).top1_percent;
  result.int8_top1 = measure_accuracy(model, data->test, set, 1).top1_percent;
  return result;
}

}  // namespace edgefront
