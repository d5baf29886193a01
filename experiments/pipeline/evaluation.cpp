#include "experiments/pipeline/evaluation.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <new>
#include <optional>

#include "experiments/pipeline/device_fronts.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"
#include "space/random.h"

namespace edgefront {
namespace {

/// A reason as it may stand in a line of ASCII.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = ' ';
  }
  return text.substr(0, 500);
}

EvaluationRecord failed(EvaluationRecord record, const std::string& reason) {
  record.status = EvaluationStatus::kFailed;
  record.objectives.clear();
  record.standard_errors.clear();
  record.metrics.clear();
  record.violation = 0;
  record.reason = one_line(reason);
  return record;
}

/// Why, or nothing where it can.
std::optional<std::string> cannot_be_built(const SearchSpace& space, const Genotype& genotype) {
  try {
    lower(decode(space, genotype));
  } catch (const InputError& error) {
    return error.what();
  }
  return std::nullopt;
}

/// What the trainer could not turn into a value itself is one here: an exception of a library must
/// not end a night's search.
Accuracy ask_accuracy(AccuracyEvaluator& evaluator, const AccuracyRequest& request) {
  Accuracy accuracy;
  try {
    return evaluator.evaluate(request);
  } catch (const InputError&) {
    throw;
  } catch (const EnvironmentError&) {
    throw;
  } catch (const std::bad_alloc&) {
    accuracy.failure = "out of memory";
  } catch (const std::exception& error) {
    accuracy.failure = std::string("the evaluator threw: ") + error.what();
  }
  return accuracy;
}

std::vector<std::shared_ptr<const CostModel>> models_of(const std::vector<DeviceCost>& devices) {
  std::vector<std::shared_ptr<const CostModel>> models;
  for (const DeviceCost& device : devices) models.push_back(device.model);
  return models;
}

}  // namespace

CandidateEvaluator::CandidateEvaluator(const SearchSpace& space, std::vector<DeviceCost> devices,
                                       AccuracyEvaluator& accuracy,
                                       const EvaluationOptions& options)
    : space_(space),
      devices_(std::move(devices)),
      compiled_(space, models_of(devices_)),
      accuracy_(accuracy),
      seed_(options.seed),
      deployment_(options.deployment) {
  std::vector<std::string> names;
  for (const DeviceCost& device : devices_) names.push_back(device.name);
  const auto choose = [&](const char* key, const std::string& name) {
    try {
      MetricChoice choice = find_metric(name, names);
      wants_accuracy_ = wants_accuracy_ || !choice.metric->of_device();
      if (choice.metric->of_device() && devices_.empty()) throw InputError("there is no device");
      return choice;
    } catch (const InputError& error) {
      throw InputError(std::string(key) + ": " + error.what());
    }
  };
  if (options.objectives.empty()) throw InputError("objectives: at least one is accepted");
  for (const std::string& name : options.objectives) {
    objectives_.push_back(choose("objectives", name));
  }
  for (const auto& [name, limit] : options.constraints) {
    limits_.push_back({choose("constraints", name), limit});
  }
}

std::vector<NetworkCost> CandidateEvaluator::costs_of(std::span<const Genotype> genotypes) const {
  std::vector<NetworkCost> costs(genotypes.size() * devices_.size());
  compiled_.costs(genotypes, costs);
  if (deployment_) {
    for (NetworkCost& cost : costs) add_deployment(*deployment_, cost);
  }
  return costs;
}

/// NaN where the device cannot say.
double CandidateEvaluator::value(const MetricChoice& choice, const Measured& measured) const {
  if (!choice.metric->of_device()) return choice.metric->of_accuracy(measured.accuracy);
  return choice.metric->of_cost(measured.costs[static_cast<std::size_t>(choice.device)])
      .value_or(std::numeric_limits<double>::quiet_NaN());
}

double CandidateEvaluator::excess(const Limit& limit, const Measured& measured) const {
  double judged = value(limit.choice, measured);
  const std::string name = limit.choice.metric->name;
  if (name == "latency_us" || name == "latency_p95_us") {
    const NetworkCost& cost = measured.costs[static_cast<std::size_t>(limit.choice.device)];
    if (cost.calibrated) judged *= cost.latency_high_us / cost.latency_us;
  }
  return relative_excess(*limit.choice.metric, judged, limit.limit);
}

std::vector<double> CandidateEvaluator::standard_errors(const Accuracy& accuracy) const {
  if (!accuracy.standard_error) return {};
  std::vector<double> errors;
  for (const MetricChoice& choice : objectives_) {
    errors.push_back(choice.metric->of_device() ? 0 : *accuracy.standard_error);
  }
  return errors;
}

std::map<std::string, double> CandidateEvaluator::all_metrics(const Measured& measured) const {
  std::map<std::string, double> all;
  for (const Metric& metric : metrics()) {
    if (!metric.of_device()) {
      if (measured.accuracy.ok) all[metric.name] = metric.of_accuracy(measured.accuracy);
      continue;
    }
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      const std::optional<double> known = metric.of_cost(measured.costs[d]);
      if (!known || !std::isfinite(*known)) continue;
      all[d == 0 ? metric.name : metric.name + ("@" + devices_[d].name)] = *known;
    }
  }
  return all;
}

void CandidateEvaluator::check() const {
  constexpr int kSamples = 100;  // a space may hold a few networks that cannot be built
  Genotype genotype;
  for (int i = 0; i < kSamples; ++i) {
    RandomStream random(seed_, static_cast<std::uint64_t>(i));
    genotype = sample_uniform(space_, random);
    try {
      lower(decode(space_, genotype));
      break;
    } catch (const InputError&) {
      if (i + 1 == kSamples) throw;
    }
  }
  const std::vector<NetworkCost> costs = costs_of({&genotype, 1});
  const Measured measured{costs, {}};
  const auto check_one = [&](const char* key, const MetricChoice& choice) {
    if (!choice.metric->of_device() || std::isfinite(value(choice, measured))) return;
    throw InputError(std::string(key) + ": device \"" +
                     devices_[static_cast<std::size_t>(choice.device)].name + "\" gives no " +
                     choice.name + " (" + choice.metric->needs + ")");
  };
  for (const MetricChoice& choice : objectives_) check_one("objectives", choice);
  for (const Limit& limit : limits_) check_one("constraints", limit.choice);
}

EvaluationRecord CandidateEvaluator::evaluate(const Candidate& candidate) const {
  const auto begun = std::chrono::steady_clock::now();
  EvaluationRecord record;
  record.index = candidate.index;
  record.genotype = to_text(space_, candidate.genotype);
  record.fidelity = candidate.fidelity;
  record.replicate = candidate.replicate;
  const auto timed = [&](EvaluationRecord done) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    done.seconds = std::round(took.count() * 1e6) / 1e6;
    return done;
  };
  std::vector<NetworkCost> costs;
  try {
    if (devices_.empty()) lower(decode(space_, candidate.genotype));
    costs = costs_of({&candidate.genotype, 1});
  } catch (const InputError&) {
    // A network that cannot be built has failed; a layer that a profile lacks ends the search.
    if (const auto reason = cannot_be_built(space_, candidate.genotype)) {
      return timed(failed(std::move(record), "cannot be built: " + *reason));
    }
    throw;
  }
  Measured measured{costs, {}};
  if (wants_accuracy_) {
    measured.accuracy = ask_accuracy(
        accuracy_, {candidate.genotype, candidate.fidelity,
                    candidate_seed(seed_, record.genotype, candidate.fidelity, candidate.replicate),
                    candidate.replicate});
    if (!measured.accuracy.ok) return timed(failed(std::move(record), measured.accuracy.failure));
  }
  const auto finite = [&](const MetricChoice& choice) {
    return std::isfinite(value(choice, measured));
  };
  for (const MetricChoice& choice : objectives_) {
    if (!finite(choice)) return timed(failed(std::move(record), choice.name + " is not finite"));
    record.objectives.push_back(as_objective(*choice.metric, value(choice, measured)));
  }
  for (const Limit& limit : limits_) {
    if (!finite(limit.choice)) {
      return timed(failed(std::move(record), limit.choice.name + " is not finite"));
    }
    record.violation += excess(limit, measured);
  }
  record.standard_errors = standard_errors(measured.accuracy);
  record.metrics = all_metrics(measured);
  for (const auto& [name, number] : measured.accuracy.extra) {
    if (record.metrics.emplace(name, number).second) continue;
    return timed(
        failed(std::move(record), "the evaluator's column " + name + " has the name of a metric"));
  }
  return timed(std::move(record));
}

std::vector<ExactCosts> CandidateEvaluator::exact_costs(std::span<const Genotype> genotypes) const {
  const std::vector<NetworkCost> costs = costs_of(genotypes);
  std::vector<ExactCosts> exact;
  exact.reserve(genotypes.size());
  for (std::size_t i = 0; i < genotypes.size(); ++i) {
    const std::span<const NetworkCost> all(costs);
    exact.push_back(exact_costs({all.subspan(i * devices_.size(), devices_.size()), {}}));
  }
  return exact;
}

ExactCosts CandidateEvaluator::exact_costs(const Measured& measured) const {
  ExactCosts exact;
  for (const MetricChoice& choice : objectives_) {
    if (!choice.metric->of_device()) continue;
    const double known = as_objective(*choice.metric, value(choice, measured));
    const NetworkCost& cost = measured.costs[static_cast<std::size_t>(choice.device)];
    const bool latency = std::string(choice.metric->name) == "latency_us";
    exact.values.push_back(known);
    exact.low.push_back(latency ? cost.latency_low_us : known);
    exact.high.push_back(latency ? cost.latency_high_us : known);
  }
  for (const Limit& limit : limits_) {
    if (!limit.choice.metric->of_device()) continue;
    exact.violation += excess(limit, measured);
  }
  return exact;
}

Problem CandidateEvaluator::problem() const {
  Problem problem;
  problem.space = &space_;
  for (const MetricChoice& choice : objectives_) {
    problem.objectives.push_back({.name = choice.name, .exact = choice.metric->of_device()});
  }
  std::vector<std::string> names;
  for (const MetricChoice& choice : objectives_) names.push_back(choice.name);
  problem.fronts = front_objectives(names);
  for (const Limit& limit : limits_) {
    problem.constraints.push_back(limit.choice.name);
    if (limit.choice.metric->of_device()) continue;
    for (ObjectiveInfo& objective : problem.objectives) {
      if (objective.name != limit.choice.name) continue;
      objective.limit = as_objective(*limit.choice.metric, limit.limit);
    }
  }
  problem.exact_costs = [this](const std::vector<Genotype>& genotypes) {
    return exact_costs(std::span<const Genotype>(genotypes));
  };
  return problem;
}

std::string CandidateEvaluator::binding_constraint(const EvaluationRecord& record) const {
  const auto metric = [&](const std::string& name) {
    const auto found = record.metrics.find(name);
    return found == record.metrics.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
  };
  struct Judged {
    const Limit* limit;
    double known, upper;  // upper end of the interval of a latency
  };
  std::vector<Judged> all;
  double plain = 0;  // by the values alone; what is missing in the violation, upper ends add
  for (const Limit& limit : limits_) {
    const std::string device =
        limit.choice.device == 0 ? "" : "@" + devices_[std::size_t(limit.choice.device)].name;
    const std::string base = limit.choice.metric->name;
    const double known = metric(base + device);
    if (std::isnan(known)) continue;
    const bool latency = base == "latency_us" || base == "latency_p95_us";
    const double ratio = metric("latency_high_us" + device) / metric("latency_us" + device);
    all.push_back({&limit, known, latency && ratio > 1 ? known * ratio : known});
    plain += relative_excess(*limit.choice.metric, known, limit.limit);
  }
  const bool upper_ends_count = plain + 1e-9 < record.violation;
  double largest = 0;
  std::string text;
  for (const Judged& one : all) {
    const Metric& of = *one.limit->choice.metric;
    const double judged = upper_ends_count ? one.upper : one.known;
    const double excess = relative_excess(of, judged, one.limit->limit);
    if (excess <= largest) continue;
    largest = excess;
    text = one.limit->choice.name + " " + print_quantity(one.known, of.unit) +
           (judged > one.known ? " (up to " + print_quantity(judged, of.unit) + " when measured)"
                               : "") +
           (of.sense == Sense::kMinimised ? " over" : " under") + " the limit of " +
           print_quantity(one.limit->limit, of.unit);
  }
  return text;
}

std::uint64_t candidate_seed(std::uint64_t run_seed, const std::string& genotype_text, int fidelity,
                             int replicate) {
  const std::uint64_t genotype = XXH3_64bits(genotype_text.data(), genotype_text.size());
  const std::uint64_t which =
      (static_cast<std::uint64_t>(fidelity) << 32) | static_cast<std::uint32_t>(replicate);
  return mix_seed(mix_seed(run_seed, genotype), which);
}

Evaluation to_evaluation(const SearchSpace& space, const EvaluationRecord& record) {
  return {.index = record.index,
          .genotype = parse_genotype(space, record.genotype),
          .objectives = record.objectives,
          .violation = record.violation,
          .fidelity = record.fidelity,
          .replicate = record.replicate,
          .standard_errors = record.standard_errors,
          .status = record.status,
          .reason = record.reason};
}

}  // namespace edgefront
