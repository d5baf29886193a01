// Beginning a run with what another one has evaluated.
#pragma once

#include <string>

#include "experiments/pipeline/journal.h"
#include "experiments/pipeline/run_folder.h"
#include "experiments/search_experiment.h"

namespace edgefront {

/// The text that the journal of a new run begins with: the evaluations of the run in `folder`,
/// numbered anew from 0, and that they are told before the first ask. What the numbers mean must be
/// the same: space, devices, objectives, constraints, evaluator, data and their digests; name,
/// seed, [search] and [export] may differ. Throws InputError that names the first difference.
std::string warm_start_journal(const std::string& folder, const SearchExperiment& experiment,
                               const Manifest& manifest);

/// A run that goes on may be given its warm start again, and no other. Throws InputError.
void require_same_warm_start(const JournalContents& journal, const std::string& warm_start,
                             const std::string& path);

}  // namespace edgefront
