// A search whose candidates are evaluated by the other processes of a job. Each of them opens the
// same experiment; the process that searches sends candidates and takes journal lines.
#pragma once

#include <optional>
#include <string>

#include "evaluators/worker_pool.h"
#include "experiments/pipeline/evaluation_source.h"
#include "experiments/pipeline/search_parts.h"
#include "experiments/search_experiment.h"

namespace edgefront {

/// From here on every candidate of the search is evaluated by a worker of `pool`, which outlives
/// `parts`; costs, checks and messages stay here. The run folder's manifest is written before the
/// first candidate.
void use_workers(WorkerPool& pool, const SearchExperiment& experiment, SearchParts& parts,
                 const std::string& folder);

/// What serve() answers with in a process that evaluates: the other end of use_workers().
class SearchWorker {
 public:
  /// `rank` is part of the names of its logs. Nothing is opened before the first question.
  SearchWorker(const SearchExperiment& experiment, int rank);
  /// Throws InputError where the experiment cannot be opened here, or is not that of the run's
  /// manifest (another file, profile, data set, kernel set).
  std::string answer(const std::string& question);

 private:
  void prepare(const std::string& folder);

  SearchExperiment experiment_;
  OpenedExperiment opened_;
  std::optional<EvaluationSource> source_;
};

}  // namespace edgefront
