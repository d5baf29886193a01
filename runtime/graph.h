// The layer graph: the one description of a network that lowering, the cost models, the planner,
// the exporter and the interpreter share. Plain structs without weights; layers stand in execution
// order. Batch is one, layout NHWC. Every layer writes exactly one tensor.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/status.h"

namespace edgefront {

/// Operators of the graph. A pointwise convolution is kConv2d with kernel_size 1; batch norm does
/// not appear: it belongs to the float model and is folded before a graph runs.
enum class OpKind : std::uint8_t {
  kConv2d,           ///< dense convolution + bias; inputs: x
  kDepthwiseConv2d,  ///< one filter per channel + bias; inputs: x
  kFullyConnected,   ///< on 1x1xC + bias; inputs: x
  kAdd,              ///< elementwise, equal shapes; inputs: a, b
  kMul,              ///< a: HxWxC, b: 1x1xC (squeeze-excite gate) or the shape of a
  kGlobalAveragePool,
  kRelu,
  kRelu6,
  kHswish,
  kHsigmoid,
  kQuantize,    ///< float32 -> int8
  kDequantize,  ///< int8 -> float32
};

enum class Precision : std::uint8_t { kFloat32, kInt8 };

struct Shape {
  std::int32_t height = 1;
  std::int32_t width = 1;
  std::int32_t channels = 1;
  std::int64_t elements() const { return std::int64_t{1} * height * width * channels; }
};
inline bool operator==(const Shape& a, const Shape& b) {
  return a.height == b.height && a.width == b.width && a.channels == b.channels;
}
inline bool operator!=(const Shape& a, const Shape& b) { return !(a == b); }

struct Tensor {
  Shape shape;
  Precision precision = Precision::kFloat32;
  std::int64_t bytes() const {
    return shape.elements() * (precision == Precision::kFloat32 ? 4 : 1);
  }
};

struct Layer {
  OpKind op = OpKind::kConv2d;
  std::array<std::int32_t, 2> inputs{{-1, -1}};  ///< tensor ids; the second is −1 for unary ops
  std::int32_t output = -1;                      ///< tensor id, written by this layer only
  std::int32_t kernel_size = 1;                  ///< square; padding is kernel_size/2 on each side
  std::int32_t stride = 1;
  std::int32_t block = 0;  ///< non-decreasing; the memory plan decomposes at block borders
  Precision precision = Precision::kFloat32;  ///< of the arithmetic; equals the output tensor's
  std::string name;                           ///< unique, e.g. "stage2.block1.expand"
};

struct LayerGraph {
  std::vector<Tensor> tensors;
  std::vector<Layer> layers;          ///< in execution order
  std::vector<std::int32_t> inputs;   ///< tensor ids
  std::vector<std::int32_t> outputs;  ///< tensor ids; several for early exits
};

/// Names as they stand in layer keys, files and messages: "conv2d", "depthwise_conv2d", …
const char* op_name(OpKind op);
const char* precision_name(Precision precision);  ///< "float32" is written "fp32"; "int8"

bool has_weights(OpKind op);  ///< conv2d, depthwise_conv2d, fully_connected
bool is_unary_activation(OpKind op);

/// Output shape of `layer` for its input shape(s), or an invalid Status that names the layer.
/// Layers with weights take their channel count from the output tensor. Convolutions: out =
/// floor((in + 2·(k/2) − k)/stride) + 1.
Status infer_shape(const Layer& layer, const std::vector<Tensor>& tensors, Shape* out);

/// Checks ids, order, single assignment, shapes, precisions, kernel sizes (1, 3, 5, 7; stride 1 or
/// 2) and bounds (every tensor ≤ 2^28 elements, ≤ 65536 layers). Everything that runs a graph may
/// rely on it; files from outside pass through here.
Status validate(const LayerGraph& graph);

/// Multiply-accumulates of one layer, counting convolutions, depthwise and fully connected only.
std::int64_t macs(const LayerGraph& graph, const Layer& layer);
std::int64_t total_macs(const LayerGraph& graph);

/// Weights of a layer (without bias), and weights + biases of the graph.
std::int64_t weight_count(const LayerGraph& graph, const Layer& layer);
std::int64_t parameter_count(const LayerGraph& graph);

/// The same graph with every layer and tensor in `precision` (quantize/dequantize are not allowed
/// in the input).
LayerGraph with_precision(LayerGraph graph, Precision precision);

/// The layers [first, last) as a graph of their own: its inputs are the tensors that they read from
/// outside, its outputs those that are outputs of `graph` or are read after `last`; both in that
/// order: of the graph first, then as they are written. For splitting a
/// network between devices. Tensor ids are renumbered; `tensor_of` (if given) maps new ids to old.
Status extract_range(const LayerGraph& graph, int first, int last, LayerGraph* out,
                     std::vector<std::int32_t>* tensor_of);

}  // namespace edgefront
