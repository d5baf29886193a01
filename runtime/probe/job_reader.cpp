#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "runtime/probe/base64.h"
#include "runtime/probe/jobs.h"
#include "runtime/probe/json_fields.h"

namespace edgefront {
namespace {

constexpr std::int64_t kMaxInt = std::numeric_limits<int>::max();

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

void read_tensor(Fields* fields, Tensor* out) {
  std::vector<std::int32_t> shape;
  fields->ids("shape", 3, &shape);
  if (shape.size() != 3) {
    fields->fail("field 'shape' must hold height, width and channels");
  } else {
    out->shape = Shape{shape[0], shape[1], shape[2]};
  }
  read_precision(fields, &out->precision);
}

void read_layer(Fields* fields, Layer* out) {
  fields->text("name", &out->name);
  std::string op;
  fields->text("op", &op);
  if (!parse_op(op, &out->op)) fields->fail("has the unknown op '" + op.substr(0, 80) + "'");
  std::vector<std::int32_t> inputs;
  fields->ids("inputs", 2, &inputs);
  if (inputs.empty() || inputs.size() > 2) fields->fail("must have one or two inputs");
  for (std::size_t i = 0; i < std::min<std::size_t>(inputs.size(), 2); ++i) {
    out->inputs[i] = inputs[i];
  }
  fields->integer("output", 0, kMaxInt, &out->output);
  fields->integer("kernel_size", 0, 1000, &out->kernel_size);
  fields->integer("stride", 0, 1000, &out->stride);
  fields->integer("block", 0, kMaxInt, &out->block);
  read_precision(fields, &out->precision);
}

void read_graph(Fields* fields, LayerGraph* out) {
  constexpr std::size_t kMaxTensors = std::size_t{kMaxLayersPerNetwork} * 2;
  fields->objects("tensors", kMaxTensors, "tensor",
                  [out](Fields* tensor) { read_tensor(tensor, &out->tensors.emplace_back()); });
  fields->objects("layers", kMaxLayersPerNetwork, "layer",
                  [out](Fields* layer) { read_layer(layer, &out->layers.emplace_back()); });
  fields->ids("inputs", kMaxTensors, &out->inputs);
  fields->ids("outputs", kMaxTensors, &out->outputs);
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
  if (fields->has("pass_s")) fields->number("pass_s", 0, 3600, &out->pass_s);
  if (fields->has("patience_s")) fields->number("patience_s", 0, 3600, &out->patience_s);
  if (fields->has("step_latencies")) {
    int wanted = 1;
    fields->integer("step_latencies", 0, 1, &wanted);
    out->step_latencies = wanted != 0;
  }
  if (fields->has("chain_layers")) fields->integer("chain_layers", 1, 1000, &out->chain_layers);
  if (fields->has("chain_weights_bytes")) {
    fields->integer("chain_weights_bytes", 0, std::int64_t{1} << 30, &out->chain_weights_bytes);
  }
  if (fields->has("cpu")) fields->integer("cpu", -1, 65'535, &out->cpu);
  if (fields->has("seed")) fields->seed("seed", &out->seed);
  if (out->max_samples < out->min_samples) fields->fail("has max_samples below min_samples");
}

// What networks and models have in common.
void read_setting(Fields* fields, ProbeJob* out) {
  fields->text("name", &out->name);
  if (fields->has("kernel_set")) fields->text("kernel_set", &out->kernel_set);
  if (fields->has("threads")) fields->integer("threads", 1, 1024, &out->threads);
}

void read_model(Fields* fields, ProbeJob* out) {
  read_setting(fields, out);
  if (fields->has("efm") == fields->has("path")) {
    return fields->fail("must have either the field 'efm' or the field 'path'");
  }
  if (fields->has("path")) {
    fields->text("path", &out->path);
    if (out->path.empty()) fields->fail("has an empty path");
    return;
  }
  std::string text;
  fields->text("efm", &text, kMaxLineBytes);
  if (!base64_bytes(text, &out->efm) || out->efm.empty()) {
    fields->fail("field 'efm' must be the bytes of a model file in base64");
  }
}

JobKind kind_of(const std::string& name, Fields* fields) {
  if (name == "protocol") return JobKind::kProtocol;
  if (name == "layer") return JobKind::kLayer;
  if (name == "network") return JobKind::kNetwork;
  if (name == "model") return JobKind::kModel;
  if (name == "reference") return JobKind::kReference;
  if (name == "roof") return JobKind::kRoof;
  if (name != "run") {
    fields->fail("has the unknown kind '" + name.substr(0, 80) +
                 "', accepted are 'layer', 'model', 'network', 'protocol', 'reference', 'roof' "
                 "and 'run'");
  }
  return JobKind::kRun;
}

void read_job(Fields* fields, ProbeJob* job) {
  std::string text;
  fields->text("job", &text);
  job->kind = kind_of(text, fields);
  switch (job->kind) {
    case JobKind::kProtocol:
      return read_protocol(fields, &job->protocol);
    case JobKind::kLayer:
      text.clear();
      fields->text("key", &text);
      if (fields->ok()) *fields->status() = LayerKey::parse(text, &job->key);
      return;
    case JobKind::kNetwork:
      read_setting(fields, job);
      return fields->object("graph", "graph",
                            [job](Fields* graph) { read_graph(graph, &job->graph); });
    case JobKind::kModel:
      return read_model(fields, job);
    case JobKind::kRoof:
      if (fields->has("kernel_set")) fields->text("kernel_set", &job->kernel_set);
      return;
    case JobKind::kReference:
    case JobKind::kRun:
      return;
  }
}

}  // namespace

Status parse_job(const std::string& line, ProbeJob* out) {
  JsonLine json;
  Status status = json.parse(line, kMaxLineBytes);
  if (!status.ok()) return status;
  Fields fields(json, "job", &status);
  ProbeJob job;
  read_job(&fields, &job);
  fields.finish();
  if (status.ok() && job.kind == JobKind::kNetwork) status = validate(job.graph);
  if (status.ok()) *out = std::move(job);
  return status;
}

}  // namespace edgefront
