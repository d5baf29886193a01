#include "runtime/graph_json.h"
#include "runtime/probe/base64.h"
#include "runtime/probe/jobs.h"
#include "runtime/probe/json_namespace.h"

// After json_namespace.h, which must come first.
#include <nlohmann/json.hpp>

namespace edgefront {
namespace {

using Json = nlohmann::ordered_json;

// Bytes that are no UTF-8 (a board's /proc/cpuinfo may hold any) become replacement characters.
std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json json_of(const DeviceIdentity& identity) {
  return {{"cpu_model", identity.cpu_model},
          {"architecture", identity.architecture},
          {"os", identity.os},
          {"features", identity.features},
          {"kernel_sets", identity.kernel_sets},
          {"cores", identity.cores},
          {"memory_bytes", identity.memory_bytes},
          {"l1d_bytes", identity.l1d_bytes},
          {"l2_bytes", identity.l2_bytes},
          {"l3_bytes", identity.l3_bytes},
          {"core_kind", identity.core_kind},
          {"kernel_versions", identity.kernel_versions}};
}

Json json_of(const DeviceState& state) {
  return {{"governor", state.governor},
          {"clock_mhz", state.clock_mhz},
          {"temperature_c", state.temperature_c},
          {"load_1min", state.load_1min},
          {"reference_kernel_us", state.reference_kernel_us}};
}

void add_statistics(const LatencyStatistics& statistics, Json* json) {
  (*json)["latency_us"] = statistics.latency_us;
  (*json)["latency_low_us"] = statistics.latency_low_us;
  (*json)["latency_high_us"] = statistics.latency_high_us;
  (*json)["p50_us"] = statistics.p50_us;
  (*json)["p95_us"] = statistics.p95_us;
  (*json)["p99_us"] = statistics.p99_us;
  (*json)["samples"] = statistics.samples;
  (*json)["rejected"] = statistics.rejected;
}

Json json_of(const ProtocolOptions& protocol) {
  return {{"job", "protocol"},
          {"warmup", protocol.warmup},
          {"min_samples", protocol.min_samples},
          {"max_samples", protocol.max_samples},
          {"relative_half_width", protocol.relative_half_width},
          {"disturbance", protocol.disturbance},
          {"passes", protocol.passes},
          {"pass_s", protocol.pass_s},
          {"patience_s", protocol.patience_s},
          {"step_latencies", protocol.step_latencies ? 1 : 0},
          {"chain_layers", protocol.chain_layers},
          {"chain_weights_bytes", protocol.chain_weights_bytes},
          {"cpu", protocol.cpu},
          {"seed", protocol.seed}};
}

Json json_of(const Roofs& roofs) {
  Json levels = Json::array();
  for (const BandwidthRoof& level : roofs.levels) {
    levels.push_back({{"level", level.level},
                      {"bytes", level.bytes},
                      {"probe_bytes", level.probe_bytes},
                      {"gb_s", level.gb_s}});
  }
  return {{"kernel_set", roofs.kernel_set},
          {"fp32_gops", roofs.fp32_gops},
          {"int8_gops", roofs.int8_gops},
          {"levels", levels}};
}

void add_facts(const NetworkFacts& facts, Json* json) {
  if (!facts.kernel_set.empty()) (*json)["kernel_set"] = facts.kernel_set;
  if (facts.threads > 0) (*json)["threads"] = facts.threads;
  if (!facts.keys.empty()) (*json)["keys"] = facts.keys;
  if (facts.load_us >= 0) (*json)["load_us"] = facts.load_us;
  if (facts.first_invoke_us >= 0) (*json)["first_invoke_us"] = facts.first_invoke_us;
  if (facts.arena_bytes >= 0) (*json)["arena_bytes"] = facts.arena_bytes;
  if (facts.packed_bytes >= 0) (*json)["packed_bytes"] = facts.packed_bytes;
}

Json of_line(const char* kind, const ProbeResult& result) {
  return {{"result", kind}, {"line", result.line}};
}

}  // namespace

std::string job_line(const ProbeJob& job) {
  Json json;
  switch (job.kind) {
    case JobKind::kProtocol:
      json = json_of(job.protocol);
      break;
    case JobKind::kLayer:
      json = {{"job", "layer"}, {"key", job.key.text()}};
      break;
    case JobKind::kNetwork:
      json = {{"job", "network"},
              {"name", job.name},
              {"kernel_set", job.kernel_set},
              {"threads", job.threads},
              {"graph", graph_json<Json>(job.graph)}};
      break;
    case JobKind::kModel:
      json = {{"job", "model"},
              {"name", job.name},
              {"kernel_set", job.kernel_set},
              {"threads", job.threads}};
      if (job.path.empty()) {
        json["efm"] = base64_text(job.efm.data(), job.efm.size());
      } else {
        json["path"] = job.path;
      }
      break;
    case JobKind::kReference:
      json = {{"job", "reference"}};
      break;
    case JobKind::kRoof:
      json = {{"job", "roof"}, {"kernel_set", job.kernel_set}};
      break;
    case JobKind::kRun:
      json = {{"job", "run"}};
      break;
  }
  return text_of(json);
}

std::string result_line(const ProbeResult& result) {
  Json json;
  switch (result.kind) {
    case ResultKind::kHandshake:
      json = {{"result", "handshake"},
              {"version", kProbeVersion},
              {"device", json_of(result.identity)},
              {"state", json_of(result.state)}};
      break;
    case ResultKind::kProgress:
      json = {{"result", "progress"},
              {"stage", result.stage},
              {"done", result.done},
              {"total", result.total}};
      break;
    case ResultKind::kLayer:
      json = of_line("layer", result);
      json["key"] = result.layer.key.text();
      if (!result.runtime.empty()) json["runtime"] = result.runtime;
      add_statistics(result.layer.statistics, &json);
      break;
    case ResultKind::kNetwork:
      json = of_line("network", result);
      json["name"] = result.network.name;
      if (!result.runtime.empty()) json["runtime"] = result.runtime;
      add_statistics(result.network.statistics, &json);
      json["step_latency_us"] = result.network.step_latency_us;
      json["pass_spread"] = result.network.pass_spread;
      add_facts(result.facts, &json);
      break;
    case ResultKind::kReference:
      json = of_line("reference", result);
      json["state"] = json_of(result.state);
      break;
    case ResultKind::kRoof:
      json = of_line("roof", result);
      json.update(json_of(result.roofs));
      break;
    case ResultKind::kError:
      json = of_line("error", result);
      json["message"] = result.message;
      break;
    case ResultKind::kDone:
      json = {{"result", "done"},
              {"layers", result.layers},
              {"networks", result.networks},
              {"errors", result.errors}};
      break;
  }
  return text_of(json);
}

}  // namespace edgefront
