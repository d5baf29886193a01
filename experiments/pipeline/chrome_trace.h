// Invocations as a trace that chrome://tracing and Perfetto open ("Trace Event Format": complete
// events, ph "X", times in µs).
#pragma once

#include <string>
#include <vector>

namespace edgefront {

/// What a step is called in the trace.
struct TraceStep {
  std::string layer, kernel, key;
};

struct TracedInvocation {
  double start_us = 0;          ///< on any clock
  std::vector<double> step_us;  ///< one per step, in order and without gaps
};

/// One JSON object. Times count from the first invocation; invocations and their steps lie in one
/// track, so that steps are nested in their invocation.
std::string chrome_trace(const std::string& network, const std::vector<TraceStep>& steps,
                         const std::vector<TracedInvocation>& invocations);

}  // namespace edgefront
