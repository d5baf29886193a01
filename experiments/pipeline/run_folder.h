// What stands in a run folder: experiment.toml (resolved), manifest.json, journal.jsonl,
// front.json, front.csv, and a lock file that keeps a second process out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "experiments/pipeline/front_files.h"
#include "experiments/pipeline/journal.h"
#include "experiments/search_experiment.h"

namespace edgefront {

constexpr const char* kProgramVersion = "0.1.0";

std::string experiment_path(const std::string& folder);
std::string manifest_path(const std::string& folder);
std::string journal_path(const std::string& folder);

/// What a run was made from. Written once, before the first ask.
struct Manifest {
  std::string program;     ///< version of the program that began the run; for people
  std::string algorithm;   ///< SearchAlgorithm::version()
  std::string kernel_set;  ///< that the costs are for; "" where no device has one
  /// "config", "space", "data", "evaluator" (its artefact), "profile.NAME", "description.NAME"
  std::map<std::string, std::string> digests;
  bool operator==(const Manifest&) const = default;
};

std::string manifest_json(const Manifest& manifest);
/// Throws InputError where the file is missing or damaged.
Manifest read_manifest(const std::string& folder);
/// Digest of the keys that a resumed run may not change.
std::string config_digest(const SearchExperiment& experiment);

/// Throws InputError that names the key (was, is) if `now` changes what `folder` was begun with; a
/// folder without experiment.toml accepts everything, and so does one where nothing came of it: no
/// manifest, no journal, no supernet.
void require_same_experiment(const std::string& folder, const SearchExperiment& now);
/// The same for the kernel set and the digests; `algorithm` is compared by the replay.
void require_same_manifest(const std::string& folder, const Manifest& then, const Manifest& now);

/// Creates the folder if need be, and holds it for this process; dies with it. Throws
/// EnvironmentError that names host and process where another one has it.
class RunLock {
 public:
  explicit RunLock(const std::string& folder);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int fd_ = -1;
};

/// A run as export and report see it, also one that is not finished.
struct RunState {
  SearchExperiment experiment;
  Manifest manifest;
  std::vector<EvaluationRecord> evaluations;  ///< by index
  Front front;                      ///< built from the journal, with what was measured since
  std::vector<double> hypervolume;  ///< hypervolume_curve() against front.reference
};

/// Throws InputError (file, line) for anything missing, damaged or of another run.
RunState load_run(const std::string& folder);

/// Copies what was measured and exported of the same genotypes from `old` to `front`.
void keep_measured_facts(const Front& old, Front& front);

}  // namespace edgefront
