#include "space/lower.h"

#include "space/error.h"

namespace edgefront {

namespace {

constexpr std::int64_t kMaxTensorElements = std::int64_t{1} << 28;

OpKind op_of(BlockActivation activation) {
  return activation == BlockActivation::kRelu6 ? OpKind::kRelu6 : OpKind::kHswish;
}

std::string shape_text(const Shape& shape) {
  return std::to_string(shape.height) + "x" + std::to_string(shape.width) + "x" +
         std::to_string(shape.channels);
}

constexpr std::size_t kLikelyLayers = 128;  ///< of 20 blocks: room that spares moving them

/// Appends layers; a tensor is its id. Shapes of weighted layers come from the caller's channels,
/// all others from infer_shape.
class GraphBuilder {
 public:
  explicit GraphBuilder(Shape input) {
    graph_.layers.reserve(kLikelyLayers);
    graph_.tensors.reserve(kLikelyLayers);
    graph_.inputs.push_back(add_tensor(input, "input"));
  }

  void begin_block() { ++block_; }

  int conv(std::string name, int x, int channels, int kernel_size, int stride) {
    return weighted(OpKind::kConv2d, std::move(name), x, channels, kernel_size, stride);
  }
  int depthwise(std::string name, int x, int kernel_size, int stride) {
    return weighted(OpKind::kDepthwiseConv2d, std::move(name), x, graph_.tensors[x].shape.channels,
                    kernel_size, stride);
  }
  int fully_connected(std::string name, int x, int units) {
    return weighted(OpKind::kFullyConnected, std::move(name), x, units, 1, 1);
  }
  int apply(OpKind op, std::string name, int a, int b = -1) {
    const Shape& in = graph_.tensors[a].shape;
    const Shape out = op == OpKind::kGlobalAveragePool ? Shape{1, 1, in.channels} : in;
    return add_layer(op, std::move(name), a, b, out, 1, 1);
  }

  LayerGraph finish(int output) {
    graph_.outputs.push_back(output);
    return std::move(graph_);
  }

 private:
  int weighted(OpKind op, std::string name, int x, int channels, int kernel_size, int stride) {
    const Shape in = graph_.tensors[x].shape;
    if (in.height < stride || in.width < stride)
      throw InputError("layer " + name + ": an image of " + shape_text(in) +
                       " is smaller than its stride " + std::to_string(stride));
    // floor((in + 2·(k/2) − k)/stride) + 1 for odd k
    const Shape out{(in.height - 1) / stride + 1, (in.width - 1) / stride + 1, channels};
    return add_layer(op, std::move(name), x, -1, out, kernel_size, stride);
  }

  int add_layer(OpKind op, std::string name, int a, int b, Shape out, int kernel_size, int stride) {
    Layer layer;
    layer.op = op;
    layer.inputs = {a, b};
    layer.output = add_tensor(out, name);
    layer.kernel_size = kernel_size;
    layer.stride = stride;
    layer.block = block_;
    layer.name = std::move(name);
    const int output = layer.output;
    graph_.layers.push_back(std::move(layer));
    return output;
  }

  int add_tensor(Shape shape, const std::string& name) {
    if (shape.height < 1 || shape.width < 1 || shape.channels < 1 ||
        shape.elements() > kMaxTensorElements)
      throw InputError("layer " + name + ": shape " + shape_text(shape) +
                       ", accepted are 1 to 2^28 elements");
    graph_.tensors.push_back({shape, Precision::kFloat32});
    return static_cast<int>(graph_.tensors.size()) - 1;
  }

  LayerGraph graph_;
  int block_ = 0;
};

int squeeze_excite(GraphBuilder& graph, const BlockArchitecture& block, int x) {
  int gate = graph.apply(OpKind::kGlobalAveragePool, block.name + ".se_pool", x);
  gate = graph.fully_connected(block.name + ".se_reduce", gate, block.se_channels);
  gate = graph.apply(OpKind::kRelu, block.name + ".se_relu", gate);
  gate = graph.fully_connected(block.name + ".se_expand", gate, block.hidden_channels);
  gate = graph.apply(OpKind::kHsigmoid, block.name + ".se_hsigmoid", gate);
  return graph.apply(OpKind::kMul, block.name + ".se_mul", x, gate);
}

int lower_block(GraphBuilder& graph, const BlockArchitecture& block, int input) {
  const OpKind activation = op_of(block.activation);
  int x = input;
  if (block.op == OperatorKind::kConv) {
    x = graph.conv(block.name + ".conv", x, block.out_channels, block.kernel_size, block.stride);
    x = graph.apply(activation, block.name + ".act", x);
  } else {
    if (block.hidden_channels != block.in_channels) {
      x = graph.conv(block.name + ".expand", x, block.hidden_channels, 1, 1);
      x = graph.apply(activation, block.name + ".expand_act", x);
    }
    x = graph.depthwise(block.name + ".depthwise", x, block.kernel_size, block.stride);
    x = graph.apply(activation, block.name + ".depthwise_act", x);
    if (block.se_channels > 0) x = squeeze_excite(graph, block, x);
    x = graph.conv(block.name + ".project", x, block.out_channels, 1, 1);
  }
  if (block.skip == SkipKind::kNone) return x;
  int skip = input;
  if (block.skip == SkipKind::kProjection)
    skip = graph.conv(block.name + ".skip", input, block.out_channels, 1, block.stride);
  return graph.apply(OpKind::kAdd, block.name + ".add", x, skip);
}

}  // namespace

LayerGraph lower(const Architecture& architecture) {
  GraphBuilder graph(
      {architecture.resolution, architecture.resolution, architecture.input_channels});
  int x = graph.conv("stem.conv", 0, architecture.stem_channels, architecture.stem_kernel_size,
                     architecture.stem_stride);
  x = graph.apply(op_of(architecture.stem_activation), "stem.act", x);
  for (const BlockArchitecture& block : architecture.blocks) {
    graph.begin_block();
    x = lower_block(graph, block, x);
  }
  graph.begin_block();
  const OpKind activation = op_of(architecture.head_activation);
  if (architecture.head_channels > 0) {
    x = graph.conv("head.conv", x, architecture.head_channels, 1, 1);
    x = graph.apply(activation, "head.act", x);
  }
  x = graph.apply(OpKind::kGlobalAveragePool, "head.pool", x);
  if (architecture.feature_units > 0) {
    x = graph.fully_connected("head.feature", x, architecture.feature_units);
    x = graph.apply(activation, "head.feature_act", x);
  }
  return graph.finish(graph.fully_connected("head.classifier", x, architecture.classes));
}

}  // namespace edgefront
