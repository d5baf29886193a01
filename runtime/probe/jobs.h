// The lines that a host and a probe exchange: jobs one way, a handshake and results the other, one
// JSON object each (docs/probe_protocol.md is normative). Reading accepts any bytes and names what
// is wrong; writing gives one line without its newline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/graph.h"
#include "runtime/probe/probe.h"
#include "runtime/probe/roofs.h"
#include "runtime/status.h"

namespace edgefront {

inline constexpr int kProbeVersion = 2;                  ///< of the lines; 1 is read too
inline constexpr std::size_t kMaxLineBytes = 16u << 20;  ///< longer lines are refused unread
inline constexpr int kMaxJobs = 200'000;                 ///< per batch
inline constexpr int kMaxLayersPerNetwork = 4096;        ///< stricter than the layer graph

/// What a probe can be asked for. A long-running measurement of another kind becomes a row here, in
/// the reader and writer of its line, and a step of Session::measure_batch().
enum class JobKind { kProtocol, kLayer, kNetwork, kModel, kReference, kRoof, kRun };

struct ProbeJob {
  JobKind kind = JobKind::kLayer;
  ProtocolOptions protocol;       ///< kProtocol: for all jobs after it; absent fields keep defaults
  LayerKey key;                   ///< kLayer
  std::string name;               ///< kNetwork, kModel: comes back in the result
  LayerGraph graph;               ///< kNetwork: validated; run with generated weights
  std::vector<std::uint8_t> efm;  ///< kModel: the bytes of a model file, or empty and
  std::string path;               ///< kModel: where it lies on the probe's machine
  std::string kernel_set;         ///< kNetwork, kModel, kRoof: empty for the model's, or the best
  int threads = 1;                ///< kNetwork, kModel
};

/// Invalid for anything but one complete job; unknown fields are errors.
Status parse_job(const std::string& line, ProbeJob* out);
std::string job_line(const ProbeJob& job);

enum class ResultKind { kHandshake, kProgress, kLayer, kNetwork, kReference, kRoof, kError, kDone };

/// What a network's result says besides its times. Absent in lines of version 1 and of other
/// runtimes: empty, zero, or −1.
struct NetworkFacts {
  std::string kernel_set;         ///< that it ran with
  int threads = 0;                ///< of the network
  std::vector<std::string> keys;  ///< of its steps, LayerKey::text()
  double load_us = -1, first_invoke_us = -1;
  std::int64_t arena_bytes = -1, packed_bytes = -1;
};

struct ProbeResult {
  ResultKind kind = ResultKind::kDone;
  int version = kProbeVersion;   ///< kHandshake
  int line = 0;                  ///< of the job, counted from 1; not of handshake, progress, done
  DeviceIdentity identity;       ///< kHandshake
  DeviceState state;             ///< kHandshake, kReference: now
  std::string stage;             ///< kProgress: "layers" or "networks"
  int done = 0, total = 0;       ///< kProgress
  LayerMeasurement layer;        ///< kLayer
  NetworkMeasurement network;    ///< kNetwork
  NetworkFacts facts;            ///< kNetwork
  std::string runtime;           ///< kLayer, kNetwork: whose times these are; empty: ours
  Roofs roofs;                   ///< kRoof
  std::string message;           ///< kError
  int layers = 0, networks = 0;  ///< kDone: how many results of each kind the batch gave
  int errors = 0;                ///< kDone
};

/// Invalid also for a handshake of another version and for statistics that no series of times has.
Status parse_result(const std::string& line, ProbeResult* out);
std::string result_line(const ProbeResult& result);

}  // namespace edgefront
