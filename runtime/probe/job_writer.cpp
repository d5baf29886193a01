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

Json json_of(const LayerGraph& graph) {
  Json json;
  json["tensors"] = Json::array();
  for (const Tensor& tensor : graph.tensors) {
    json["tensors"].push_back(
        {{"shape", {tensor.shape.height, tensor.shape.width, tensor.shape.channels}},
         {"precision", precision_name(tensor.precision)}});
  }
  json["layers"] = Json::array();
  for (const Layer& layer : graph.layers) {
    Json inputs = Json::array({layer.inputs[0]});
    if (layer.inputs[1] >= 0) inputs.push_back(layer.inputs[1]);
    json["layers"].push_back({{"name", layer.name},
                              {"op", op_name(layer.op)},
                              {"inputs", inputs},
                              {"output", layer.output},
                              {"kernel_size", layer.kernel_size},
                              {"stride", layer.stride},
                              {"block", layer.block},
                              {"precision", precision_name(layer.precision)}});
  }
  json["inputs"] = graph.inputs;
  json["outputs"] = graph.outputs;
  return json;
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
          {"l3_bytes", identity.l3_bytes}};
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

}  // namespace

std::string job_line(const ProbeJob& job) {
  Json json;
  switch (job.kind) {
    case JobKind::kProtocol:
      json = {{"job", "protocol"},
              {"warmup", job.protocol.warmup},
              {"min_samples", job.protocol.min_samples},
              {"max_samples", job.protocol.max_samples},
              {"relative_half_width", job.protocol.relative_half_width},
              {"disturbance", job.protocol.disturbance},
              {"passes", job.protocol.passes},
              {"cpu", job.protocol.cpu},
              {"seed", job.protocol.seed}};
      break;
    case JobKind::kLayer:
      json = {{"job", "layer"}, {"key", job.key.text()}};
      break;
    case JobKind::kNetwork:
      json = {{"job", "network"},
              {"name", job.name},
              {"kernel_set", job.kernel_set},
              {"threads", job.threads},
              {"graph", json_of(job.graph)}};
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
    case ResultKind::kLayer:
      json = {{"result", "layer"}, {"line", result.line}, {"key", result.layer.key.text()}};
      add_statistics(result.layer.statistics, &json);
      break;
    case ResultKind::kNetwork:
      json = {{"result", "network"}, {"line", result.line}, {"name", result.network.name}};
      add_statistics(result.network.statistics, &json);
      json["step_latency_us"] = result.network.step_latency_us;
      break;
    case ResultKind::kError:
      json = {{"result", "error"}, {"line", result.line}, {"message", result.message}};
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
