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
#include "experiments/units.h"

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
                                                      {"train", EvaluatorKind::kTrain},
                                                      {"command", EvaluatorKind::kCommand},
                                                      {"table", EvaluatorKind::kTable},
                                                      {"predictor", EvaluatorKind::kPredictor}};
inline const EnumNames<AlgorithmKind> kAlgorithmNames{
    {"ehvi", AlgorithmKind::kEhvi},
    {"nsga2", AlgorithmKind::kNsga2},
    {"nsga3", AlgorithmKind::kNsga3},
    {"sms_emoa", AlgorithmKind::kSmsEmoa},
    {"regularized_evolution", AlgorithmKind::kRegularizedEvolution},
    {"pareto_local_search", AlgorithmKind::kParetoLocalSearch},
    {"random", AlgorithmKind::kRandom}};
inline const EnumNames<InitialDesign> kInitialDesignNames{
    {"stratified", InitialDesign::kStratified}, {"random", InitialDesign::kRandom}};
inline const EnumNames<ZeroCost> kZeroCostNames{{"none", ZeroCost::kNone},
                                                {"parameters", ZeroCost::kParameters},
                                                {"macs", ZeroCost::kMacs},
                                                {"synflow", ZeroCost::kSynflow},
                                                {"naswot", ZeroCost::kNaswot},
                                                {"grad_norm", ZeroCost::kGradNorm}};
inline const EnumNames<ZeroCost> kFeatureNames{kZeroCostNames.begin() + 1, kZeroCostNames.end()};
inline const EnumNames<RangeMethod> kRangeNames{{"mse", RangeMethod::kMse},
                                                {"min_max", RangeMethod::kMinMax},
                                                {"percentile", RangeMethod::kPercentile}};

inline const EnumNames<DeploymentPattern> kPatternNames{
    {"standalone", DeploymentPattern::kStandalone},
    {"hybrid", DeploymentPattern::kHybrid},
    {"hierarchical", DeploymentPattern::kHierarchical},
    {"federated", DeploymentPattern::kFederated}};

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

template <typename Visitor>
void visit(const Visitor& v, CommandOptions& command) {
  v("command", command.command);
  v("parallel", command.parallel, 1, kManyThreads);
  v("timeout", command.timeout_s, Unit::kSeconds);
  v("start_timeout", command.start_timeout_s, Unit::kSeconds);
  v("retries", command.retries, 0, 1000);
}

template <typename Visitor>
void visit(const Visitor& v, TableEvaluatorOptions& table) {
  v("columns", table.columns);
  v("signal", table.signal);
  v("features", table.features);
}

/// [evaluator] without its kind, which decides what else may stand there.
template <typename Visitor>
void visit(const Visitor& v, EvaluatorChoice& evaluator) {
  if (evaluator.kind == EvaluatorKind::kCommand) visit(v, evaluator.command);
  if (evaluator.kind == EvaluatorKind::kTable) visit(v, evaluator.table);
  if (evaluator.kind == EvaluatorKind::kPredictor) v("weights", evaluator.weights);
  if (!trains_here(evaluator.kind)) return;
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
  v("population", search.population, 0, 1'000'000);
  v("evaluations", search.evaluations, 1, 100'000'000);
  v("in_flight", search.in_flight, 1, 1'000'000);
  v("wall_clock", search.wall_clock_s, Unit::kSeconds);
  v("stagnation_evaluations", search.stagnation_evaluations, std::int64_t{0},
    std::int64_t{100'000'000});
  v("stagnation_growth", search.stagnation_growth, 0.0, 1.0);
  v("offspring", search.offspring, 0, 1'000'000);
  v("sample", search.sample, 0, 1'000'000);
  v("initial", search.initial, 1, 1'000'000);
  v("initial_design", search.initial_design, kInitialDesignNames);
  v("crossover_probability", search.variation.crossover_probability, 0.0, 1.0);
  v("swap_probability", search.variation.swap_probability, 0.0, 1.0);
  v("layer_probability", search.variation.layer_probability, 0.0, 1.0);
  v("mutation_rate", search.variation.mutation_rate, 0.0, 1.0);
  v("ordered", search.variation.ordered);
  v("crossover_spread", search.variation.crossover_spread, 0.0, 1000.0);
  v("mutation_spread", search.variation.mutation_spread, 0.0, 1000.0);
  v("include", search.include);
  v("threads", search.threads, 0, kManyThreads);
  v("max_consecutive_failures", search.max_consecutive_failures, 1, 1'000'000);
  v("noise", search.noise, 0.0, 1e6);
  v("replicate_share", search.replicate_share, 0.0, 1.0);
  v("max_replicates", search.max_replicates, 2, 1'000'000);
  v("fidelities", search.fidelities, 1, 8);
  v("eta", search.eta, 1.01, 1e3);
  v("zero_cost", search.zero_cost, kZeroCostNames);
  v("features", search.features, kFeatureNames);
}

template <typename Visitor>
void visit(const Visitor& v, DeploymentOptions& d) {
  constexpr double kMost = 1e15;
  v("pattern", d.pattern, kPatternNames);
  v("inferences_per_day", d.inferences_per_day, 0.0, kMost);
  v("update_period_days", d.update_period_days, 0.0, kMost);
  v("fallback_share", d.fallback_share, 0.0, 1.0);
  v("upload_bytes", d.upload_bytes, 0.0, kMost);
  v("result_bytes", d.result_bytes, 0.0, kMost);
  v("remote_latency_us", d.remote_latency_us, 0.0, kMost);
  v("bandwidth_mbit_s", d.bandwidth_mbit_s, 0.0, kMost);
  v("round_trip_us", d.round_trip_us, 0.0, kMost);
  v("energy_nj_per_bit", d.energy_nj_per_bit, 0.0, kMost);
  v("price_per_gb", d.price_per_gb, 0.0, kMost);
  v("gateway_bandwidth_mbit_s", d.gateway_bandwidth_mbit_s, 0.0, kMost);
  v("gateway_round_trip_us", d.gateway_round_trip_us, 0.0, kMost);
  v("gateway_energy_nj_per_bit", d.gateway_energy_nj_per_bit, 0.0, kMost);
  v("gateway_latency_us", d.gateway_latency_us, 0.0, kMost);
  v("gateway_price", d.gateway_price, 0.0, kMost);
  v("devices_per_gateway", d.devices_per_gateway, 1.0, kMost);
  v("escalated_share", d.escalated_share, 0.0, 1.0);
  v("samples_per_round", d.samples_per_round, 0.0, kMost);
  v("training_factor", d.training_factor, 0.0, kMost);
  v("bytes_per_parameter", d.bytes_per_parameter, 0.0, kMost);
  v("idle_w", d.idle_w, 0.0, kMost);
  v("device_price", d.device_price, 0.0, kMost);
  v("lifetime_days", d.lifetime_days, 0.0, kMost);
  v("maintenance_per_year", d.maintenance_per_year, 0.0, kMost);
  v("alpha", d.alpha, 0.0, kMost);
  v("beta", d.beta, 0.0, kMost);
  v("gamma", d.gamma, 0.0, kMost);
  v("delta", d.delta, 0.0, kMost);
  v("reference_latency_us", d.reference_latency_us, 0.0, kMost);
  v("reference_energy_uj", d.reference_energy_uj, 0.0, kMost);
  v("reference_bandwidth_bytes", d.reference_bandwidth_bytes, 0.0, kMost);
  v("reference_cost", d.reference_cost, 0.0, kMost);
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
