// The oracle of the interpreter's tests: every layer as its definition says, one loop per index,
// on stored (not packed) weights, one buffer per tensor. Float layers in double; int8 layers in the
// binary32 arithmetic that is promised to the bit.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "runtime/model.h"

namespace edgefront::test {

class NaiveForward {
 public:
  explicit NaiveForward(const Model& model) : m_(model), values(model.graph.tensors.size()) {}

  void run() {
    for (std::size_t i = 0; i < m_.graph.layers.size(); ++i) run_layer(static_cast<int>(i));
  }

 private:
  const Model& m_;

 public:
  /// Per tensor: real values (float32 tensors) or stored integers (int8 tensors).
  std::vector<std::vector<double>> values;

 private:
  const Shape& shape(std::int32_t t) const { return m_.graph.tensors[t].shape; }
  float scale(std::int32_t t) const { return m_.quantization[t].scale; }
  int zero(std::int32_t t) const { return m_.quantization[t].zero_point; }

  static double unary(OpKind op, double x) {
    if (op == OpKind::kRelu) return std::max(x, 0.0);
    if (op == OpKind::kRelu6) return std::clamp(x, 0.0, 6.0);
    const double gate = std::clamp(x + 3.0, 0.0, 6.0) / 6.0;
    return op == OpKind::kHswish ? x * gate : gate;
  }
  static double quantized(float scaled, int zero_point) {
    const float low = static_cast<float>(-128 - zero_point);
    const float high = static_cast<float>(127 - zero_point);
    return std::nearbyint(std::clamp(scaled, low, high)) + zero_point;
  }

  double weight(const Layer& l, const LayerParameters& p, int o, int ky, int kx, int c) const {
    const int k = l.kernel_size;
    const int in = shape(l.inputs[0]).channels;
    const std::size_t at = l.op == OpKind::kDepthwiseConv2d
                               ? std::size_t(ky * k + kx) * in + c
                               : std::size_t((o * k + ky) * k + kx) * in + c;
    return l.precision == Precision::kInt8 ? p.weights_s8[at] : p.weights_f32[at];
  }

  /// Σ weight·(x − zero point) + bias for one output value; padding holds the zero point.
  double accumulate(const Layer& l, const LayerParameters& p, int y, int x, int o) const {
    const Shape& in = shape(l.inputs[0]);
    const auto& source = values[l.inputs[0]];
    const bool depthwise = l.op == OpKind::kDepthwiseConv2d;
    double sum = l.precision == Precision::kInt8 ? p.bias_s32[o] : p.bias_f32[o];
    for (int ky = 0; ky < l.kernel_size; ++ky) {
      for (int kx = 0; kx < l.kernel_size; ++kx) {
        const int iy = y * l.stride + ky - l.kernel_size / 2;
        const int ix = x * l.stride + kx - l.kernel_size / 2;
        if (iy < 0 || ix < 0 || iy >= in.height || ix >= in.width) continue;
        for (int c = depthwise ? o : 0; c < (depthwise ? o + 1 : in.channels); ++c) {
          const double v = source[std::size_t(iy * in.width + ix) * in.channels + c];
          sum += weight(l, p, o, ky, kx, c) * (v - zero(l.inputs[0]));
        }
      }
    }
    return sum;
  }

  void run_weighted(const Layer& l, const LayerParameters& p) {
    const Shape& out = shape(l.output);
    for (int y = 0; y < out.height; ++y) {
      for (int x = 0; x < out.width; ++x) {
        for (int o = 0; o < out.channels; ++o) {
          double v = accumulate(l, p, y, x, o);
          if (l.precision == Precision::kInt8) {
            const float product = scale(l.inputs[0]) * p.weight_scales[o];
            const float m = product / scale(l.output);
            v = quantized(static_cast<float>(v) * m, zero(l.output));
          }
          values[l.output].push_back(v);
        }
      }
    }
  }

  void run_pool(const Layer& l) {
    const Shape& in = shape(l.inputs[0]);
    const int pixels = in.height * in.width;
    for (int c = 0; c < in.channels; ++c) {
      double sum = 0;
      for (int i = 0; i < pixels; ++i) {
        sum += values[l.inputs[0]][std::size_t(i) * in.channels + c] - zero(l.inputs[0]);
      }
      if (l.precision == Precision::kInt8) {
        const float divisor = scale(l.output) * static_cast<float>(pixels);
        const float m = scale(l.inputs[0]) / divisor;
        values[l.output].push_back(quantized(static_cast<float>(sum) * m, zero(l.output)));
      } else {
        values[l.output].push_back(sum / pixels);
      }
    }
  }

  double binary_s8(const Layer& l, double a, double b) const {
    const float x = static_cast<float>(a - zero(l.inputs[0]));
    const float y = static_cast<float>(b - zero(l.inputs[1]));
    if (l.op == OpKind::kAdd) {
      const float left = x * (scale(l.inputs[0]) / scale(l.output));
      const float right = y * (scale(l.inputs[1]) / scale(l.output));
      return quantized(left + right, zero(l.output));
    }
    const float product = scale(l.inputs[0]) * scale(l.inputs[1]);
    return quantized((x * y) * (product / scale(l.output)), zero(l.output));
  }

  void run_binary(const Layer& l) {
    const std::size_t n = values[l.inputs[0]].size();
    const std::size_t period = values[l.inputs[1]].size();
    for (std::size_t i = 0; i < n; ++i) {
      const double a = values[l.inputs[0]][i];
      const double b = values[l.inputs[1]][i % period];
      const double real = l.op == OpKind::kAdd ? a + b : a * b;
      values[l.output].push_back(l.precision == Precision::kInt8 ? binary_s8(l, a, b) : real);
    }
  }

  double unary_s8(const Layer& l, const LayerParameters& p, double q) const {
    if (l.op == OpKind::kHswish || l.op == OpKind::kHsigmoid) return p.table[int(q) + 128];
    const double six = std::nearbyint(6.0f / scale(l.output)) + zero(l.output);
    return std::clamp(q, double(zero(l.output)),
                      l.op == OpKind::kRelu6 ? std::min(127.0, six) : 127.0);
  }

  void run_layer(int index) {
    const Layer& l = m_.graph.layers[index];
    const LayerParameters& p = m_.parameters[index];
    values[l.output].clear();
    if (has_weights(l.op)) return run_weighted(l, p);
    if (l.op == OpKind::kGlobalAveragePool) return run_pool(l);
    if (l.op == OpKind::kAdd || l.op == OpKind::kMul) return run_binary(l);
    for (const double v : values[l.inputs[0]]) {
      double y;
      if (l.op == OpKind::kQuantize) {
        y = quantized(static_cast<float>(v) / scale(l.output), zero(l.output));
      } else if (l.op == OpKind::kDequantize) {
        y = static_cast<float>(v - zero(l.inputs[0])) * scale(l.inputs[0]);
      } else {
        y = l.precision == Precision::kInt8 ? unary_s8(l, p, v) : unary(l.op, v);
      }
      values[l.output].push_back(y);
    }
  }
};

}  // namespace edgefront::test
