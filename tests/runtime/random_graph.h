// Small random networks with everything that a search space can build: residuals, squeeze-excite,
// projections, linear and unary layers, early exits, tensors with several readers.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "runtime/graph.h"

namespace edgefront::test {

/// Appends layers and returns the id of the tensor that each writes.
class GraphBuilder {
 public:
  LayerGraph graph;
  int block = 0;

  std::int32_t tensor(Shape shape) {
    graph.tensors.push_back(Tensor{shape, Precision::kFloat32});
    return static_cast<std::int32_t>(graph.tensors.size()) - 1;
  }
  std::int32_t input(Shape shape) {
    graph.inputs.push_back(tensor(shape));
    return graph.inputs.back();
  }
  std::int32_t conv(std::int32_t x, int channels, int kernel, int stride) {
    return windowed(OpKind::kConv2d, x, channels, kernel, stride);
  }
  std::int32_t depthwise(std::int32_t x, int kernel, int stride) {
    return windowed(OpKind::kDepthwiseConv2d, x, shape(x).channels, kernel, stride);
  }
  std::int32_t fully_connected(std::int32_t x, int channels) {
    return layer(OpKind::kFullyConnected, x, -1, {1, 1, channels});
  }
  std::int32_t unary(OpKind op, std::int32_t x) { return layer(op, x, -1, shape(x)); }
  std::int32_t pool(std::int32_t x) {
    return layer(OpKind::kGlobalAveragePool, x, -1, {1, 1, shape(x).channels});
  }
  std::int32_t add(std::int32_t a, std::int32_t b) { return layer(OpKind::kAdd, a, b, shape(a)); }
  std::int32_t mul(std::int32_t a, std::int32_t b) { return layer(OpKind::kMul, a, b, shape(a)); }
  Shape shape(std::int32_t id) const { return graph.tensors[id].shape; }

  std::int32_t layer(OpKind op, std::int32_t a, std::int32_t b, Shape out, int kernel = 1,
                     int stride = 1) {
    Layer l;
    l.op = op;
    l.inputs = {{a, b}};
    l.output = tensor(out);
    l.kernel_size = kernel;
    l.stride = stride;
    l.block = block;
    l.name = "layer" + std::to_string(graph.layers.size());
    graph.layers.push_back(l);
    return l.output;
  }

 private:
  std::int32_t windowed(OpKind op, std::int32_t x, int channels, int kernel, int stride) {
    const Shape s = shape(x);
    // ceil(side/stride): with padding k/2 and odd k the kernel does not matter.
    return layer(op, x, -1,
                 {(s.height + stride - 1) / stride, (s.width + stride - 1) / stride, channels},
                 kernel, stride);
  }
};

class RandomGraph {
 public:
  explicit RandomGraph(std::uint64_t seed) : random_(seed) {}

  /// Float32; `exits` more outputs than one.
  LayerGraph make(int exits = 0) {
    b_ = GraphBuilder{};
    std::int32_t x = b_.input({pick(1, 9), pick(1, 9), pick(1, 4)});
    x = activated(b_.conv(x, pick(3, 17), 3, pick(1, 2)));
    const int blocks = pick(1, 4);
    for (int i = 0; i < blocks; ++i) {
      ++b_.block;
      x = block(x);
      if (untidy_) x = cluttered(x);
      if (exits > 0 && i + exits >= blocks) b_.graph.outputs.push_back(head(x));
    }
    ++b_.block;
    b_.graph.outputs.push_back(head(x));
    return b_.graph;
  }

  /// As make(), with what passes take out: branches that reach no output, clamps of clamped values,
  /// averages over one pixel; and activations that several layers read.
  LayerGraph make_untidy(int exits = 0) {
    untidy_ = true;
    return make(exits);
  }

 private:
  int pick(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<unsigned>(high - low + 1));
  }
  bool chance(int percent) { return pick(0, 99) < percent; }
  OpKind activation() {
    const OpKind kinds[] = {OpKind::kRelu, OpKind::kRelu6, OpKind::kHswish, OpKind::kHsigmoid};
    return kinds[pick(0, 3)];
  }
  std::int32_t activated(std::int32_t x) { return chance(75) ? b_.unary(activation(), x) : x; }
  int kernel() { return 2 * pick(0, 3) + 1; }

  std::int32_t squeeze_excite(std::int32_t x) {
    const int channels = b_.shape(x).channels;
    std::int32_t gate = b_.fully_connected(b_.pool(x), pick(1, 9));
    gate = b_.fully_connected(b_.unary(OpKind::kRelu, gate), channels);
    return b_.mul(x, b_.unary(OpKind::kHsigmoid, gate));
  }

  std::int32_t block(std::int32_t x) {
    const int stride = chance(30) ? 2 : 1;
    const bool keep = stride == 1 && chance(50);
    const int width = keep ? b_.shape(x).channels : pick(1, 20);
    std::int32_t y = chance(60) ? activated(b_.conv(x, pick(2, 24), 1, 1)) : x;
    y = activated(b_.depthwise(y, kernel(), stride));
    if (chance(40)) y = squeeze_excite(y);
    y = b_.conv(y, width, chance(70) ? 1 : 3, 1);
    if (chance(25)) y = b_.unary(activation(), y);
    if (keep && chance(70)) {
      // Both orders of the operands; now and then a unary layer that nothing fuses with.
      y = chance(50) ? b_.add(x, y) : b_.add(y, x);
      if (chance(20)) y = b_.unary(activation(), y);
    } else if (chance(30)) {
      const std::int32_t skip = b_.conv(x, width, 1, stride);
      y = chance(50) ? b_.add(y, skip) : b_.add(skip, y);
    } else if (chance(10)) {
      y = b_.add(y, y);
    } else if (chance(10)) {
      y = b_.mul(y, b_.unary(activation(), y));
    }
    return y;
  }

  std::int32_t cluttered(std::int32_t x) {
    if (chance(30)) head(block(x));  // nobody reads it
    if (chance(30)) x = b_.unary(OpKind::kRelu6, b_.unary(OpKind::kRelu, x));
    if (chance(20)) x = b_.unary(OpKind::kRelu, b_.unary(OpKind::kHsigmoid, x));
    if (chance(30)) {
      const std::int32_t shared = b_.unary(activation(), b_.conv(x, b_.shape(x).channels, 1, 1));
      x = b_.add(b_.conv(shared, b_.shape(x).channels, 1, 1), shared);
      if (chance(50)) x = b_.unary(OpKind::kRelu, x);
    }
    if (chance(20)) {
      const std::int32_t gate = b_.pool(b_.pool(x));
      x = b_.mul(x,
                 chance(50) ? b_.unary(OpKind::kRelu6, b_.unary(OpKind::kHsigmoid, gate)) : gate);
    }
    return x;
  }

  std::int32_t head(std::int32_t x) { return b_.fully_connected(activated(b_.pool(x)), 10); }

  std::mt19937_64 random_;
  GraphBuilder b_;
  bool untidy_ = false;
};

}  // namespace edgefront::test
