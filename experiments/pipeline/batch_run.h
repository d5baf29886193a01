// Many experiments, one after the other or side by side, each in a run folder of its own. What is
// done stands in the folder; the same call again goes on with what is not.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiments/batch.h"

namespace edgefront {

enum class BatchState { kWaiting, kRunning, kDone, kFailed };

const char* batch_state_name(BatchState state);

struct BatchRun {
  PlannedRun planned;
  std::string folder;
  BatchState state = BatchState::kWaiting;
  int attempts = 0;         ///< of this call, and of the one that ended it where it is done
  std::string reason = {};  ///< one line: why it failed; of a done one, that nothing was feasible
};

struct BatchOptions {
  int threads = 0;  ///< of each run; 0 = the experiment's
  /// As SearchRunOptions::stop: true ends the runs under way, which wait then, and begins no other.
  std::function<bool()> stop = {};
  /// Runs or resumes one; run_search on what the experiment names unless a test says otherwise.
  /// Thread-safe. What it throws decides: EnvironmentError is tried again, InputError and others
  /// have failed, NoFeasibleResult is done, SearchStopped waits.
  std::function<void(const PlannedRun& run, const std::string& folder)> run = {};
  /// After each change of state; one call at a time, any thread.
  std::function<void(const std::vector<BatchRun>&, std::size_t changed)> progress = {};
};

/// Runs what is not done in `folder`/NAME and keeps `folder`/batch.json. A run that was done with
/// the same experiment and budget stays as it is; one that failed or was under way when an earlier
/// call was killed is taken up again. Throws EnvironmentError where another process has the folder.
std::vector<BatchRun> run_batch(const Batch& batch, const std::string& folder,
                                const BatchOptions& options);

}  // namespace edgefront
