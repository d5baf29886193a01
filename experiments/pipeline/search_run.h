// The main loop: ask, evaluate, journal, tell. Running an experiment, resuming it and giving it
// more budget are the same call: the algorithm is run from the start and its asks are answered from
// the journal until it is exhausted. Ask k is made when the evaluations 0 … k − in_flight have been
// told, in the order of their asks, so that no result depends on who was faster.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "evaluators/accuracy_evaluator.h"
#include "experiments/pipeline/evaluation.h"
#include "experiments/pipeline/evaluation_source.h"
#include "experiments/pipeline/front_files.h"
#include "experiments/search_experiment.h"
#include "search/search_algorithm.h"
#include "space/error.h"
#include "space/search_space.h"

namespace edgefront {

/// The algorithm asks something else than the journal says it asked (exit code 3).
struct ReplayError : EnvironmentError {
  using EnvironmentError::EnvironmentError;
};

/// The run was asked to stop (SearchRunOptions::stop); the same command goes on (exit code 3).
struct SearchStopped : EnvironmentError {
  using EnvironmentError::EnvironmentError;
};

/// The search is done and no candidate meets the constraints (exit code 4). The message names the
/// nearest candidate and the constraint that binds.
struct NoFeasibleResult : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What an experiment names, made: by the command line from files, by a test by hand.
struct SearchParts {
  SearchSpace space;
  std::vector<DeviceCost> devices;              ///< in the order of the experiment
  std::shared_ptr<AccuracyEvaluator> accuracy;  ///< null where `source` says everything
  /// Evaluates in place of devices and accuracy (a table, workers); null: these two.
  std::shared_ptr<const EvaluationSource> source = {};
  /// "data", "profile.NAME", "description.NAME": for the manifest. The space's digest, the
  /// config's and the evaluator's artefact are added by run_search.
  std::map<std::string, std::string> digests;
  std::string kernel_set;  ///< that the costs are for
  /// What fits on the devices, by names of the metric table, for what the experiment does not
  /// constrain itself.
  std::map<std::string, double> limits = {};
};

struct SearchProgress {
  std::int64_t done = 0, total = 0;  ///< evaluations; total is the budget
  std::int64_t replayed = 0;         ///< of `done`, answered from the journal
  std::int64_t failed = 0;
  std::int64_t front = 0;             ///< feasible networks that no other dominates
  std::optional<double> hypervolume;  ///< of them, by the rule of front.json; it may shrink,
                                      ///< because its reference moves
  double elapsed_s = 0;               ///< of the run, in all of its processes
  std::optional<double> left_s;       ///< guess; nothing before an answer of this process
};

struct SearchRunOptions {
  int threads = 0;     ///< candidates side by side; 0 = the experiment's. No result depends on it
  bool adopt = false;  ///< where the replay differs: tell the algorithm the journal's evaluations
                       ///< from there on, and go on; journalled too
  /// Run folder whose evaluations a new run is told before it asks; they are not of its budget.
  std::string warm_start = {};
  /// Asked about ten times a second, by one thread: true ends the run as soon as what is being
  /// evaluated has ended, with SearchStopped. All that has ended is in the journal.
  std::function<bool()> stop = {};
  std::function<void(const SearchProgress&)> progress = {};  ///< one call at a time
  EvaluatorProgress prepare_progress = {};                   ///< of the work before the search
  std::function<void(const std::string&)> notice = {};  ///< one line, e.g. a torn line was dropped
};

struct RunResult {
  Front front;
  std::int64_t evaluations = 0;  ///< answered, failed ones included
  std::int64_t replayed = 0, failed = 0;
  bool exhausted = false;  ///< the space ended before the budget
  std::string stopped_by;  ///< "wall_clock", "stagnation", or empty
};

/// Runs or resumes `experiment` in `folder` and writes its front. Throws InputError (something has
/// changed since the run began, or is missing), EnvironmentError (disk, lock, too many failures in
/// a row), ReplayError, SearchStopped, NoFeasibleResult (after the front files are written).
RunResult run_search(const SearchExperiment& experiment, SearchParts& parts,
                     const std::string& folder, const SearchRunOptions& options);

}  // namespace edgefront
