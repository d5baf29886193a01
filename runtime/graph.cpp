#include "runtime/graph.h"

#include <unordered_set>

namespace edgefront {
namespace {

constexpr std::int64_t kMaxElements = std::int64_t{1} << 28;
constexpr std::size_t kMaxLayers = 65536;

std::string text_of(const Shape& s) {
  return std::to_string(s.height) + "x" + std::to_string(s.width) + "x" +
         std::to_string(s.channels);
}

Status wrong(const Layer& layer, const std::string& what) {
  return Status::invalid("layer '" + layer.name + "' (" + op_name(layer.op) + "): " + what);
}

bool is_binary(OpKind op) { return op == OpKind::kAdd || op == OpKind::kMul; }
bool is_windowed(OpKind op) { return op == OpKind::kConv2d || op == OpKind::kDepthwiseConv2d; }

bool shape_in_bounds(const Shape& s) {
  if (s.height < 1 || s.width < 1 || s.channels < 1) return false;
  // Two steps, so that three large factors cannot overflow.
  const std::int64_t pixels = std::int64_t{s.height} * s.width;
  return pixels <= kMaxElements && pixels * s.channels <= kMaxElements;
}

bool is_tensor(std::int32_t id, const std::vector<Tensor>& tensors) {
  return id >= 0 && static_cast<std::size_t>(id) < tensors.size();
}

Status check_operands(const Layer& layer, const std::vector<Tensor>& tensors) {
  const int count = is_binary(layer.op) ? 2 : 1;
  for (int i = 0; i < 2; ++i) {
    const std::int32_t id = layer.inputs[i];
    if (i < count ? !is_tensor(id, tensors) : id != -1) {
      return wrong(layer, "input " + std::to_string(i) + " is tensor " + std::to_string(id) +
                              ", accepted is " +
                              (i < count ? "0 to " + std::to_string(tensors.size()) + " exclusive"
                                         : std::string("-1 for an operator with one input")));
    }
  }
  return {};
}

Status infer_window(const Layer& layer, const Shape& in, Shape* out) {
  const std::int32_t k = layer.kernel_size;
  if (k != 1 && k != 3 && k != 5 && k != 7) {
    return wrong(layer, "kernel_size " + std::to_string(k) + ", accepted are 1, 3, 5, 7");
  }
  if (layer.stride != 1 && layer.stride != 2) {
    return wrong(layer, "stride " + std::to_string(layer.stride) + ", accepted are 1, 2");
  }
  out->height = (in.height + 2 * (k / 2) - k) / layer.stride + 1;
  out->width = (in.width + 2 * (k / 2) - k) / layer.stride + 1;
  return {};
}

/// Precisions: all tensors of a layer share the layer's, but for the input of the two conversions.
Status check_precision(const Layer& layer, const std::vector<Tensor>& tensors) {
  const auto enumerated = [](Precision p) {
    return p == Precision::kFloat32 || p == Precision::kInt8;
  };
  if (!enumerated(layer.precision)) return wrong(layer, "unknown precision");
  Precision expected = layer.precision;
  if (layer.op == OpKind::kQuantize || layer.op == OpKind::kDequantize) {
    const bool quantize = layer.op == OpKind::kQuantize;
    expected = quantize ? Precision::kFloat32 : Precision::kInt8;
    if (layer.precision == expected) {
      return wrong(layer, quantize ? "precision must be int8" : "precision must be fp32");
    }
  }
  for (const std::int32_t id : layer.inputs) {
    if (id >= 0 && tensors[id].precision != expected) {
      return wrong(layer, "tensor " + std::to_string(id) + " is read as " +
                              precision_name(expected) + " but is " +
                              precision_name(tensors[id].precision));
    }
  }
  if (tensors[layer.output].precision != layer.precision) {
    return wrong(layer, std::string("precision ") + precision_name(layer.precision) +
                            " differs from that of its output tensor");
  }
  return {};
}

Status check_layer(const LayerGraph& graph, const Layer& layer, std::vector<bool>* written) {
  if (layer.op > OpKind::kDequantize) return wrong(layer, "unknown operator");
  if (Status s = check_operands(layer, graph.tensors); !s.ok()) return s;
  if (!is_tensor(layer.output, graph.tensors)) {
    return wrong(layer, "output is tensor " + std::to_string(layer.output) + ", accepted is 0 to " +
                            std::to_string(graph.tensors.size()) + " exclusive");
  }
  for (const std::int32_t id : layer.inputs) {
    if (id >= 0 && !(*written)[id]) {
      return wrong(layer, "reads tensor " + std::to_string(id) + " before it is written");
    }
  }
  if ((*written)[layer.output]) {
    return wrong(layer, "writes tensor " + std::to_string(layer.output) +
                            ", which is an input or was written before");
  }
  (*written)[layer.output] = true;
  Shape shape;
  if (Status s = infer_shape(layer, graph.tensors, &shape); !s.ok()) return s;
  if (shape != graph.tensors[layer.output].shape) {
    return wrong(layer, "output shape " + text_of(graph.tensors[layer.output].shape) +
                            ", expected " + text_of(shape));
  }
  if (weight_count(graph, layer) > kMaxElements) {
    return wrong(layer, "more than 2^28 weights");
  }
  return check_precision(layer, graph.tensors);
}

Status check_layers(const LayerGraph& graph, std::vector<bool>* written) {
  std::unordered_set<std::string> names;
  std::int32_t block = 0;
  for (const Layer& layer : graph.layers) {
    if (Status s = check_layer(graph, layer, written); !s.ok()) return s;
    if (!names.insert(layer.name).second) return wrong(layer, "another layer has this name");
    if (layer.block < block) {
      return wrong(layer, "block " + std::to_string(layer.block) + " follows block " +
                              std::to_string(block) + "; blocks must not decrease");
    }
    block = layer.block;
  }
  return {};
}

Status check_inputs(const LayerGraph& graph, std::vector<bool>* written) {
  if (graph.inputs.empty()) return Status::invalid("graph has no inputs");
  for (const std::int32_t id : graph.inputs) {
    if (!is_tensor(id, graph.tensors) || (*written)[id]) {
      return Status::invalid("graph input " + std::to_string(id) +
                             " is no tensor or is listed twice");
    }
    (*written)[id] = true;
  }
  return {};
}

Status check_outputs(const LayerGraph& graph) {
  if (graph.outputs.empty()) return Status::invalid("graph has no outputs");
  std::vector<bool> taken(graph.tensors.size());
  for (const std::int32_t id : graph.inputs) taken[id] = true;
  for (const std::int32_t id : graph.outputs) {
    if (!is_tensor(id, graph.tensors) || taken[id]) {
      return Status::invalid("graph output " + std::to_string(id) +
                             " is no tensor, is an input or is listed twice");
    }
    taken[id] = true;
  }
  return {};
}

}  // namespace

const char* op_name(OpKind op) {
  switch (op) {
    case OpKind::kConv2d:
      return "conv2d";
    case OpKind::kDepthwiseConv2d:
      return "depthwise_conv2d";
    case OpKind::kFullyConnected:
      return "fully_connected";
    case OpKind::kAdd:
      return "add";
    case OpKind::kMul:
      return "mul";
    case OpKind::kGlobalAveragePool:
      return "global_average_pool";
    case OpKind::kRelu:
      return "relu";
    case OpKind::kRelu6:
      return "relu6";
    case OpKind::kHswish:
      return "hswish";
    case OpKind::kHsigmoid:
      return "hsigmoid";
    case OpKind::kQuantize:
      return "quantize";
    case OpKind::kDequantize:
      return "dequantize";
  }
  return "unknown";
}

const char* precision_name(Precision precision) {
  return precision == Precision::kInt8 ? "int8" : "fp32";
}

bool has_weights(OpKind op) { return is_windowed(op) || op == OpKind::kFullyConnected; }

bool is_unary_activation(OpKind op) {
  return op == OpKind::kRelu || op == OpKind::kRelu6 || op == OpKind::kHswish ||
         op == OpKind::kHsigmoid;
}

Status infer_shape(const Layer& layer, const std::vector<Tensor>& tensors, Shape* out) {
  if (Status s = check_operands(layer, tensors); !s.ok()) return s;
  const Shape in = tensors[layer.inputs[0]].shape;
  *out = in;
  if (has_weights(layer.op)) {
    if (!is_tensor(layer.output, tensors)) {
      return wrong(layer, "has no output tensor to take the channel count from");
    }
    out->channels = tensors[layer.output].shape.channels;
  }
  if (is_windowed(layer.op)) {
    if (layer.op == OpKind::kDepthwiseConv2d && out->channels != in.channels) {
      return wrong(layer, "turns " + std::to_string(in.channels) + " channels into " +
                              std::to_string(out->channels) + "; they must be equal");
    }
    return infer_window(layer, in, out);
  }
  if (layer.kernel_size != 1 || layer.stride != 1) {
    return wrong(layer, "kernel_size and stride must be 1");
  }
  if (layer.op == OpKind::kFullyConnected && (in.height != 1 || in.width != 1)) {
    return wrong(layer, "input shape " + text_of(in) + ", accepted is 1x1xC");
  }
  if (layer.op == OpKind::kGlobalAveragePool) *out = Shape{1, 1, in.channels};
  if (is_binary(layer.op)) {
    const Shape b = tensors[layer.inputs[1]].shape;
    const bool gate = layer.op == OpKind::kMul && b == Shape{1, 1, in.channels};
    if (b != in && !gate) {
      return wrong(layer, "operand shapes " + text_of(in) + " and " + text_of(b) + " do not fit");
    }
  }
  return {};
}

Status validate(const LayerGraph& graph) {
  if (graph.layers.empty() || graph.layers.size() > kMaxLayers) {
    return Status::invalid("graph has " + std::to_string(graph.layers.size()) +
                           " layers, accepted is 1 to " + std::to_string(kMaxLayers));
  }
  // Single assignment: every tensor is an input or the output of one layer.
  if (graph.tensors.size() != graph.layers.size() + graph.inputs.size()) {
    return Status::invalid("graph has " + std::to_string(graph.tensors.size()) + " tensors but " +
                           std::to_string(graph.inputs.size()) + " inputs and " +
                           std::to_string(graph.layers.size()) + " layers that write one each");
  }
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    if (!shape_in_bounds(graph.tensors[i].shape)) {
      return Status::invalid("tensor " + std::to_string(i) + " has shape " +
                             text_of(graph.tensors[i].shape) +
                             ", accepted is 1 to 2^28 elements, no side below 1");
    }
  }
  std::vector<bool> written(graph.tensors.size());
  if (Status s = check_inputs(graph, &written); !s.ok()) return s;
  if (Status s = check_layers(graph, &written); !s.ok()) return s;
  return check_outputs(graph);
}

std::int64_t weight_count(const LayerGraph& graph, const Layer& layer) {
  if (!has_weights(layer.op)) return 0;
  const std::int64_t in = graph.tensors[layer.inputs[0]].shape.channels;
  const std::int64_t out = graph.tensors[layer.output].shape.channels;
  const std::int64_t window = std::int64_t{layer.kernel_size} * layer.kernel_size;
  return layer.op == OpKind::kDepthwiseConv2d ? window * out : window * in * out;
}

std::int64_t macs(const LayerGraph& graph, const Layer& layer) {
  const Shape& out = graph.tensors[layer.output].shape;
  return weight_count(graph, layer) * out.height * out.width;
}

std::int64_t total_macs(const LayerGraph& graph) {
  std::int64_t sum = 0;
  for (const Layer& layer : graph.layers) sum += macs(graph, layer);
  return sum;
}

std::int64_t parameter_count(const LayerGraph& graph) {
  std::int64_t sum = 0;
  for (const Layer& layer : graph.layers) {
    sum += weight_count(graph, layer);
    if (has_weights(layer.op)) sum += graph.tensors[layer.output].shape.channels;
  }
  return sum;
}

LayerGraph with_precision(LayerGraph graph, Precision precision) {
  for (Tensor& tensor : graph.tensors) tensor.precision = precision;
  for (Layer& layer : graph.layers) layer.precision = precision;
  return graph;
}

Status extract_range(const LayerGraph& graph, int first, int last, LayerGraph* out,
                     std::vector<std::int32_t>* tensor_of) {
  const int count = static_cast<int>(graph.layers.size());
  if (first < 0 || first >= last || last > count) {
    return Status::invalid("layers [" + std::to_string(first) + ", " + std::to_string(last) +
                           "), accepted is a non-empty range within [0, " + std::to_string(count) +
                           ")");
  }
  const std::size_t tensors = graph.tensors.size();
  std::vector<bool> written_inside(tensors), read_inside(tensors), wanted_later(tensors);
  for (int i = first; i < count; ++i) {
    const Layer& layer = graph.layers[i];
    for (const std::int32_t id : layer.inputs) {
      if (id >= 0) (i < last ? read_inside : wanted_later)[id] = true;
    }
    if (i < last) written_inside[layer.output] = true;
  }
  *out = LayerGraph{};
  std::vector<std::int32_t> old_of;
  std::vector<std::int32_t> new_of(tensors, -1);
  const auto renumber = [&](std::int32_t old) {
    if (new_of[old] < 0) {
      new_of[old] = static_cast<std::int32_t>(old_of.size());
      old_of.push_back(old);
      out->tensors.push_back(graph.tensors[old]);
    }
    return new_of[old];
  };
  const auto enter = [&](std::int32_t id) {
    if (read_inside[id] && !written_inside[id]) out->inputs.push_back(renumber(id));
  };
  for (const std::int32_t id : graph.inputs) enter(id);
  for (int i = 0; i < first; ++i) enter(graph.layers[i].output);
  for (int i = first; i < last; ++i) {
    Layer layer = graph.layers[i];
    for (std::int32_t& id : layer.inputs) {
      if (id >= 0) id = renumber(id);
    }
    layer.output = renumber(layer.output);
    out->layers.push_back(std::move(layer));
  }
  for (const std::int32_t id : graph.outputs) {
    if (written_inside[id]) out->outputs.push_back(new_of[id]);
    wanted_later[id] = false;  // listed already
  }
  for (int i = first; i < last; ++i) {
    const std::int32_t id = graph.layers[i].output;
    if (wanted_later[id]) out->outputs.push_back(new_of[id]);
  }
  if (tensor_of != nullptr) *tensor_of = std::move(old_of);
  return {};
}

}  // namespace edgefront
