// The roofs of this machine, measured, and where a layer stands under them (Williams, Waterman &
// Patterson 2009, "Roofline: an insightful visual performance model for multicore architectures").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/graph.h"
#include "runtime/kernels/kernel_set.h"
#include "runtime/probe/probe.h"
#include "runtime/status.h"

namespace edgefront {

/// Read bandwidth of one level; "DRAM" is last, and holds everything.
struct BandwidthRoof {
  std::string level;             ///< "L1", "L2", "L3", "DRAM"
  std::int64_t bytes = 0;        ///< what it holds; 0 for DRAM
  std::int64_t probe_bytes = 0;  ///< what was read again and again to measure it
  double gb_s = 0;
};

/// Of one thread with one kernel set's instructions.
struct Roofs {
  std::string kernel_set;
  double fp32_gops = 0, int8_gops = 0;  ///< operations per ns, 2 per multiply-accumulate
  std::vector<BandwidthRoof> levels;    ///< nearest first, at least DRAM
};

/// The levels of a machine and how many bytes measure each: half of a cache, four times the last
/// one (at least 64 MiB) for memory. A cache of unknown size, or none larger than the one before,
/// is left out. Bandwidths are 0.
std::vector<BandwidthRoof> bandwidth_levels(const DeviceIdentity& identity);

/// Takes about a second, on the CPU that the thread is pinned to. Invalid for a set that this CPU
/// lacks, or that no loop was written for; environment where memory is short.
Status measure_roofs(const KernelSet& set, const DeviceIdentity& identity, Roofs* out);

/// What a step computes and moves.
struct StepWork {
  /// 2 per multiply-accumulate; 1 per value read by a pooling and per value written by any other
  /// layer without weights.
  double operations = 0;
  std::int64_t activation_bytes = 0;  ///< input, second operand and residual read, output written
  std::int64_t weight_bytes = 0;      ///< as packed for the kernel set
  std::int64_t bytes() const { return activation_bytes + weight_bytes; }
  double intensity() const { return operations / static_cast<double>(bytes()); }
};
StepWork work_of(const LayerGraph& graph, const Step& step, const KernelSet& set);

/// A step under the roofs. Its activations are taken to lie in the nearest level that holds them
/// all, because the step before has just written them; its weights in the nearest one that holds
/// the whole network (`network_bytes`: arena and packed weights), because they were last read an
/// invocation ago.
struct RooflinePoint {
  double gops = 0;
  double compute_us = 0, memory_us = 0;  ///< the least time that each allows
  double bound_us() const { return compute_us > memory_us ? compute_us : memory_us; }
  bool memory_bound() const { return memory_us > compute_us; }
  double share_of_peak = 0;  ///< of the arithmetic peak
  double share_of_roof = 0;  ///< bound_us / the time it took
  std::string activation_level, weight_level;
};
RooflinePoint place_under_roofs(const StepWork& work, double us, Precision precision,
                                std::int64_t network_bytes, const Roofs& roofs);

}  // namespace edgefront
