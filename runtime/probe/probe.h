// Measures fused layers and whole networks on the machine that it runs on. Host and board use this
// same code: `profile` calls it in-process, `edgefront-probe` speaks it as JSON Lines (jobs.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/kernels/kernel_set.h"
#include "runtime/model.h"
#include "runtime/probe/statistics.h"
#include "runtime/status.h"

namespace edgefront {

struct ProtocolOptions {
  int warmup = 10;                    ///< rounds before samples count
  int min_samples = 50;               ///< per entry
  int max_samples = 2000;             ///< adaptive stop at the latest here
  double relative_half_width = 0.03;  ///< stop when the 95 % interval is within ± this share
  double disturbance = 1.05;  ///< samples of a round whose reference kernel took more than this
                              ///< times its usual time are repeated, not averaged in
  int passes = 3;  ///< over the whole list, in other chains and groups each time; an entry's pass
                   ///< with the middle latency stands, so that a slow minute does not. Entries
                   ///< whose passes disagree get as many more at the most
  double pass_s = 0;       ///< each pass takes at least so long, by resting after it: what a clock
                           ///< drifts by within some seconds shifts one pass and not the middle one
  double patience_s = 20;  ///< of rests, in all and beyond the time that was worked, until a
                           ///< disturbance is over; 0: no rests
  bool step_latencies = true;  ///< of networks too; doubles their time
  /// Layers are measured in chains of so many, as many as a network of theirs has, or of so many
  /// bytes of weights (0: any): how much else runs in between decides which cache weights come
  /// from.
  int chain_layers = 24;
  std::int64_t chain_weights_bytes = 0;
  int cpu = -1;            ///< pin to this CPU; −1: the one the thread is on
  std::uint64_t seed = 1;  ///< order of interleaving, generated weights and inputs
};

struct LayerMeasurement {
  LayerKey key;
  LatencyStatistics statistics;
};

struct NetworkMeasurement {
  std::string name;                     ///< e.g. the genotype's text
  LatencyStatistics statistics;         ///< of whole invocations, input written before each
  std::vector<double> step_latency_us;  ///< trimmed mean per step, from separate timed runs; empty
                                        ///< where they were not asked for
  double pass_spread = 0;  ///< relative standard deviation of the passes' latencies; 0: one pass
};

/// Called after each entry of each pass with (done, total).
using ProbeProgress = std::function<void(int, int)>;

/// Invalid unless measure_layers accepts this key: a layer, of a kernel set that this CPU has, in
/// the version that this program contains, and of a size that a board can be asked to run.
Status check_measurable(const LayerKey& key);
/// The same for a network with generated weights; an empty kernel set is the best one.
Status check_measurable(const LayerGraph& graph, const std::string& kernel_set, int threads);

/// Layers as they run inside networks: joined into chains of about `chain_layers` (chains.h) that
/// share one arena, each layer with its input freshly written by the one before and its weights
/// last touched an invocation ago; a chain runs a dozen times before it is timed. Results in the
/// order of `keys`, which are distinct. Keys of kernel sets that this CPU lacks are invalid.
Status measure_layers(const std::vector<LayerKey>& keys, const ProtocolOptions& options,
                      const ProbeProgress& progress, std::vector<LayerMeasurement>* out);

/// Whole networks, interleaved in shuffled order; at each visit a network runs a dozen times
/// untimed, until the caches are in the state in which it leaves them for itself, and then ten
/// times timed.
Status measure_networks(const std::vector<const Model*>& models,
                        const std::vector<std::string>& names, const std::string& kernel_set,
                        int threads, const ProtocolOptions& options, const ProbeProgress& progress,
                        std::vector<NetworkMeasurement>* out);

/// Who and in what state this machine is; unknown values are empty or negative. `root` is the
/// folder below which /proc and /sys are read ("" for the real one; tests give a fake tree).
struct DeviceIdentity {
  std::string cpu_model, architecture, os;
  std::vector<std::string> features;     ///< "avx2", "avx512_vnni", …
  std::vector<std::string> kernel_sets;  ///< available, best first
  int cores = 0;
  std::int64_t memory_bytes = 0, l1d_bytes = -1, l2_bytes = -1, l3_bytes = -1;
  std::string core_kind{};  ///< of the cores that are measured on; "" where all are alike
  /// Of every set in `kernel_sets`, as "avx2:conv@3"; kernels are named as KernelSet's versions
  /// are.
  std::vector<std::string> kernel_versions{};
};
struct DeviceState {
  std::string governor;  ///< "" where there is no cpufreq
  double clock_mhz = -1, temperature_c = -1, load_1min = -1;
  double reference_kernel_us = -1;  ///< the kernel that disturbance is judged by
};
DeviceIdentity describe_device(const std::string& root);
/// Of one set, as in DeviceIdentity.
std::vector<std::string> kernel_versions(const KernelSet& set);
DeviceState describe_state(const std::string& root);

}  // namespace edgefront
