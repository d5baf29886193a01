// The keys of an experiment's tables, each table listed once: the reader, the writer and the
// comparison on resume all visit the same list. A visitor is called with (key, field, what is
// accepted).
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "experiments/search_experiment.h"

namespace edgefront {

template <typename Enum>
using EnumNames = std::vector<std::pair<const char*, Enum>>;

template <typename Enum>
const char* enum_text(Enum value, const EnumNames<Enum>& names) {
  for (const auto& [name, candidate] : names) {
    if (candidate == value) return name;
  }
  return "";
}

inline const EnumNames<Precision> kPrecisionNames{{"int8", Precision::kInt8},
                                                  {"fp32", Precision::kFloat32}};
inline const EnumNames<OnMiss> kOnMissNames{{"error", OnMiss::kError},
                                            {"analytic", OnMiss::kAnalytic}};
inline const EnumNames<EvaluatorKind> kEvaluatorNames{{"proxy", EvaluatorKind::kProxy},
                                                      {"supernet", EvaluatorKind::kSupernet},
                                                      {"train", EvaluatorKind::kTrain}};
inline const EnumNames<AlgorithmKind> kAlgorithmNames{{"nsga2", AlgorithmKind::kNsga2},
                                                      {"random", AlgorithmKind::kRandom}};
inline const EnumNames<RangeMethod> kRangeNames{{"mse", RangeMethod::kMse},
                                                {"min_max", RangeMethod::kMinMax},
                                                {"percentile", RangeMethod::kPercentile}};

constexpr int kManyThreads = 1024;
constexpr int kManyImages = 100'000'000;

template <typename Visitor>
void visit(const Visitor& v, DeviceChoice& device) {
  v("name", device.name);
  v("profile", device.profile);
  v("description", device.description);
  v("precision", device.precision, kPrecisionNames);
  v("threads", device.threads, 1, kManyThreads);
  v("on_miss", device.on_miss, kOnMissNames);
  v("kernel_set", device.kernel_set);
}

template <typename Visitor>
void visit(const Visitor& v, TrainOptions& train) {
  v("epochs", train.epochs, 0.0, 1e6);
  v("batch_size", train.batch_size, 1, kManyImages);
  v("learning_rate", train.learning_rate, 0.0, 1e3);
  v("momentum", train.momentum, 0.0, 1.0);
  v("weight_decay", train.weight_decay, 0.0, 1e3);
  v("label_smoothing", train.label_smoothing, 0.0, 1.0);
  v("warm_up_epochs", train.warm_up_epochs, 0.0, 1e6);
  v("shift_pixels", train.shift_pixels, 0, 1024);
  v("flip", train.flip);
  v("held_out", train.held_out, 1, kManyImages);
  v("threads", train.threads, 1, kManyThreads);
}

template <typename Visitor>
void visit(const Visitor& v, SupernetOptions& supernet) {
  v("seconds", supernet.seconds, 0.0, 1e9);
  v("steps", supernet.steps, std::int64_t{0}, std::int64_t{1'000'000'000'000});
  v("batch_size", supernet.batch_size, 1, kManyImages);
  v("random_subnets", supernet.random_subnets, 0, 1024);
  v("learning_rate", supernet.learning_rate, 0.0, 1e3);
  v("distillation_temperature", supernet.distillation_temperature, 1e-3, 1e3);
  v("recalibration_images", supernet.recalibration_images, 1, kManyImages);
  v("held_out", supernet.held_out, 1, kManyImages);
  v("judge_images", supernet.judge_images, 0, kManyImages);
  v("shift_pixels", supernet.shift_pixels, 0, 1024);
  v("flip", supernet.flip);
  v("threads", supernet.threads, 1, kManyThreads);
}

/// [evaluator] without its kind, which decides what else may stand there.
template <typename Visitor>
void visit(const Visitor& v, EvaluatorChoice& evaluator) {
  if (evaluator.kind == EvaluatorKind::kProxy) return;
  v("data", evaluator.data);
  if (evaluator.kind == EvaluatorKind::kSupernet) {
    visit(v, evaluator.supernet);
  } else {
    visit(v, evaluator.train.train);
    v("train_images", evaluator.train.train_images, 0, kManyImages);
    evaluator.train.held_out = evaluator.train.train.held_out;
  }
}

template <typename Visitor>
void visit(const Visitor& v, SearchChoice& search) {
  v("algorithm", search.algorithm, kAlgorithmNames);
  v("population", search.population, 4, 1'000'000);
  v("evaluations", search.evaluations, 1, 100'000'000);
  v("in_flight", search.in_flight, 1, 1'000'000);
  v("crossover_probability", search.crossover_probability, 0.0, 1.0);
  v("mutation_rate", search.mutation_rate, 0.0, 1.0);
  v("include", search.include);
  v("threads", search.threads, 0, kManyThreads);
  v("max_consecutive_failures", search.max_consecutive_failures, 1, 1'000'000);
}

template <typename Visitor>
void visit(const Visitor& v, ExportChoice& choice) {
  visit(v, choice.train);
  v("inherit", choice.inherit);
  v("calibration_images", choice.calibration_images, 1, kManyImages);
  v("range", choice.quantize.range, kRangeNames);
  v("percentile_tail", choice.quantize.percentile_tail, 0.0, 0.5);
  v("bias_correction", choice.quantize.bias_correction);
  v("min_top1_percent", choice.min_top1_percent, 0.0, 100.0);
  v("max_loss_percent", choice.max_loss_percent, 0.0, 100.0);
}

}  // namespace edgefront
