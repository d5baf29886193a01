// What a run comes to when nothing more is asked: its front and the other files that are functions
// of its journal.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiments/pipeline/evaluation_source.h"
#include "experiments/pipeline/front_files.h"
#include "experiments/pipeline/journal.h"

namespace edgefront {

/// Writes front.json, front.csv, hypervolume.csv and the audit into `folder`, each atomically, and
/// returns the front. `told` in order of index. What an earlier front of the folder says of
/// measured networks stays; `notice` (may be null) gets the lines of the audit, and a line where
/// that front is damaged. Throws EnvironmentError.
Front write_results(const std::string& folder, const std::vector<std::string>& objectives,
                    const Problem& problem, const std::vector<EvaluationRecord>& told,
                    const std::function<void(const std::string&)>& notice);

/// Why the evaluations have no front: how many failed, else who is nearest and what binds there.
std::string no_feasible_result(const EvaluationSource& source,
                               const std::vector<EvaluationRecord>& told);

}  // namespace edgefront
