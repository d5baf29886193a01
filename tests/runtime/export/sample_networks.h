// Small float networks with generated weights, and a plain forward pass in double as the oracle for
// what the exporter makes of them. Shared by the tests of this folder and the ONNX parity case.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "runtime/export/float_model.h"
#include "space/random.h"

namespace edgefront::samples {

/// Appends layers with weights, batch norm and shapes; every add returns the id of its output.
class NetworkBuilder {
 public:
  NetworkBuilder(Shape input, std::uint64_t seed) : random_(seed, 0) {
    model_.graph.tensors.push_back({input, Precision::kFloat32});
    model_.graph.inputs = {0};
  }

  std::int32_t convolution(const std::string& name, OpKind op, std::int32_t x, int channels,
                           int kernel = 1, int stride = 1) {
    const int in = model_.graph.tensors[x].shape.channels;
    const std::int32_t output = add(name, op, x, -1, channels, kernel, stride);
    const int fan_in = kernel * kernel * (op == OpKind::kDepthwiseConv2d ? 1 : in);
    FloatLayer& layer = model_.layers[name];
    layer.weights = normal(std::size_t(fan_in) * channels, std::sqrt(2.0 / fan_in));
    if (op == OpKind::kFullyConnected) {
      layer.bias = normal(channels, 0.1);
      return output;
    }
    layer.batch_norm.gamma = uniform(channels, 0.7, 1.3);
    layer.batch_norm.beta = normal(channels, 0.3);
    layer.batch_norm.mean = normal(channels, 0.1);
    layer.batch_norm.variance = uniform(channels, 0.5, 1.5);
    return output;
  }

  std::int32_t add(const std::string& name, OpKind op, std::int32_t x, std::int32_t y = -1,
                   int channels = 0, int kernel = 1, int stride = 1) {
    LayerGraph& graph = model_.graph;
    Layer layer;
    layer.op = op;
    layer.inputs = {x, y};
    layer.output = static_cast<std::int32_t>(graph.tensors.size());
    layer.kernel_size = kernel;
    layer.stride = stride;
    layer.name = name;
    Shape shape = graph.tensors[x].shape;
    if (op == OpKind::kGlobalAveragePool) shape.height = shape.width = 1;
    if (channels > 0) shape.channels = channels;
    const int pad = kernel / 2;
    shape.height = (shape.height + 2 * pad - kernel) / stride + 1;
    shape.width = (shape.width + 2 * pad - kernel) / stride + 1;
    graph.tensors.push_back({shape, Precision::kFloat32});
    graph.layers.push_back(layer);
    return layer.output;
  }

  /// An inverted bottleneck with squeeze-excite and, where shapes agree, an identity skip.
  std::int32_t mbconv(const std::string& name, std::int32_t x, int hidden, int out, int kernel,
                      int stride, OpKind activation) {
    std::int32_t t = convolution(name + ".expand", OpKind::kConv2d, x, hidden);
    t = add(name + ".expand_act", activation, t);
    t = convolution(name + ".depthwise", OpKind::kDepthwiseConv2d, t, hidden, kernel, stride);
    t = add(name + ".depthwise_act", activation, t);
    std::int32_t gate = add(name + ".se_pool", OpKind::kGlobalAveragePool, t);
    gate = convolution(name + ".se_reduce", OpKind::kFullyConnected, gate, 8);
    gate = add(name + ".se_relu", OpKind::kRelu, gate);
    gate = convolution(name + ".se_expand", OpKind::kFullyConnected, gate, hidden);
    gate = add(name + ".se_hsigmoid", OpKind::kHsigmoid, gate);
    t = add(name + ".se_mul", OpKind::kMul, t, gate);
    t = convolution(name + ".project", OpKind::kConv2d, t, out);
    if (model_.graph.tensors[x].shape != model_.graph.tensors[t].shape) return t;
    return add(name + ".add", OpKind::kAdd, x, t);
  }

  FloatModel finish(std::int32_t output) {
    model_.graph.outputs = {output};
    const int channels = model_.graph.tensors[0].shape.channels;
    model_.normalization.mean.assign(channels, 0.25f);
    model_.normalization.stddev.assign(channels, 0.5f);
    return std::move(model_);
  }

  std::vector<float> normal(std::size_t count, double deviation) {
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(random_.normal() * deviation);
    return values;
  }
  std::vector<float> uniform(std::size_t count, double low, double high) {
    std::vector<float> values(count);
    for (float& value : values) {
      value = static_cast<float>(low + (high - low) * random_.uniform());
    }
    return values;
  }

 private:
  FloatModel model_;
  RandomStream random_;
};

/// Every operator that the exporter knows: stem, two inverted bottlenecks, head, classifier. With 0
/// classes the output is what the classifier would read; all else is the same for the same seed.
inline FloatModel small_network(Shape input, int width, int features, int classes,
                                std::uint64_t seed) {
  NetworkBuilder builder(input, seed);
  std::int32_t t = builder.convolution("stem.conv", OpKind::kConv2d, 0, width, 3, 2);
  t = builder.add("stem.act", OpKind::kHswish, t);
  t = builder.mbconv("block1", t, 3 * width, width, 3, 1, OpKind::kRelu6);
  t = builder.mbconv("block2", t, 3 * width, 2 * width, 5, 2, OpKind::kHswish);
  t = builder.convolution("head.conv", OpKind::kConv2d, t, features);
  t = builder.add("head.act", OpKind::kRelu6, t);
  t = builder.add("head.pool", OpKind::kGlobalAveragePool, t);
  if (classes > 0) t = builder.convolution("head.classifier", OpKind::kFullyConnected, t, classes);
  return builder.finish(t);
}

using Values = std::vector<double>;

/// Convolution, depthwise and fully connected, straight from the definition.
inline Values plain_convolution(const LayerGraph& graph, const Layer& layer, const Values& x,
                                const std::vector<float>& weights, const std::vector<float>& bias) {
  const Shape in = graph.tensors[layer.inputs[0]].shape, out = graph.tensors[layer.output].shape;
  const int k = layer.kernel_size, pad = k / 2;
  const bool depthwise = layer.op == OpKind::kDepthwiseConv2d;
  Values y(out.elements());
  for (int oy = 0; oy < out.height; ++oy) {
    for (int ox = 0; ox < out.width; ++ox) {
      for (int o = 0; o < out.channels; ++o) {
        double sum = bias.empty() ? 0.0 : bias[o];
        for (int ky = 0; ky < k; ++ky) {
          for (int kx = 0; kx < k; ++kx) {
            const int iy = oy * layer.stride + ky - pad, ix = ox * layer.stride + kx - pad;
            if (iy < 0 || iy >= in.height || ix < 0 || ix >= in.width) continue;
            const double* pixel = x.data() + (std::size_t(iy) * in.width + ix) * in.channels;
            if (depthwise) {
              sum += pixel[o] * weights[(std::size_t(ky) * k + kx) * in.channels + o];
              continue;
            }
            const float* row = weights.data() + ((std::size_t(o) * k + ky) * k + kx) * in.channels;
            for (int i = 0; i < in.channels; ++i) sum += pixel[i] * row[i];
          }
        }
        y[(std::size_t(oy) * out.width + ox) * out.channels + o] = sum;
      }
    }
  }
  return y;
}

inline Values plain_elementwise(const LayerGraph& graph, const Layer& layer,
                                const std::vector<Values>& tensors) {
  const Values& a = tensors[layer.inputs[0]];
  const Shape in = graph.tensors[layer.inputs[0]].shape;
  Values y(graph.tensors[layer.output].shape.elements(), 0.0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    switch (layer.op) {
      case OpKind::kAdd:
        y[i] = a[i] + tensors[layer.inputs[1]][i];
        break;
      case OpKind::kMul: {
        const Values& b = tensors[layer.inputs[1]];
        y[i] = a[i] * b[i % b.size()];
        break;
      }
      case OpKind::kGlobalAveragePool:
        y[i % y.size()] += a[i] / (double(in.height) * in.width);
        break;
      case OpKind::kRelu:
        y[i] = std::max(a[i], 0.0);
        break;
      case OpKind::kRelu6:
        y[i] = std::clamp(a[i], 0.0, 6.0);
        break;
      case OpKind::kHswish:
        y[i] = a[i] * std::clamp(a[i] + 3, 0.0, 6.0) / 6;
        break;
      case OpKind::kHsigmoid:
        y[i] = std::clamp(a[i] + 3, 0.0, 6.0) / 6;
        break;
      default:
        y[i] = a[i];
    }
  }
  return y;
}

/// y becomes gamma·(y − mean)/sqrt(variance + epsilon) + beta.
inline void plain_batch_norm(const BatchNorm& norm, Values* y) {
  for (std::size_t i = 0; i < y->size(); ++i) {
    const std::size_t c = i % norm.gamma.size();
    (*y)[i] = norm.gamma[c] * ((*y)[i] - norm.mean[c]) /
                  std::sqrt(double{norm.variance[c]} + double{norm.epsilon}) +
              norm.beta[c];
  }
}

/// One layer of the float model, batch norm applied as it is defined.
inline Values plain_layer(const FloatModel& model, const Layer& layer,
                          const std::vector<Values>& tensors) {
  if (!has_weights(layer.op)) return plain_elementwise(model.graph, layer, tensors);
  const FloatLayer& weights = model.layers.at(layer.name);
  Values y = plain_convolution(model.graph, layer, tensors[layer.inputs[0]], weights.weights,
                               weights.bias);
  if (!weights.batch_norm.gamma.empty()) plain_batch_norm(weights.batch_norm, &y);
  return y;
}

/// All tensors of one forward pass.
inline std::vector<Values> plain_forward(const FloatModel& model, const float* input) {
  std::vector<Values> tensors(model.graph.tensors.size());
  tensors[0].assign(input, input + model.graph.tensors[0].shape.elements());
  for (const Layer& layer : model.graph.layers) {
    tensors[layer.output] = plain_layer(model, layer, tensors);
  }
  return tensors;
}

/// Sets every mean and variance to those of the images, as training would: each batch norm then
/// really normalises, and activations have the sizes that they have in trained networks.
inline void normalize_by(const std::vector<std::vector<float>>& images, FloatModel* model) {
  std::vector<std::vector<Values>> runs(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    runs[i].resize(model->graph.tensors.size());
    runs[i][0].assign(images[i].begin(), images[i].end());
  }
  for (const Layer& layer : model->graph.layers) {
    const auto found = model->layers.find(layer.name);
    if (found != model->layers.end() && !found->second.batch_norm.gamma.empty()) {
      BatchNorm& norm = found->second.batch_norm;
      const std::size_t channels = norm.gamma.size();
      Values sums(channels, 0.0), squares(channels, 0.0);
      double count = 0;
      for (const std::vector<Values>& tensors : runs) {
        const Values y = plain_convolution(model->graph, layer, tensors[layer.inputs[0]],
                                           found->second.weights, found->second.bias);
        count += static_cast<double>(y.size() / channels);
        for (std::size_t i = 0; i < y.size(); ++i) {
          sums[i % channels] += y[i];
          squares[i % channels] += y[i] * y[i];
        }
      }
      for (std::size_t c = 0; c < channels; ++c) {
        const double mean = sums[c] / count;
        norm.mean[c] = static_cast<float>(mean);
        norm.variance[c] = static_cast<float>(std::max(0.0, squares[c] / count - mean * mean));
      }
    }
    for (std::vector<Values>& tensors : runs) {
      tensors[layer.output] = plain_layer(*model, layer, tensors);
    }
  }
}

inline double signal_to_noise_db(const Values& signal, const Values& noisy) {
  double power = 0, noise = 0;
  for (std::size_t i = 0; i < signal.size(); ++i) {
    power += signal[i] * signal[i];
    noise += (signal[i] - noisy[i]) * (signal[i] - noisy[i]);
  }
  return 10 * std::log10(power / noise);
}

}  // namespace edgefront::samples
