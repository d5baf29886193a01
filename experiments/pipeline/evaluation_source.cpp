#include "experiments/pipeline/evaluation_source.h"

#include "experiments/pipeline/evaluation.h"
#include "experiments/pipeline/search_run.h"
#include "experiments/pipeline/zero_cost_features.h"

namespace edgefront {
namespace {

/// The experiment's constraints, and of the devices' limits those that it does not name.
std::map<std::string, double> all_limits(const SearchExperiment& experiment,
                                         const SearchParts& parts) {
  std::map<std::string, double> limits = experiment.constraints;
  limits.insert(parts.limits.begin(), parts.limits.end());
  return limits;
}

EvaluationSource source_of(const SearchExperiment& experiment, const SearchParts& parts) {
  if (parts.source) return *parts.source;
  const auto evaluator = std::make_shared<const CandidateEvaluator>(
      parts.space, parts.devices, *parts.accuracy,
      EvaluationOptions{experiment.objectives, all_limits(experiment, parts), experiment.seed,
                        experiment.deployment});
  EvaluationSource source;
  source.problem = evaluator->problem();
  source.evaluate = [evaluator](const Candidate& c) { return evaluator->evaluate(c); };
  source.side_by_side = parts.accuracy->side_by_side();
  source.check = [evaluator] { evaluator->check(); };
  source.binding_constraint = [evaluator](const EvaluationRecord& record) {
    return evaluator->binding_constraint(record);
  };
  return source;
}

}  // namespace

EvaluationSource make_evaluation_source(const SearchExperiment& experiment,
                                        const SearchParts& parts) {
  EvaluationSource source = source_of(experiment, parts);
  source.problem.fidelities = experiment.search.fidelities;
  if (!source.problem.features) {
    add_zero_cost_features(experiment.search.features, experiment.search.threads, source.problem);
  }
  for (ObjectiveInfo& objective : source.problem.objectives) {
    if (!objective.exact && objective.noise == 0) objective.noise = experiment.search.noise;
  }
  return source;
}

}  // namespace edgefront
