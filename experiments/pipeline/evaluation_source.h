// What the main loop evaluates through: networks costed and trained here, the rows of a table, or
// workers elsewhere.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "experiments/pipeline/journal.h"
#include "search/search_algorithm.h"

namespace edgefront {

/// Plain functions that own (shared) or outlive nothing but what their maker says.
struct EvaluationSource {
  Problem problem;
  /// One candidate's answer; blocks until it is there. Thread-safe. A network that cannot be had is
  /// a record with status kFailed. Throws InputError and EnvironmentError.
  std::function<EvaluationRecord(const Candidate&)> evaluate;
  /// How many candidates it takes at once; 0: as many as there are cores.
  int side_by_side = 0;
  /// Throws InputError for what would stop a search later; called before anything is written.
  std::function<void()> check;
  /// The constraint with the largest relative excess in a record, for people; "" where none is.
  std::function<std::string(const EvaluationRecord&)> binding_constraint;
};

struct SearchParts;
struct SearchExperiment;

/// The parts' own source where there is one, else costs of its devices and its accuracy evaluator.
/// `parts` outlives it. Throws InputError for a name that is not in the metric table.
EvaluationSource make_evaluation_source(const SearchExperiment& experiment,
                                        const SearchParts& parts);

}  // namespace edgefront
