// The processes that a launcher (mpirun, srun) started as one search: the first one searches, the
// others evaluate.
#pragma once

#include <memory>

#include "evaluators/message_transport.h"
#include "experiments/search_experiment.h"

namespace edgefront {

/// The job that this process belongs to; null where it searches alone. A job is joined where a
/// launcher's environment says that it has several processes, or `demanded`. Throws
/// EnvironmentError where the launcher and MPI disagree, or this build has no MPI.
std::unique_ptr<MessageTransport> join_job(bool demanded);

/// A process that evaluates, until the search lets it go. Returns the exit code.
int serve_search(MessageTransport& transport, const SearchExperiment& experiment);

}  // namespace edgefront
