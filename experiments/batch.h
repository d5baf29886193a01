// The config of many experiments (BATCH.toml): experiment files times algorithms times seeds, or
// runs that are listed one by one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/search_experiment.h"

namespace edgefront {

/// One search of a batch, with what the batch changes already put in.
struct PlannedRun {
  std::string name;        ///< of its folder: "nasbench_macro-nsga2-3"
  std::string experiment;  ///< file name without folder and ending
  SearchExperiment config;
};

struct Batch {
  std::string name;
  int retries = 1;   ///< after failures of the surroundings (a worker, a board)
  int parallel = 1;  ///< runs side by side
  std::vector<PlannedRun> runs;
};

/// Keys: `name`; `experiments` (files), `algorithms` (default: each experiment's own), `seeds` (how
/// many, from `first_seed` on; default: each experiment's own), `evaluations` (default: the
/// experiments'); [[run]] with `experiment`, and where they differ `algorithm`, `seed` and
/// `evaluations`; `retries`, `parallel`. Throws InputError (file, line, key), also for two runs of
/// one name. Paths as in an experiment.
Batch load_batch(const std::string& path);

}  // namespace edgefront
