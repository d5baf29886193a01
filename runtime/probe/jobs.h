// The lines that a host and a probe exchange: jobs one way, a handshake and results the other, one
// JSON object each (docs/probe_protocol.md is normative). Reading accepts any bytes and names what
// is wrong; writing gives one line without its newline.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/graph.h"
#include "runtime/probe/probe.h"
#include "runtime/status.h"

namespace edgefront {

inline constexpr int kProbeVersion = 1;                 ///< of the lines
inline constexpr std::size_t kMaxLineBytes = 4u << 20;  ///< longer lines are refused unread
inline constexpr int kMaxJobs = 200'000;                ///< per run of a probe
inline constexpr int kMaxLayersPerNetwork = 4096;       ///< stricter than the layer graph

enum class JobKind { kProtocol, kLayer, kNetwork };

struct ProbeJob {
  JobKind kind = JobKind::kLayer;
  ProtocolOptions protocol;  ///< kProtocol: for all jobs; absent fields keep their defaults
  LayerKey key;              ///< kLayer
  std::string name;          ///< kNetwork: comes back in the result
  LayerGraph graph;          ///< kNetwork: validated; run with generated weights
  std::string kernel_set;    ///< kNetwork: empty for the best
  int threads = 1;           ///< kNetwork
};

/// Invalid for anything but one complete job; unknown fields are errors.
Status parse_job(const std::string& line, ProbeJob* out);
std::string job_line(const ProbeJob& job);

enum class ResultKind { kHandshake, kLayer, kNetwork, kError, kDone };

struct ProbeResult {
  ResultKind kind = ResultKind::kDone;
  int line = 0;                  ///< of the job, counted from 1; kLayer, kNetwork, kError
  DeviceIdentity identity;       ///< kHandshake
  DeviceState state;             ///< kHandshake
  LayerMeasurement layer;        ///< kLayer
  NetworkMeasurement network;    ///< kNetwork
  std::string message;           ///< kError
  int layers = 0, networks = 0;  ///< kDone: how many results of each kind the run gave
  int errors = 0;                ///< kDone
};

/// Invalid also for a handshake of another version and for statistics that no series of times has.
Status parse_result(const std::string& line, ProbeResult* out);
std::string result_line(const ProbeResult& result);

}  // namespace edgefront
