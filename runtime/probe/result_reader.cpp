#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "runtime/probe/jobs.h"
#include "runtime/probe/json_fields.h"

namespace edgefront {
namespace {

constexpr std::int64_t kMaxInt = std::numeric_limits<int>::max();
constexpr double kMaxNumber = 1e15;
constexpr std::int64_t kMaxBytes = std::int64_t{1} << 50;
constexpr std::size_t kMaxWords = 1000;
constexpr std::size_t kMaxRuntimeBytes = 64;

void read_identity(Fields* fields, int version, DeviceIdentity* out) {
  fields->text("cpu_model", &out->cpu_model);
  fields->text("architecture", &out->architecture);
  fields->text("os", &out->os);
  fields->texts("features", kMaxWords, &out->features);
  fields->texts("kernel_sets", kMaxWords, &out->kernel_sets);
  fields->integer("cores", 0, 1'000'000, &out->cores);
  fields->integer("memory_bytes", 0, kMaxBytes, &out->memory_bytes);
  fields->integer("l1d_bytes", -1, kMaxBytes, &out->l1d_bytes);
  fields->integer("l2_bytes", -1, kMaxBytes, &out->l2_bytes);
  fields->integer("l3_bytes", -1, kMaxBytes, &out->l3_bytes);
  if (version < 2) return;
  fields->text("core_kind", &out->core_kind);
  fields->texts("kernel_versions", kMaxWords, &out->kernel_versions);
}

void read_state(Fields* fields, DeviceState* out) {
  fields->text("governor", &out->governor);
  fields->number("clock_mhz", -1, 1e6, &out->clock_mhz);
  fields->number("temperature_c", -300, 1000, &out->temperature_c);
  fields->number("load_1min", -1, 1e6, &out->load_1min);
  fields->number("reference_kernel_us", -1, kMaxNumber, &out->reference_kernel_us);
}

void read_statistics(Fields* fields, LatencyStatistics* out) {
  fields->number("latency_us", 0, kMaxNumber, &out->latency_us);
  fields->number("latency_low_us", -kMaxNumber, kMaxNumber, &out->latency_low_us);
  fields->number("latency_high_us", 0, kMaxNumber, &out->latency_high_us);
  fields->number("p50_us", 0, kMaxNumber, &out->p50_us);
  fields->number("p95_us", 0, kMaxNumber, &out->p95_us);
  fields->number("p99_us", 0, kMaxNumber, &out->p99_us);
  fields->integer("samples", 5, kMaxInt, &out->samples);
  fields->integer("rejected", 0, kMaxInt, &out->rejected);
  if (!(out->latency_us > 0 && out->latency_low_us <= out->latency_us &&
        out->latency_us <= out->latency_high_us && out->p50_us <= out->p95_us &&
        out->p95_us <= out->p99_us)) {
    fields->fail("has statistics that no series of times has");
  }
}

void read_handshake(Fields* fields, ProbeResult* out) {
  fields->integer("version", 0, kMaxInt, &out->version);
  if (out->version < 1 || out->version > kProbeVersion) {
    fields->fail("has version " + std::to_string(out->version) + ", accepted are 1 to " +
                 std::to_string(kProbeVersion));
  }
  fields->object("device", "device",
                 [out](Fields* device) { read_identity(device, out->version, &out->identity); });
  fields->object("state", "state", [out](Fields* state) { read_state(state, &out->state); });
}

// A short word, in profiles too.
void read_runtime(Fields* fields, std::string* out) {
  if (!fields->has("runtime")) return;
  fields->text("runtime", out, kMaxRuntimeBytes);
  const bool printable =
      std::all_of(out->begin(), out->end(), [](char c) { return c > ' ' && c <= '~'; });
  if (out->empty() || !printable) {
    fields->fail("field 'runtime' must be one word of printable ASCII");
  }
}

void read_layer(Fields* fields, ProbeResult* out) {
  std::string key;
  fields->text("key", &key);
  if (fields->ok()) *fields->status() = LayerKey::parse(key, &out->layer.key);
  read_runtime(fields, &out->runtime);
  read_statistics(fields, &out->layer.statistics);
}

void read_network(Fields* fields, ProbeResult* out) {
  fields->text("name", &out->network.name);
  read_runtime(fields, &out->runtime);
  read_statistics(fields, &out->network.statistics);
  if (fields->has("pass_spread")) {
    fields->number("pass_spread", 0, 1000, &out->network.pass_spread);
  }
  fields->positive_numbers("step_latency_us", kMaxLayersPerNetwork, kMaxNumber,
                           &out->network.step_latency_us);
  NetworkFacts& facts = out->facts;
  if (fields->has("kernel_set")) fields->text("kernel_set", &facts.kernel_set);
  if (fields->has("threads")) fields->integer("threads", 1, 1024, &facts.threads);
  if (fields->has("keys")) fields->texts("keys", kMaxLayersPerNetwork, &facts.keys);
  if (fields->has("load_us")) fields->number("load_us", 0, kMaxNumber, &facts.load_us);
  if (fields->has("first_invoke_us")) {
    fields->number("first_invoke_us", 0, kMaxNumber, &facts.first_invoke_us);
  }
  if (fields->has("arena_bytes")) fields->integer("arena_bytes", 0, kMaxBytes, &facts.arena_bytes);
  if (fields->has("packed_bytes")) {
    fields->integer("packed_bytes", 0, kMaxBytes, &facts.packed_bytes);
  }
}

void read_roof(Fields* fields, Roofs* out) {
  fields->text("kernel_set", &out->kernel_set);
  fields->number("fp32_gops", 0, kMaxNumber, &out->fp32_gops);
  fields->number("int8_gops", 0, kMaxNumber, &out->int8_gops);
  fields->objects("levels", 16, "level", [out](Fields* level) {
    BandwidthRoof& roof = out->levels.emplace_back();
    level->text("level", &roof.level);
    level->integer("bytes", 0, kMaxBytes, &roof.bytes);
    level->integer("probe_bytes", 0, kMaxBytes, &roof.probe_bytes);
    level->number("gb_s", 0, kMaxNumber, &roof.gb_s);
  });
  if (out->levels.empty()) fields->fail("has no level");
}

void read_progress(Fields* fields, ProbeResult* out) {
  fields->text("stage", &out->stage);
  fields->integer("done", 0, kMaxInt, &out->done);
  fields->integer("total", 1, kMaxInt, &out->total);
  if (out->done > out->total) fields->fail("has done more than there is in total");
}

void read_result(const std::string& kind, Fields* fields, ProbeResult* result) {
  const auto of_a_line = [fields, result](ResultKind which) {
    fields->integer("line", 1, kMaxInt, &result->line);
    result->kind = which;
  };
  if (kind == "handshake") {
    result->kind = ResultKind::kHandshake;
    read_handshake(fields, result);
  } else if (kind == "progress") {
    result->kind = ResultKind::kProgress;
    read_progress(fields, result);
  } else if (kind == "layer") {
    of_a_line(ResultKind::kLayer);
    read_layer(fields, result);
  } else if (kind == "network") {
    of_a_line(ResultKind::kNetwork);
    read_network(fields, result);
  } else if (kind == "reference") {
    of_a_line(ResultKind::kReference);
    fields->object("state", "state",
                   [result](Fields* state) { read_state(state, &result->state); });
  } else if (kind == "roof") {
    of_a_line(ResultKind::kRoof);
    read_roof(fields, &result->roofs);
  } else if (kind == "error") {
    of_a_line(ResultKind::kError);
    fields->text("message", &result->message, kMaxLineBytes);
  } else if (kind == "done") {
    result->kind = ResultKind::kDone;
    fields->integer("layers", 0, kMaxInt, &result->layers);
    fields->integer("networks", 0, kMaxInt, &result->networks);
    fields->integer("errors", 0, kMaxInt, &result->errors);
  } else {
    fields->fail("has the unknown kind '" + kind.substr(0, 80) + "'");
  }
}

}  // namespace

Status parse_result(const std::string& line, ProbeResult* out) {
  JsonLine json;
  Status status = json.parse(line, kMaxLineBytes);
  if (!status.ok()) return status;
  Fields fields(json, "result", &status);
  ProbeResult result;
  std::string kind;
  fields.text("result", &kind);
  if (fields.ok()) read_result(kind, &fields, &result);
  fields.finish();
  if (status.ok()) *out = std::move(result);
  return status;
}

}  // namespace edgefront
