// The long measurements of the real machine: soak, clock levels, energy. Each writes lines
// (trace_lines.h) and changes nothing on the machine but, for clock levels, the clocks, which are
// set back whatever happens.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/probe/soak.h"
#include "runtime/status.h"

namespace edgefront {

struct TraceOptions {
  std::string root;        ///< below which sensors and clocks are; "" for the real ones
  std::string kernel_set;  ///< of the work; empty: the best
  int threads = 1;
  int cpu = -1;  ///< pin to this CPU; −1: the one that the thread is on
  SoakOptions soak;
  double window_s = 5;  ///< per layer, for a meter outside the machine
};

/// Gets one line without its newline; false stops.
using LineWriter = std::function<bool(const std::string&)>;

Status trace_soak(const TraceOptions& options, const LineWriter& write);

/// To be called before any thread was started.
Status trace_frequencies(const TraceOptions& options, const LineWriter& write);

/// Energy of each layer above the idle machine. Environment error without a readable sensor, with
/// the remedy.
Status trace_energy(const std::vector<LayerKey>& keys, const TraceOptions& options,
                    const LineWriter& write);

/// The same for a power meter outside the machine: marks the beginning and the end with a pattern
/// of work and rest, and tells when which layer ran. Its log makes energies of that
/// (`edgefront profile --power-log`).
Status trace_windows(const std::vector<LayerKey>& keys, const TraceOptions& options,
                     const LineWriter& write);

/// "30m", "90s", "2h" or seconds; false for anything else and for what is not above zero.
bool parse_duration(const std::string& text, double* seconds);

}  // namespace edgefront
