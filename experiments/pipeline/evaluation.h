// One candidate's answer: the only place where cost and accuracy meet.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "costmodels/compiled_costs.h"
#include "costmodels/cost_model.h"
#include "evaluators/accuracy_evaluator.h"
#include "experiments/pipeline/journal.h"
#include "experiments/pipeline/metrics.h"
#include "search/search_algorithm.h"
#include "space/search_space.h"

namespace edgefront {

/// What a device of the experiment costs by.
struct DeviceCost {
  std::string name;
  std::shared_ptr<const CostModel> model;
};

struct EvaluationOptions {
  std::vector<std::string> objectives;        ///< names of the metric table, also NAME@DEVICE
  std::map<std::string, double> constraints;  ///< limits above 0, by the same names
  std::uint64_t seed = 0;                     ///< of the run
  std::optional<DeploymentOptions> deployment = {};
};

/// Thread-safe after construction. What is passed in outlives it.
class CandidateEvaluator {
 public:
  /// Throws InputError for a name that is not in the metric table or a device that is not there.
  CandidateEvaluator(const SearchSpace& space, std::vector<DeviceCost> devices,
                     AccuracyEvaluator& accuracy, const EvaluationOptions& options);

  /// Costs one network of the space, so that what would stop a search stops it before it starts:
  /// throws InputError for layers that a profile lacks, or an objective or constraint that a
  /// device cannot give (energy without sensor and coefficients).
  void check() const;

  /// A network that cannot be built, a training that failed and a number that is not finite are
  /// records with status kFailed. Accuracy is asked for only where an objective or constraint uses
  /// it. Throws InputError (a layer that a profile lacks) and EnvironmentError.
  EvaluationRecord evaluate(const Candidate& candidate) const;

  /// The objectives that are exact (costs, in order) with their intervals, without accuracy, from
  /// tables of blocks where the devices allow it; for Problem::exact_costs. Throws InputError as
  /// evaluate().
  std::vector<ExactCosts> exact_costs(std::span<const Genotype> genotypes) const;

  /// As the algorithms want it; refers to this.
  Problem problem() const;

  /// The constraint with the largest relative excess in `record`, e.g. "latency_us 61us over the
  /// limit of 40us"; "" where none is exceeded.
  std::string binding_constraint(const EvaluationRecord& record) const;

 private:
  struct Limit {
    MetricChoice choice;
    double limit = 0;
  };
  struct Measured {
    std::span<const NetworkCost> costs;  ///< per device
    Accuracy accuracy;
  };
  /// Of each genotype on each device, the devices of one genotype side by side.
  std::vector<NetworkCost> costs_of(std::span<const Genotype> genotypes) const;
  ExactCosts exact_costs(const Measured& measured) const;
  double value(const MetricChoice& choice, const Measured& measured) const;
  /// Relative excess of one constraint. A calibrated latency is judged by the upper end of its
  /// interval, so that nearly all feasible networks keep the budget when they are measured.
  double excess(const Limit& limit, const Measured& measured) const;
  /// Of each objective, where the evaluator gave that of the error; else empty.
  std::vector<double> standard_errors(const Accuracy& accuracy) const;
  std::map<std::string, double> all_metrics(const Measured& measured) const;

  const SearchSpace& space_;
  std::vector<DeviceCost> devices_;
  CompiledCosts compiled_;
  AccuracyEvaluator& accuracy_;
  std::vector<MetricChoice> objectives_;
  std::vector<Limit> limits_;
  std::uint64_t seed_;
  std::optional<DeploymentOptions> deployment_;
  bool wants_accuracy_ = false;
};

/// The seed of a candidate's training: of run seed, genotype, fidelity and replicate only.
std::uint64_t candidate_seed(std::uint64_t run_seed, const std::string& genotype_text, int fidelity,
                             int replicate);

/// The record as the search side sees it.
Evaluation to_evaluation(const SearchSpace& space, const EvaluationRecord& record);

}  // namespace edgefront
