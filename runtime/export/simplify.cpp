#include "runtime/export/simplify.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "runtime/fuse.h"

namespace edgefront {
namespace {

/// What a tensor can hold: real values, or stored integers in int8.
struct ValueRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool within(const ValueRange& other) const { return low >= other.low && high <= other.high; }
};

bool same(const TensorQuantization& a, const TensorQuantization& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point;
}

bool is_clamp(OpKind op) { return op == OpKind::kRelu || op == OpKind::kRelu6; }

class ConstantFolding {
 public:
  explicit ConstantFolding(const Model& model)
      : model_(model),
        result_(model),
        range_(model.graph.tensors.size()),
        producer_(model.graph.tensors.size(), -1),
        fused_(model.graph.layers.size()),
        readers_(model.graph.tensors.size()),
        same_as_(model.graph.tensors.size()) {
    for (const std::int32_t id : model.graph.outputs) ++readers_[id];
    for (const Layer& layer : model.graph.layers) {
      for (const std::int32_t id : layer.inputs) {
        if (id >= 0) ++readers_[id];
      }
    }
    for (std::size_t t = 0; t < same_as_.size(); ++t) {
      same_as_[t] = static_cast<std::int32_t>(t);
      if (model.graph.tensors[t].precision == Precision::kInt8) range_[t] = {-128, 127};
    }
    for (const Step& step : fuse(model.graph)) {
      if (step.activation_layer >= 0) fused_[step.activation_layer] = true;
    }
  }

  Model fold() {
    for (std::size_t i = 0; i < result_.graph.layers.size(); ++i) {
      Layer& layer = result_.graph.layers[i];
      for (std::int32_t& id : layer.inputs) {
        if (id >= 0) id = same_as_[id];
      }
      skip_wider_clamp(&layer);
      producer_[layer.output] = static_cast<std::int32_t>(i);
      range_[layer.output] = output_range(layer, i);
      if (const std::int32_t source = unchanged_source(layer, i); source >= 0) {
        same_as_[layer.output] = source;
        readers_[source] += readers_[layer.output] - (source == layer.inputs[0] ? 1 : 0);
      }
    }
    rename_outputs();
    return std::move(result_);
  }

 private:
  const TensorQuantization& quantization(std::int32_t id) const { return model_.quantization[id]; }

  const Layer* producer(std::int32_t id) const {
    return producer_[id] < 0 ? nullptr : &result_.graph.layers[producer_[id]];
  }

  ValueRange clamp_of(const Layer& layer) const {
    if (layer.precision == Precision::kInt8) {
      const ClampRange range = clamp_range(layer.op, quantization(layer.output));
      return {static_cast<double>(range.qmin), static_cast<double>(range.qmax)};
    }
    const double infinity = std::numeric_limits<double>::infinity();
    return {0, layer.op == OpKind::kRelu6 ? 6 : infinity};
  }

  /// relu6(relu(x)) is relu6(x). Where others read relu(x) too, x would live longer for it.
  void skip_wider_clamp(Layer* layer) const {
    if (!is_clamp(layer->op)) return;
    const Layer* before = producer(layer->inputs[0]);
    if (before == nullptr || !is_clamp(before->op) || readers_[before->output] > 1) return;
    if (clamp_of(*layer).within(clamp_of(*before))) layer->inputs[0] = before->inputs[0];
  }

  ValueRange output_range(const Layer& layer, std::size_t index) const {
    const ValueRange unknown = range_[layer.output];
    if (is_clamp(layer.op)) {
      const ValueRange clamp = clamp_of(layer), in = range_[layer.inputs[0]];
      return {std::clamp(in.low, clamp.low, clamp.high),
              std::clamp(in.high, clamp.low, clamp.high)};
    }
    if (layer.precision == Precision::kInt8) {
      const std::vector<std::int8_t>& table = model_.parameters[index].table;
      if (table.empty()) return unknown;
      const auto [low, high] = std::minmax_element(table.begin(), table.end());
      return {static_cast<double>(*low), static_cast<double>(*high)};
    }
    const ValueRange a = range_[layer.inputs[0]];
    const ValueRange b = layer.inputs[1] < 0 ? a : range_[layer.inputs[1]];
    switch (layer.op) {
      case OpKind::kHsigmoid:
        return {0, 1};
      case OpKind::kAdd:
      case OpKind::kMul:
      case OpKind::kGlobalAveragePool:
        // Upper ends are not followed: a rounded mean may exceed the largest value by a bit.
        return a.low >= 0 && b.low >= 0 ? ValueRange{0, unknown.high} : unknown;
      case OpKind::kConv2d:
      case OpKind::kDepthwiseConv2d:
      case OpKind::kFullyConnected:
      case OpKind::kRelu:
      case OpKind::kRelu6:
      case OpKind::kHswish:
      case OpKind::kQuantize:
      case OpKind::kDequantize:
        return unknown;
    }
    return unknown;
  }

  /// The tensor that holds the same values as the layer's output; −1: none.
  std::int32_t unchanged_source(const Layer& layer, std::size_t index) const {
    const std::int32_t input = layer.inputs[0];
    const bool equal = same(quantization(input), quantization(layer.output));
    if (is_clamp(layer.op)) {
      return !fused_[index] && range_[input].within(clamp_of(layer)) ? input : -1;
    }
    if (layer.op == OpKind::kGlobalAveragePool) {
      return equal &&
                     result_.graph.tensors[input].shape == result_.graph.tensors[layer.output].shape
                 ? input
                 : -1;
    }
    if (layer.op == OpKind::kQuantize) {
      // rint((q − z)·s/s) is q − z: two roundings of 2^-24 cannot move an integer below 2^9.
      const Layer* before = producer(input);
      if (before == nullptr || before->op != OpKind::kDequantize) return -1;
      const std::int32_t source = before->inputs[0];
      return same(quantization(source), quantization(layer.output)) ? source : -1;
    }
    return -1;
  }

  /// An output may be neither an input nor another output; then the layer that copies it stays.
  void rename_outputs() {
    LayerGraph& graph = result_.graph;
    const auto lists = [](const std::vector<std::int32_t>& ids, std::int32_t id) {
      return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    for (std::int32_t& id : graph.outputs) {
      const std::int32_t source = same_as_[id];
      if (!lists(graph.inputs, source) && !lists(graph.outputs, source)) id = source;
    }
  }

  const Model& model_;
  Model result_;
  std::vector<ValueRange> range_;       ///< per tensor
  std::vector<std::int32_t> producer_;  ///< per tensor; −1: an input
  std::vector<bool> fused_;             ///< per layer: an activation that runs in its producer
  std::vector<int> readers_;            ///< per tensor; the caller is one of an output
  std::vector<std::int32_t> same_as_;   ///< per tensor: where its values are read
};

/// Per layer: whether an output of the graph needs it.
std::vector<bool> needed_layers(const LayerGraph& graph) {
  std::vector<bool> needed(graph.layers.size()), read(graph.tensors.size());
  for (const std::int32_t id : graph.outputs) read[id] = true;
  for (std::size_t i = graph.layers.size(); i-- > 0;) {
    needed[i] = read[graph.layers[i].output];
    if (!needed[i]) continue;
    for (const std::int32_t id : graph.layers[i].inputs) {
      if (id >= 0) read[id] = true;
    }
  }
  return needed;
}

}  // namespace

Model fold_constants(const Model& model) { return ConstantFolding(model).fold(); }

Model remove_dead_layers(const Model& model) {
  const LayerGraph& graph = model.graph;
  const std::vector<bool> needed = needed_layers(graph);
  std::vector<bool> kept(graph.tensors.size());
  for (const std::int32_t id : graph.inputs) kept[id] = true;
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) kept[graph.layers[i].output] = true;
  }
  Model result = model;
  result.graph = LayerGraph{};
  result.quantization.clear();
  result.parameters.clear();
  std::vector<std::int32_t> new_id(graph.tensors.size(), -1);
  for (std::size_t t = 0; t < kept.size(); ++t) {
    if (!kept[t]) continue;
    new_id[t] = static_cast<std::int32_t>(result.graph.tensors.size());
    result.graph.tensors.push_back(graph.tensors[t]);
    result.quantization.push_back(model.quantization[t]);
  }
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) continue;
    Layer layer = graph.layers[i];
    for (std::int32_t& id : layer.inputs) {
      if (id >= 0) id = new_id[id];
    }
    layer.output = new_id[layer.output];
    result.graph.layers.push_back(std::move(layer));
    result.parameters.push_back(model.parameters[i]);
  }
  for (const std::int32_t id : graph.inputs) result.graph.inputs.push_back(new_id[id]);
  for (const std::int32_t id : graph.outputs) result.graph.outputs.push_back(new_id[id]);
  return result;
}

Model simplify(const Model& model) { return remove_dead_layers(fold_constants(model)); }

}  // namespace edgefront
