#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "runtime/probe/jobs.h"
#include "runtime/probe/json_namespace.h"

// After json_namespace.h, which must come first.
#include <nlohmann/json.hpp>

namespace edgefront {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxTextBytes = 4096;  // of a key, a name, a message
constexpr std::int64_t kMaxInt = std::numeric_limits<int>::max();
constexpr double kMaxNumber = 1e15;
constexpr std::int64_t kMaxBytes = std::int64_t{1} << 50;

// Takes fields out of one object and remembers the first thing that is wrong. Every field of the
// object must have been taken, so that a misspelt one is not ignored.
class Fields {
 public:
  Fields(const Json& object, std::string what, Status* status)
      : object_(object), what_(std::move(what)), status_(status) {
    if (!object.is_object()) fail("is not an object");
  }

  bool has(const char* name) { return object_.is_object() && object_.contains(name); }

  const Json* take(const char* name) {
    if (!status_->ok()) return nullptr;
    if (!has(name)) {
      fail(std::string("lacks the field '") + name + "'");
      return nullptr;
    }
    taken_.push_back(name);
    return &object_.find(name).value();
  }

  void text(const char* name, std::string* out, std::size_t limit = kMaxTextBytes) {
    const Json* json = take(name);
    if (json == nullptr) return;
    if (!json->is_string() || json->get_ref<const std::string&>().size() > limit) {
      return fail(std::string("field '") + name + "' must be a string of at most " +
                  std::to_string(limit) + " bytes");
    }
    *out = json->get_ref<const std::string&>();
  }

  template <class Integer>
  void integer(const char* name, std::int64_t low, std::int64_t high, Integer* out) {
    const Json* json = take(name);
    if (json == nullptr) return;
    if (!is_integer(*json, low, high)) {
      return fail(std::string("field '") + name + "' must be an integer from " +
                  std::to_string(low) + " to " + std::to_string(high));
    }
    *out = static_cast<Integer>(json->get<std::int64_t>());
  }

  void seed(const char* name, std::uint64_t* out) {
    const Json* json = take(name);
    if (json == nullptr) return;
    if (!json->is_number_unsigned()) {
      return fail(std::string("field '") + name + "' must be a non-negative 64-bit integer");
    }
    *out = json->get<std::uint64_t>();
  }

  void number(const char* name, double low, double high, double* out) {
    const Json* json = take(name);
    if (json == nullptr) return;
    const double value = json->is_number() ? json->get<double>() : std::nan("");
    if (!(value >= low && value <= high)) {
      return fail(std::string("field '") + name + "' must be a number from " + plain(low) + " to " +
                  plain(high));
    }
    *out = value;
  }

  // Calls `element(json)` for each element; false from it fails the field.
  template <class Element>
  void array(const char* name, std::size_t limit, const char* accepted, const Element& element) {
    const Json* json = take(name);
    if (json == nullptr) return;
    bool good = json->is_array() && json->size() <= limit;
    if (good) {
      for (const Json& one : *json) good = good && element(one);
    }
    if (!good && status_->ok()) {
      fail(std::string("field '") + name + "' must be an array of at most " +
           std::to_string(limit) + " " + accepted);
    }
  }

  void texts(const char* name, std::vector<std::string>* out) {
    array(name, 1000, "strings", [&](const Json& json) {
      if (!json.is_string()) return false;
      out->push_back(json.get_ref<const std::string&>());
      return out->back().size() <= kMaxTextBytes;
    });
  }

  void ids(const char* name, std::vector<std::int32_t>* out) {
    array(name, kMaxLayersPerNetwork * 2, "tensor ids", [&](const Json& json) {
      if (!is_integer(json, 0, kMaxInt)) return false;
      out->push_back(json.get<std::int32_t>());
      return true;
    });
  }

  void finish() {
    if (!status_->ok()) return;
    for (const auto& item : object_.items()) {
      if (std::find(taken_.begin(), taken_.end(), item.key()) == taken_.end()) {
        return fail("has the unknown field '" + item.key().substr(0, 80) + "'");
      }
    }
  }

  void fail(const std::string& problem) {
    if (status_->ok()) *status_ = Status::invalid(what_ + " " + problem);
  }

  static bool is_integer(const Json& json, std::int64_t low, std::int64_t high) {
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > static_cast<std::uint64_t>(high)) {
      return false;
    }
    return json.is_number_integer() && json.get<std::int64_t>() >= low &&
           json.get<std::int64_t>() <= high;
  }

 private:
  static std::string plain(double value) {
    std::string text = Json(value).dump();
    return text;
  }

  const Json& object_;
  std::string what_;
  Status* status_;
  std::vector<std::string> taken_;
};

Status parse_line(const std::string& line, Json* out) {
  if (line.size() > kMaxLineBytes) {
    return Status::invalid("line has " + std::to_string(line.size()) +
                           " bytes, accepted are at most " + std::to_string(kMaxLineBytes));
  }
  *out = Json::parse(line, nullptr, false);
  if (out->is_discarded()) return Status::invalid("line is not valid JSON");
  if (!out->is_object()) return Status::invalid("line is not a JSON object");
  return {};
}

bool parse_precision(const std::string& name, Precision* out) {
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    if (name != precision_name(precision)) continue;
    *out = precision;
    return true;
  }
  return false;
}

bool parse_op(const std::string& name, OpKind* out) {
  for (int i = 0; i <= static_cast<int>(OpKind::kDequantize); ++i) {
    *out = static_cast<OpKind>(i);
    if (name == op_name(*out)) return true;
  }
  return false;
}

void read_precision(Fields* fields, Precision* out) {
  std::string name;
  fields->text("precision", &name);
  if (!parse_precision(name, out)) fields->fail("field 'precision' must be 'fp32' or 'int8'");
}

void read_tensor(const Json& json, Status* status, Tensor* out) {
  Fields fields(json, "tensor", status);
  std::vector<std::int32_t> shape;
  fields.ids("shape", &shape);
  if (shape.size() != 3) {
    fields.fail("field 'shape' must hold height, width and channels");
  } else {
    out->shape = Shape{shape[0], shape[1], shape[2]};
  }
  read_precision(&fields, &out->precision);
  fields.finish();
}

void read_layer(const Json& json, Status* status, Layer* out) {
  Fields fields(json, "layer", status);
  fields.text("name", &out->name);
  std::string op;
  fields.text("op", &op);
  if (!parse_op(op, &out->op)) fields.fail("has the unknown op '" + op.substr(0, 80) + "'");
  std::vector<std::int32_t> inputs;
  fields.ids("inputs", &inputs);
  if (inputs.empty() || inputs.size() > 2) fields.fail("must have one or two inputs");
  for (std::size_t i = 0; i < std::min<std::size_t>(inputs.size(), 2); ++i) {
    out->inputs[i] = inputs[i];
  }
  fields.integer("output", 0, kMaxInt, &out->output);
  fields.integer("kernel_size", 0, 1000, &out->kernel_size);
  fields.integer("stride", 0, 1000, &out->stride);
  fields.integer("block", 0, kMaxInt, &out->block);
  read_precision(&fields, &out->precision);
  fields.finish();
}

void read_graph(const Json& json, Status* status, LayerGraph* out) {
  Fields fields(json, "graph", status);
  fields.array("tensors", kMaxLayersPerNetwork * 2, "tensors", [&](const Json& one) {
    read_tensor(one, status, &out->tensors.emplace_back());
    return status->ok();
  });
  fields.array("layers", kMaxLayersPerNetwork, "layers", [&](const Json& one) {
    read_layer(one, status, &out->layers.emplace_back());
    return status->ok();
  });
  fields.ids("inputs", &out->inputs);
  fields.ids("outputs", &out->outputs);
  fields.finish();
  if (status->ok()) *status = validate(*out);
}

void read_protocol(Fields* fields, ProtocolOptions* out) {
  if (fields->has("warmup")) fields->integer("warmup", 0, 10'000, &out->warmup);
  if (fields->has("min_samples")) fields->integer("min_samples", 5, 100'000, &out->min_samples);
  if (fields->has("max_samples")) fields->integer("max_samples", 5, 100'000, &out->max_samples);
  if (fields->has("relative_half_width")) {
    fields->number("relative_half_width", 0, 1, &out->relative_half_width);
  }
  if (fields->has("disturbance")) fields->number("disturbance", 1, 1000, &out->disturbance);
  if (fields->has("passes")) fields->integer("passes", 1, 100, &out->passes);
  if (fields->has("cpu")) fields->integer("cpu", -1, 65'535, &out->cpu);
  if (fields->has("seed")) fields->seed("seed", &out->seed);
  if (out->max_samples < out->min_samples) fields->fail("has max_samples below min_samples");
}

void read_key(Fields* fields, Status* status, LayerKey* out) {
  std::string text;
  fields->text("key", &text);
  if (status->ok()) *status = LayerKey::parse(text, out);
}

void read_identity(const Json& json, Status* status, DeviceIdentity* out) {
  Fields fields(json, "device", status);
  fields.text("cpu_model", &out->cpu_model);
  fields.text("architecture", &out->architecture);
  fields.text("os", &out->os);
  fields.texts("features", &out->features);
  fields.texts("kernel_sets", &out->kernel_sets);
  fields.integer("cores", 0, 1'000'000, &out->cores);
  fields.integer("memory_bytes", 0, kMaxBytes, &out->memory_bytes);
  fields.integer("l1d_bytes", -1, kMaxBytes, &out->l1d_bytes);
  fields.integer("l2_bytes", -1, kMaxBytes, &out->l2_bytes);
  fields.integer("l3_bytes", -1, kMaxBytes, &out->l3_bytes);
  fields.finish();
}

void read_state(const Json& json, Status* status, DeviceState* out) {
  Fields fields(json, "state", status);
  fields.text("governor", &out->governor);
  fields.number("clock_mhz", -1, 1e6, &out->clock_mhz);
  fields.number("temperature_c", -300, 1000, &out->temperature_c);
  fields.number("load_1min", -1, 1e6, &out->load_1min);
  fields.number("reference_kernel_us", -1, kMaxNumber, &out->reference_kernel_us);
  fields.finish();
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

void read_handshake(Fields* fields, Status* status, ProbeResult* out) {
  int version = 0;
  fields->integer("version", 0, kMaxInt, &version);
  if (version != kProbeVersion) {
    fields->fail("has version " + std::to_string(version) + ", accepted is " +
                 std::to_string(kProbeVersion));
  }
  if (const Json* json = fields->take("device")) read_identity(*json, status, &out->identity);
  if (const Json* json = fields->take("state")) read_state(*json, status, &out->state);
}

void read_network_result(Fields* fields, NetworkMeasurement* out) {
  fields->text("name", &out->name);
  read_statistics(fields, &out->statistics);
  fields->array("step_latency_us", kMaxLayersPerNetwork, "positive numbers", [&](const Json& one) {
    const double value = one.is_number() ? one.get<double>() : 0;
    out->step_latency_us.push_back(value);
    return value > 0 && value <= kMaxNumber;
  });
}

}  // namespace

Status parse_job(const std::string& line, ProbeJob* out) {
  Json json;
  Status status = parse_line(line, &json);
  if (!status.ok()) return status;
  Fields fields(json, "job", &status);
  ProbeJob job;
  std::string kind;
  fields.text("job", &kind);
  if (kind == "protocol") {
    job.kind = JobKind::kProtocol;
    read_protocol(&fields, &job.protocol);
  } else if (kind == "layer") {
    job.kind = JobKind::kLayer;
    read_key(&fields, &status, &job.key);
  } else if (kind == "network") {
    job.kind = JobKind::kNetwork;
    fields.text("name", &job.name);
    if (fields.has("kernel_set")) fields.text("kernel_set", &job.kernel_set);
    if (fields.has("threads")) fields.integer("threads", 1, 1024, &job.threads);
    if (const Json* graph = fields.take("graph")) read_graph(*graph, &status, &job.graph);
  } else {
    fields.fail("has the unknown kind '" + kind.substr(0, 80) +
                "', accepted are 'layer', 'network' and 'protocol'");
  }
  fields.finish();
  if (status.ok()) *out = std::move(job);
  return status;
}

Status parse_result(const std::string& line, ProbeResult* out) {
  Json json;
  Status status = parse_line(line, &json);
  if (!status.ok()) return status;
  Fields fields(json, "result", &status);
  ProbeResult result;
  std::string kind;
  fields.text("result", &kind);
  const bool of_a_line = kind == "layer" || kind == "network" || kind == "error";
  if (of_a_line) fields.integer("line", 1, kMaxInt, &result.line);
  if (kind == "handshake") {
    result.kind = ResultKind::kHandshake;
    read_handshake(&fields, &status, &result);
  } else if (kind == "layer") {
    result.kind = ResultKind::kLayer;
    read_key(&fields, &status, &result.layer.key);
    read_statistics(&fields, &result.layer.statistics);
  } else if (kind == "network") {
    result.kind = ResultKind::kNetwork;
    read_network_result(&fields, &result.network);
  } else if (kind == "error") {
    result.kind = ResultKind::kError;
    fields.text("message", &result.message, kMaxLineBytes);
  } else if (kind == "done") {
    result.kind = ResultKind::kDone;
    fields.integer("layers", 0, kMaxInt, &result.layers);
    fields.integer("networks", 0, kMaxInt, &result.networks);
    fields.integer("errors", 0, kMaxInt, &result.errors);
  } else {
    fields.fail("has the unknown kind '" + kind.substr(0, 80) + "'");
  }
  fields.finish();
  if (status.ok()) *out = std::move(result);
  return status;
}

}  // namespace edgefront
