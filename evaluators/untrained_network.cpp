#include "evaluators/untrained_network.h"

#include <algorithm>
#include <cmath>

#include "space/random.h"

namespace edgefront {
namespace {

constexpr double kEpsilon = 1e-5;
/// Sums that are kept in registers.
constexpr int kBlock = 8;

const Shape& shape_in(const LayerGraph& graph, const Layer& layer) {
  return graph.tensors[std::size_t(layer.inputs[0])].shape;
}
const Shape& shape_out(const LayerGraph& graph, const Layer& layer) {
  return graph.tensors[std::size_t(layer.output)].shape;
}

/// y[j] += Σ x[i] · w[i · stride + j], added in the order of i.
void add_products(const double* x, int nx, const double* w, std::ptrdiff_t stride, double* y,
                  int ny) {
  int j = 0;
  for (; j + kBlock <= ny; j += kBlock) {
    double sums[kBlock];
    for (int k = 0; k < kBlock; ++k) sums[k] = y[j + k];
    const double* row = w + j;
    for (int i = 0; i < nx; ++i, row += stride) {
      const double factor = x[i];
      for (int k = 0; k < kBlock; ++k) sums[k] += factor * row[k];
    }
    for (int k = 0; k < kBlock; ++k) y[j + k] = sums[k];
  }
  for (; j < ny; ++j) {
    for (int i = 0; i < nx; ++i) y[j] += x[i] * w[i * stride + j];
  }
}

int taps_of(const Layer& layer) { return layer.kernel_size * layer.kernel_size; }

/// Calls body(x offset, y offset, tap) for every pair of pixels that a tap of the kernel joins, for
/// each image.
template <typename Body>
void for_each_tap(const WeightedLayer& w, int count, const Body& body) {
  const int k = w.layer.kernel_size, pad = k / 2;
  for (int n = 0; n < count; ++n) {
    const std::size_t from = std::size_t(n) * std::size_t(w.in.elements());
    const std::size_t to = std::size_t(n) * std::size_t(w.out.elements());
    for (int oy = 0; oy < w.out.height; ++oy) {
      for (int ox = 0; ox < w.out.width; ++ox) {
        for (int tap = 0; tap < k * k; ++tap) {
          const int iy = oy * w.layer.stride + tap / k - pad;
          const int ix = ox * w.layer.stride + tap % k - pad;
          if (iy < 0 || ix < 0 || iy >= w.in.height || ix >= w.in.width) continue;
          body(from + std::size_t(iy * w.in.width + ix) * std::size_t(w.in.channels),
               to + std::size_t(oy * w.out.width + ox) * std::size_t(w.out.channels), tap);
        }
      }
    }
  }
}

/// {k, k, in, out} of {out, k, k, in}.
std::vector<double> by_output(const WeightedLayer& w) {
  const std::size_t ci = std::size_t(w.in.channels), co = std::size_t(w.out.channels);
  const std::size_t rows = std::size_t(taps_of(w.layer)) * ci;
  std::vector<double> turned(w.weights.size());
  for (std::size_t o = 0; o < co; ++o) {
    for (std::size_t r = 0; r < rows; ++r) turned[r * co + o] = w.weights[o * rows + r];
  }
  return turned;
}

double activation(OpKind op, double x) {
  switch (op) {
    case OpKind::kRelu:
      return std::max(0.0, x);
    case OpKind::kRelu6:
      return std::clamp(x, 0.0, 6.0);
    case OpKind::kHswish:
      return x * std::clamp(x + 3, 0.0, 6.0) / 6;
    case OpKind::kHsigmoid:
      return std::clamp(x + 3, 0.0, 6.0) / 6;
    default:
      return x;
  }
}

double activation_slope(OpKind op, double x) {
  switch (op) {
    case OpKind::kRelu:
      return x > 0;
    case OpKind::kRelu6:
      return x > 0 && x < 6;
    case OpKind::kHswish:
      return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
    case OpKind::kHsigmoid:
      return x > -3 && x < 3 ? 1.0 / 6 : 0;
    default:
      return 1;
  }
}

/// Sums over the pixels of all images, by channel.
std::vector<double> channel_means(const TensorValues& x, int channels) {
  std::vector<double> means(std::size_t(channels), 0.0);
  const auto pixels = double(x.size() / std::size_t(channels));
  for (std::size_t i = 0; i < x.size(); i += std::size_t(channels)) {
    for (int c = 0; c < channels; ++c) means[c] += x[i + c];
  }
  for (double& mean : means) mean /= pixels;
  return means;
}

/// Batch norm without scale and shift over all pixels, in place; returns the factors.
std::vector<double> normalize(TensorValues& x, int channels) {
  const std::vector<double> means = channel_means(x, channels);
  std::vector<double> factors(means.size(), 0.0);
  for (std::size_t i = 0; i < x.size(); i += means.size()) {
    for (int c = 0; c < channels; ++c) {
      x[i + c] -= means[c];
      factors[c] += x[i + c] * x[i + c];
    }
  }
  const auto pixels = double(x.size() / means.size());
  for (double& factor : factors) factor = 1 / std::sqrt(factor / pixels + kEpsilon);
  for (std::size_t i = 0; i < x.size(); i += means.size()) {
    for (int c = 0; c < channels; ++c) x[i + c] *= factors[c];
  }
  return factors;
}

/// The gradient in front of a batch norm from that behind it, in place: factor · (dy − mean of dy −
/// y · mean of dy · y).
void normalize_backward(const TensorValues& y, const std::vector<double>& factors,
                        TensorValues& dy) {
  const int channels = int(factors.size());
  const std::vector<double> means = channel_means(dy, channels);
  TensorValues products(dy.size());
  for (std::size_t i = 0; i < dy.size(); ++i) products[i] = dy[i] * y[i];
  const std::vector<double> along = channel_means(products, channels);
  for (std::size_t i = 0; i < dy.size(); i += factors.size()) {
    for (int c = 0; c < channels; ++c) {
      dy[i + c] = factors[c] * (dy[i + c] - means[c] - y[i + c] * along[c]);
    }
  }
}

/// d loss / d logits of the mean cross-entropy; returns the loss.
double cross_entropy(const TensorValues& logits, std::span<const int> labels, TensorValues& dy) {
  const std::size_t classes = logits.size() / labels.size();
  const auto images = double(labels.size());
  double loss = 0;
  dy.resize(logits.size());
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const double* row = &logits[n * classes];
    const double top = *std::max_element(row, row + classes);
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += std::exp(row[c] - top);
    loss -= (row[labels[n]] - top - std::log(sum)) / images;
    for (std::size_t c = 0; c < classes; ++c) {
      const double share = std::exp(row[c] - top) / sum;
      dy[n * classes + c] = (share - (int(c) == labels[n])) / images;
    }
  }
  return loss;
}

/// What a layer without weights hands back to its inputs. `other` is null where it has one input.
void backward(const LayerGraph& graph, const Layer& layer, int count,
              const std::vector<TensorValues>& values, const TensorValues& dy, TensorValues& dx,
              TensorValues* other) {
  const TensorValues& x = values[std::size_t(layer.inputs[0])];
  if (layer.op == OpKind::kGlobalAveragePool) {
    const Shape& in = shape_in(graph, layer);
    const std::size_t channels = std::size_t(in.channels), size = std::size_t(in.elements());
    const double pixels = double(in.height) * in.width;
    for (std::size_t i = 0; i < dx.size(); ++i) {
      dx[i] += dy[i / size * channels + i % channels] / pixels;
    }
    return;
  }
  if (!other) {
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += dy[i] * activation_slope(layer.op, x[i]);
    return;
  }
  const TensorValues& second = values[std::size_t(layer.inputs[1])];
  const std::size_t size = dx.size() / std::size_t(count);
  const std::size_t other_size = second.size() / std::size_t(count);
  for (std::size_t i = 0; i < dx.size(); ++i) {
    const std::size_t j = i / size * other_size + i % size % other_size;
    const bool add = layer.op == OpKind::kAdd;
    dx[i] += add ? dy[i] : dy[i] * second[j];
    (*other)[j] += add ? dy[i] : dy[i] * x[i];
  }
}

}  // namespace

LayerWeights random_weights(const LayerGraph& graph, std::uint64_t seed) {
  LayerWeights weights(graph.layers.size());
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const Layer& layer = graph.layers[l];
    if (!has_weights(layer.op)) continue;
    const int taps = taps_of(layer);
    const bool depthwise = layer.op == OpKind::kDepthwiseConv2d;
    const double fan_in = depthwise ? taps : double(taps) * shape_in(graph, layer).channels;
    RandomStream random(seed, l);
    weights[l].resize(std::size_t(weight_count(graph, layer)));
    for (double& weight : weights[l]) weight = std::sqrt(2 / fan_in) * random.normal();
  }
  return weights;
}

WeightedLayer weighted_layer(const LayerGraph& graph, std::size_t l, const LayerWeights& weights) {
  const Layer& layer = graph.layers[l];
  return {layer, shape_in(graph, layer), shape_out(graph, layer), weights[l]};
}

void apply(const WeightedLayer& w, int count, const double* x, double* y) {
  const int ci = w.in.channels, co = w.out.channels;
  std::fill(y, y + std::int64_t{count} * w.out.elements(), 0.0);
  if (w.layer.op == OpKind::kDepthwiseConv2d) {
    for_each_tap(w, count, [&](std::size_t from, std::size_t to, int tap) {
      const double* row = &w.weights[std::size_t(tap) * std::size_t(co)];
      for (int c = 0; c < co; ++c) y[to + c] += row[c] * x[from + c];
    });
    return;
  }
  const std::vector<double> turned = by_output(w);
  for_each_tap(w, count, [&](std::size_t from, std::size_t to, int tap) {
    const std::size_t first = std::size_t(tap) * std::size_t(ci) * std::size_t(co);
    add_products(x + from, ci, &turned[first], co, y + to, co);
  });
}

void apply_transposed(const WeightedLayer& w, int count, const double* dy, double* dx) {
  const int ci = w.in.channels, co = w.out.channels, taps = taps_of(w.layer);
  if (w.layer.op == OpKind::kDepthwiseConv2d) {
    for_each_tap(w, count, [&](std::size_t from, std::size_t to, int tap) {
      const double* row = &w.weights[std::size_t(tap) * std::size_t(co)];
      for (int c = 0; c < co; ++c) dx[from + c] += row[c] * dy[to + c];
    });
    return;
  }
  for_each_tap(w, count, [&](std::size_t from, std::size_t to, int tap) {
    const double* first = &w.weights[std::size_t(tap) * std::size_t(ci)];
    add_products(dy + to, co, first, std::ptrdiff_t{taps} * ci, dx + from, ci);
  });
}

void add_weight_gradient(const WeightedLayer& w, int count, const double* x, const double* dy,
                         double* dw) {
  const int ci = w.in.channels, co = w.out.channels, taps = taps_of(w.layer);
  const bool depthwise = w.layer.op == OpKind::kDepthwiseConv2d;
  for_each_tap(w, count, [&](std::size_t from, std::size_t to, int tap) {
    if (depthwise) {
      double* row = dw + std::size_t(tap) * std::size_t(co);
      for (int c = 0; c < co; ++c) row[c] += dy[to + c] * x[from + c];
      return;
    }
    for (int o = 0; o < co; ++o) {
      double* row = dw + (std::size_t(o) * std::size_t(taps) + std::size_t(tap)) * std::size_t(ci);
      const double factor = dy[to + o];
      for (int c = 0; c < ci; ++c) row[c] += factor * x[from + c];
    }
  });
}

void average_pixels(const Shape& in, int count, const double* x, double* y) {
  const int pixels = in.height * in.width;
  std::fill(y, y + std::ptrdiff_t{count} * in.channels, 0.0);
  for (int n = 0; n < count; ++n, y += in.channels) {
    for (int p = 0; p < pixels; ++p, x += in.channels) {
      for (int c = 0; c < in.channels; ++c) y[c] += x[c] / pixels;
    }
  }
}

void run_layer(const LayerGraph& graph, std::size_t l, const LayerWeights& weights, int count,
               std::vector<TensorValues>& values, std::vector<double>* inverse_deviations) {
  const Layer& layer = graph.layers[l];
  const Shape &in = shape_in(graph, layer), &out = shape_out(graph, layer);
  const TensorValues& x = values[std::size_t(layer.inputs[0])];
  TensorValues& y = values[std::size_t(layer.output)];
  y.assign(std::size_t(count) * std::size_t(out.elements()), 0.0);
  if (has_weights(layer.op)) {
    apply(weighted_layer(graph, l, weights), count, x.data(), y.data());
    if (layer.op == OpKind::kFullyConnected) return;
    std::vector<double> factors = normalize(y, out.channels);
    if (inverse_deviations) *inverse_deviations = std::move(factors);
  } else if (layer.op == OpKind::kGlobalAveragePool) {
    average_pixels(in, count, x.data(), y.data());
  } else if (layer.op == OpKind::kAdd || layer.op == OpKind::kMul) {
    const TensorValues& other = values[std::size_t(layer.inputs[1])];
    const std::size_t size = y.size() / std::size_t(count);
    const std::size_t other_size = other.size() / std::size_t(count);
    for (std::size_t i = 0; i < y.size(); ++i) {
      // A gate repeats for every pixel.
      const double second = other[i / size * other_size + i % size % other_size];
      y[i] = layer.op == OpKind::kAdd ? x[i] + second : x[i] * second;
    }
  } else {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = activation(layer.op, x[i]);
  }
}

LossGradient loss_gradient(const LayerGraph& graph, const LayerWeights& weights,
                           const TensorValues& images, std::span<const int> labels) {
  const int count = int(labels.size());
  std::vector<TensorValues> values(graph.tensors.size()), gradients(graph.tensors.size());
  std::vector<std::vector<double>> factors(graph.layers.size());
  values[std::size_t(graph.inputs[0])] = images;
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    run_layer(graph, l, weights, count, values, &factors[l]);
  }
  LossGradient result;
  result.gradients.resize(graph.layers.size());
  for (std::size_t l = 0; l < weights.size(); ++l) result.gradients[l].resize(weights[l].size());
  const auto output = std::size_t(graph.outputs[0]);
  result.loss = cross_entropy(values[output], labels, gradients[output]);
  const auto gradient_of = [&](std::int32_t tensor) -> TensorValues& {
    TensorValues& gradient = gradients[std::size_t(tensor)];
    if (gradient.empty()) gradient.resize(values[std::size_t(tensor)].size());
    return gradient;
  };
  for (std::size_t l = graph.layers.size(); l-- > 0;) {
    const Layer& layer = graph.layers[l];
    TensorValues dy = std::move(gradients[std::size_t(layer.output)]);
    if (dy.empty()) continue;  // of another output
    TensorValues& dx = gradient_of(layer.inputs[0]);
    if (!has_weights(layer.op)) {
      TensorValues* other = layer.inputs[1] < 0 ? nullptr : &gradient_of(layer.inputs[1]);
      backward(graph, layer, count, values, dy, dx, other);
      continue;
    }
    if (!factors[l].empty()) {
      normalize_backward(values[std::size_t(layer.output)], factors[l], dy);
    }
    const WeightedLayer w = weighted_layer(graph, l, weights);
    const TensorValues& x = values[std::size_t(layer.inputs[0])];
    add_weight_gradient(w, count, x.data(), dy.data(), result.gradients[l].data());
    apply_transposed(w, count, dy.data(), dx.data());
  }
  return result;
}

}  // namespace edgefront
