// One conversation with a host: handshake, then batches of jobs in and their results out
// (docs/probe_protocol.md).
#pragma once

#include <cstdio>
#include <functional>
#include <string>

#include "runtime/probe/jobs.h"

namespace edgefront {

struct SessionSummary {
  int layers = 0, networks = 0;  ///< results written, of all batches
  int errors = 0;                ///< error lines written
  bool written = true;           ///< false: the host is gone or the disk is full
};

/// Reads jobs up to a line {"job":"run"} or the end of `in`, measures them, layers all together,
/// and goes on with the next batch until the end of `in`, or until nobody reads `out`. A line that
/// is no job, or that this machine cannot measure, gives an error result that names it; the others
/// go on. C's files: streams would add a megabyte to a static program. `progress` gets ("layers" or
/// "networks", done, total) of a batch that the end of the input closed; of others the host gets
/// progress lines.
SessionSummary run_session(std::FILE* in, std::FILE* out, const DeviceIdentity& identity,
                           const DeviceState& state,
                           const std::function<void(const std::string&, int, int)>& progress);

}  // namespace edgefront
