// One conversation with a host: handshake, all jobs in, results out (docs/probe_protocol.md).
#pragma once

#include <cstdio>
#include <functional>
#include <string>

#include "runtime/probe/jobs.h"

namespace edgefront {

struct SessionSummary {
  int layers = 0, networks = 0;  ///< results written
  int errors = 0;                ///< error lines written
  bool written = true;           ///< false: the host is gone or the disk is full
};

/// Reads jobs to the end of `in`, then measures them: layers first, all together. A line that is no
/// job, or that this machine cannot measure, gives an error result that names it; the others go on.
/// C's files: streams would add a megabyte to a static program. `progress` gets ("layers" or
/// "networks", done, total).
SessionSummary run_session(std::FILE* in, std::FILE* out, const DeviceIdentity& identity,
                           const DeviceState& state,
                           const std::function<void(const std::string&, int, int)>& progress);

/// One line without its newline, of which at most `limit` + 1 bytes are kept and the rest skipped.
/// False at the end of the input.
bool read_line(std::FILE* in, std::size_t limit, std::string* line);

}  // namespace edgefront
