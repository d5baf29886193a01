#include "runtime/model.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "runtime/execution_steps.h"

namespace edgefront {
namespace {

constexpr float kMaxMultiplier = 1e18f;
constexpr std::int64_t kAccumulatorLimit = std::int64_t{1} << 31;

Status wrong(const Layer& layer, const std::string& what) {
  return Status::invalid("layer '" + layer.name + "' (" + op_name(layer.op) + "): " + what);
}

Status check_size(const Layer& layer, const char* field, std::size_t have, std::int64_t want) {
  if (static_cast<std::int64_t>(have) == want) return {};
  return wrong(layer, std::string(field) + " has " + std::to_string(have) + " values, expected " +
                          std::to_string(want));
}

bool is_table_layer(const Layer& layer) {
  return layer.precision == Precision::kInt8 &&
         (layer.op == OpKind::kHswish || layer.op == OpKind::kHsigmoid);
}

std::int64_t fan_in(const LayerGraph& graph, const Layer& layer) {
  return weight_count(graph, layer) / graph.tensors[layer.output].shape.channels;
}

Status check_sizes(const LayerGraph& graph, const Layer& layer, const LayerParameters& p) {
  const bool weights = has_weights(layer.op);
  const std::int64_t count = weight_count(graph, layer);
  const std::int64_t out = weights ? graph.tensors[layer.output].shape.channels : 0;
  const bool int8 = layer.precision == Precision::kInt8;
  const struct {
    const char* field;
    std::size_t have;
    std::int64_t want;
  } rows[] = {
      {"weights_f32", p.weights_f32.size(), int8 ? 0 : count},
      {"bias_f32", p.bias_f32.size(), int8 ? 0 : out},
      {"weights_s8", p.weights_s8.size(), int8 ? count : 0},
      {"bias_s32", p.bias_s32.size(), int8 ? out : 0},
      {"weight_scales", p.weight_scales.size(), int8 ? out : 0},
      {"table", p.table.size(), is_table_layer(layer) ? 256 : 0},
  };
  for (const auto& row : rows) {
    if (Status s = check_size(layer, row.field, row.have, row.want); !s.ok()) return s;
  }
  return {};
}

bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

bool is_scale(float scale) { return std::isfinite(scale) && scale > 0; }

/// Bias and weights of an int8 layer: no accumulator may leave int32 for any input.
Status check_accumulators(const LayerGraph& graph, const Layer& layer, const LayerParameters& p) {
  const std::int64_t products = fan_in(graph, layer) * 127 * 255;
  if (products >= kAccumulatorLimit) {
    return wrong(layer, "fan-in " + std::to_string(fan_in(graph, layer)) +
                            " could overflow the accumulator, accepted is at most " +
                            std::to_string((kAccumulatorLimit - 1) / (127 * 255)));
  }
  for (const std::int32_t bias : p.bias_s32) {
    if (std::abs(std::int64_t{bias}) + products >= kAccumulatorLimit) {
      return wrong(layer, "bias " + std::to_string(bias) +
                              " could overflow the accumulator, accepted is at most " +
                              std::to_string(kAccumulatorLimit - 1 - products) + " in magnitude");
    }
  }
  if (std::find(p.weights_s8.begin(), p.weights_s8.end(), -128) != p.weights_s8.end()) {
    return wrong(layer, "a weight is -128, accepted are -127 to 127");
  }
  if (!std::all_of(p.weight_scales.begin(), p.weight_scales.end(), is_scale)) {
    return wrong(layer, "a weight scale is not finite and positive");
  }
  return {};
}

Status check_multipliers(const Model& model, int index) {
  const Layer& layer = model.graph.layers[index];
  std::vector<float> multipliers;
  if (has_weights(layer.op)) {
    multipliers = requantize_multipliers(model, index);
  } else if (layer.op == OpKind::kAdd || layer.op == OpKind::kMul ||
             layer.op == OpKind::kGlobalAveragePool) {
    multipliers.push_back(elementwise_multiplier(model, index, 0));
    if (layer.op == OpKind::kAdd) multipliers.push_back(elementwise_multiplier(model, index, 1));
  }
  for (const float m : multipliers) {
    if (!(m < kMaxMultiplier)) {
      return wrong(layer, "the scales of its tensors give a multiplier of 1e18 or more");
    }
  }
  return {};
}

Status check_int8_layer(const Model& model, int index) {
  const Layer& layer = model.graph.layers[index];
  const TensorQuantization& in = model.quantization[layer.inputs[0]];
  const TensorQuantization& out = model.quantization[layer.output];
  if (layer.op == OpKind::kRelu || layer.op == OpKind::kRelu6) {
    if (in.scale != out.scale || in.zero_point != out.zero_point) {
      return wrong(layer, "input and output differ in scale or zero point; they must be equal");
    }
  }
  const Shape& shape = model.graph.tensors[layer.inputs[0]].shape;
  if (layer.op == OpKind::kGlobalAveragePool &&
      std::int64_t{shape.height} * shape.width * 255 >= kAccumulatorLimit) {
    return wrong(layer, "more pixels than an int32 sum can hold");
  }
  if (has_weights(layer.op)) {
    if (Status s = check_accumulators(model.graph, layer, model.parameters[index]); !s.ok()) {
      return s;
    }
  }
  return check_multipliers(model, index);
}

Status check_quantization(const Model& model) {
  for (std::size_t i = 0; i < model.graph.tensors.size(); ++i) {
    const TensorQuantization& q = model.quantization[i];
    const bool int8 = model.graph.tensors[i].precision == Precision::kInt8;
    if (int8 ? !is_scale(q.scale) : q.scale != 0) {
      return Status::invalid(
          "tensor " + std::to_string(i) + ": scale " + std::to_string(q.scale) +
          (int8 ? ", accepted for int8 is finite and positive" : ", accepted for fp32 is 0"));
    }
    if (q.zero_point < (int8 ? -128 : 0) || q.zero_point > (int8 ? 127 : 0)) {
      return Status::invalid("tensor " + std::to_string(i) + ": zero point " +
                             std::to_string(q.zero_point) +
                             (int8 ? ", accepted is -128 to 127" : ", accepted for fp32 is 0"));
    }
  }
  return {};
}

std::size_t bytes_of(const LayerGraph& graph, const std::vector<std::int32_t>& tensors) {
  std::int64_t sum = 0;
  for (const std::int32_t id : tensors) sum += graph.tensors[id].bytes();
  return static_cast<std::size_t>(sum);
}

Status check_attachments(const Model& model) {
  const LayerGraph& graph = model.graph;
  const auto& mean = model.normalization.mean;
  const auto& stddev = model.normalization.stddev;
  const auto channels = static_cast<std::size_t>(graph.tensors[graph.inputs[0]].shape.channels);
  if (mean.size() != stddev.size() || (!mean.empty() && mean.size() != channels)) {
    return Status::invalid("normalisation has " + std::to_string(mean.size()) + " means and " +
                           std::to_string(stddev.size()) + " deviations, accepted are none or " +
                           std::to_string(channels) + " of both");
  }
  if (!all_finite(mean) || !std::all_of(stddev.begin(), stddev.end(), is_scale)) {
    return Status::invalid("normalisation: means must be finite, deviations finite and positive");
  }
  const std::int64_t classes = graph.tensors[graph.outputs[0]].shape.elements();
  if (!model.class_names.empty() &&
      static_cast<std::int64_t>(model.class_names.size()) != classes) {
    return Status::invalid(std::to_string(model.class_names.size()) +
                           " class names, accepted are none or " + std::to_string(classes) +
                           ", one per value of the first output");
  }
  for (const ProbeSample& probe : model.probes) {
    if (probe.input.size() != bytes_of(graph, graph.inputs) ||
        probe.expected.size() != bytes_of(graph, graph.outputs)) {
      return Status::invalid("a probe has " + std::to_string(probe.input.size()) + " and " +
                             std::to_string(probe.expected.size()) + " bytes, expected " +
                             std::to_string(bytes_of(graph, graph.inputs)) + " and " +
                             std::to_string(bytes_of(graph, graph.outputs)));
    }
  }
  return {};
}

bool has_block(const LayerGraph& graph, std::int32_t block) {
  return std::any_of(graph.layers.begin(), graph.layers.end(),
                     [block](const Layer& layer) { return layer.block == block; });
}

Status check_paths(const Model& model) {
  std::int64_t before = -1;
  for (const PathChoice& choice : model.block_choices) {
    const bool known = choice.path == BlockPath::kLayers || choice.path == BlockPath::kBanded;
    if (!known || choice.block <= before || !has_block(model.graph, choice.block)) {
      return Status::invalid("block choice for block " + std::to_string(choice.block) +
                             ": accepted is one choice, layers or bands, for a block that layers "
                             "name, in rising order");
    }
    before = choice.block;
  }
  return check_patch_layers(model.graph, model.patch_layers);
}

}  // namespace

Status validate(const Model& model) {
  if (Status s = validate(model.graph); !s.ok()) return s;
  const LayerGraph& graph = model.graph;
  if (model.quantization.size() != graph.tensors.size() ||
      model.parameters.size() != graph.layers.size()) {
    return Status::invalid("model has " + std::to_string(model.quantization.size()) +
                           " quantizations and " + std::to_string(model.parameters.size()) +
                           " parameter sets for " + std::to_string(graph.tensors.size()) +
                           " tensors and " + std::to_string(graph.layers.size()) + " layers");
  }
  if (Status s = check_quantization(model); !s.ok()) return s;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    const LayerParameters& p = model.parameters[i];
    if (Status s = check_sizes(graph, layer, p); !s.ok()) return s;
    if (!all_finite(p.weights_f32) || !all_finite(p.bias_f32)) {
      return wrong(layer, "a weight or bias is not finite");
    }
    if (layer.precision == Precision::kInt8) {
      if (Status s = check_int8_layer(model, static_cast<int>(i)); !s.ok()) return s;
    }
  }
  if (Status s = check_paths(model); !s.ok()) return s;
  return check_attachments(model);
}

Status extract_range(const Model& model, int first, int last, Model* out) {
  Model part;
  std::vector<std::int32_t> tensor_of;
  if (Status s = extract_range(model.graph, first, last, &part.graph, &tensor_of); !s.ok()) {
    return s;
  }
  for (const std::int32_t id : tensor_of) part.quantization.push_back(model.quantization[id]);
  part.parameters.assign(model.parameters.begin() + first, model.parameters.begin() + last);
  const auto same = [&](const std::vector<std::int32_t>& ids,
                        const std::vector<std::int32_t>& whole) {
    return !ids.empty() && tensor_of[ids[0]] == whole[0];
  };
  if (same(part.graph.inputs, model.graph.inputs)) part.normalization = model.normalization;
  if (same(part.graph.outputs, model.graph.outputs)) part.class_names = model.class_names;
  part.metadata = model.metadata;
  part.kernel_set = model.kernel_set;
  if (first == 0 && last >= model.patch_layers) part.patch_layers = model.patch_layers;
  for (const PathChoice& choice : model.block_choices) {
    if (has_block(part.graph, choice.block)) part.block_choices.push_back(choice);
  }
  *out = std::move(part);
  return {};
}

std::int64_t weights_bytes(const Model& model) {
  std::size_t sum = 0;
  for (const LayerParameters& p : model.parameters) {
    sum += 4 * (p.weights_f32.size() + p.bias_f32.size() + p.bias_s32.size() +
                p.weight_scales.size()) +
           p.weights_s8.size() + p.table.size();
  }
  return static_cast<std::int64_t>(sum);
}

std::int64_t weights_bytes(const LayerGraph& graph) {
  std::int64_t sum = 0;
  for (const Layer& layer : graph.layers) {
    const bool int8 = layer.precision == Precision::kInt8;
    if (has_weights(layer.op)) {
      const std::int64_t out = graph.tensors[layer.output].shape.channels;
      sum += weight_count(graph, layer) * (int8 ? 1 : 4) + out * (int8 ? 8 : 4);
    }
    if (is_table_layer(layer)) sum += 256;
  }
  return sum;
}

std::vector<float> requantize_multipliers(const Model& model, int layer) {
  const Layer& l = model.graph.layers[layer];
  const float s_x = model.quantization[l.inputs[0]].scale;
  const float s_y = model.quantization[l.output].scale;
  std::vector<float> multipliers;
  multipliers.reserve(model.parameters[layer].weight_scales.size());
  for (const float s_w : model.parameters[layer].weight_scales) {
    const float product = s_x * s_w;
    multipliers.push_back(product / s_y);
  }
  return multipliers;
}

float elementwise_multiplier(const Model& model, int layer, int operand) {
  const Layer& l = model.graph.layers[layer];
  const float s_y = model.quantization[l.output].scale;
  const float s_a = model.quantization[l.inputs[0]].scale;
  if (l.op == OpKind::kMul) {
    const float product = s_a * model.quantization[l.inputs[1]].scale;
    return product / s_y;
  }
  if (l.op == OpKind::kGlobalAveragePool) {
    const Shape& shape = model.graph.tensors[l.inputs[0]].shape;
    const float scaled = s_y * static_cast<float>(std::int64_t{shape.height} * shape.width);
    return s_a / scaled;
  }
  return (operand == 0 ? s_a : model.quantization[l.inputs[1]].scale) / s_y;
}

ClampRange clamp_range(OpKind op, const TensorQuantization& quantization) {
  ClampRange range;
  if (op == OpKind::kRelu || op == OpKind::kRelu6) range.qmin = quantization.zero_point;
  if (op == OpKind::kRelu6) {
    // The minimum before the conversion: 6/s of a tiny scale is beyond int32.
    const float room = static_cast<float>(127 - quantization.zero_point);
    const float six = std::min(std::rint(6.0f / quantization.scale), room);
    range.qmax = static_cast<std::int32_t>(six) + quantization.zero_point;
  }
  return range;
}

std::vector<std::int8_t> unary_table(OpKind op, const TensorQuantization& input,
                                     const TensorQuantization& output) {
  std::vector<std::int8_t> table;
  for (int q = -128; q < 128; ++q) {
    const double x = static_cast<double>(input.scale) * (q - input.zero_point);
    const double gate = std::min(std::max(x + 3.0, 0.0), 6.0) / 6.0;
    const double y = op == OpKind::kHswish ? x * gate : gate;
    const double scaled = std::rint(y / output.scale) + output.zero_point;
    table.push_back(static_cast<std::int8_t>(std::min(std::max(scaled, -128.0), 127.0)));
  }
  return table;
}

}  // namespace edgefront
