#include "evaluators/zero_cost.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

#include "space/lower.h"
#include "space/random.h"

namespace edgefront {
namespace {

constexpr int kNoiseImages = 16;
constexpr double kLeastPivot = 1e-6;
constexpr double kEpsilon = 1e-5;

using Values = std::vector<double>;

const Shape& shape_in(const LayerGraph& graph, const Layer& layer) {
  return graph.tensors[std::size_t(layer.inputs[0])].shape;
}
const Shape& shape_out(const LayerGraph& graph, const Layer& layer) {
  return graph.tensors[std::size_t(layer.output)].shape;
}

bool codes(OpKind op) {
  return op == OpKind::kRelu || op == OpKind::kRelu6 || op == OpKind::kHswish;
}

/// Calls body(x offset, y offset, tap) for every pair of pixels that a tap of the kernel joins.
template <typename Body>
void for_each_tap(const Layer& layer, const Shape& in, const Shape& out, const Body& body) {
  const int k = layer.kernel_size, pad = k / 2;
  for (int oy = 0; oy < out.height; ++oy) {
    for (int ox = 0; ox < out.width; ++ox) {
      for (int tap = 0; tap < k * k; ++tap) {
        const int iy = oy * layer.stride + tap / k - pad, ix = ox * layer.stride + tap % k - pad;
        if (iy < 0 || ix < 0 || iy >= in.height || ix >= in.width) continue;
        body(std::size_t(iy * in.width + ix) * std::size_t(in.channels),
             std::size_t(oy * out.width + ox) * std::size_t(out.channels), tap);
      }
    }
  }
}

/// y = w · x for one image (fully connected: a convolution with one pixel).
void apply(const Layer& layer, const Shape& in, const Shape& out, const Values& w, const double* x,
           double* y) {
  const int taps = layer.kernel_size * layer.kernel_size;
  const int ci = in.channels, co = out.channels;
  std::fill(y, y + out.elements(), 0.0);
  for_each_tap(layer, in, out, [&](std::size_t from, std::size_t to, int tap) {
    if (layer.op == OpKind::kDepthwiseConv2d) {
      for (int c = 0; c < co; ++c) y[to + c] += w[std::size_t(tap * co + c)] * x[from + c];
      return;
    }
    for (int o = 0; o < co; ++o) {
      const double* row = &w[std::size_t((o * taps + tap)) * std::size_t(ci)];
      double sum = 0;
      for (int c = 0; c < ci; ++c) sum += row[c] * x[from + c];
      y[to + o] += sum;
    }
  });
}

/// dx += wᵀ · dy.
void apply_transposed(const Layer& layer, const Shape& in, const Shape& out, const Values& w,
                      const double* dy, double* dx) {
  const int taps = layer.kernel_size * layer.kernel_size;
  const int ci = in.channels, co = out.channels;
  for_each_tap(layer, in, out, [&](std::size_t from, std::size_t to, int tap) {
    if (layer.op == OpKind::kDepthwiseConv2d) {
      for (int c = 0; c < co; ++c) dx[from + c] += w[std::size_t(tap * co + c)] * dy[to + c];
      return;
    }
    for (int o = 0; o < co; ++o) {
      const double* row = &w[std::size_t((o * taps + tap)) * std::size_t(ci)];
      for (int c = 0; c < ci; ++c) dx[from + c] += row[c] * dy[to + o];
    }
  });
}

void pool(const Shape& in, const double* x, double* y) {
  const int pixels = in.height * in.width;
  std::fill(y, y + in.channels, 0.0);
  for (int p = 0; p < pixels; ++p) {
    for (int c = 0; c < in.channels; ++c) y[c] += x[p * in.channels + c] / pixels;
  }
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

/// Batch norm without scale and shift over `pixels` vectors of `channels`, in place.
void normalize(Values& x, int channels) {
  const std::size_t pixels = x.size() / std::size_t(channels);
  for (int c = 0; c < channels; ++c) {
    double mean = 0, squares = 0;
    for (std::size_t p = 0; p < pixels; ++p) mean += x[p * channels + c] / double(pixels);
    for (std::size_t p = 0; p < pixels; ++p) {
      const double d = x[p * channels + c] - mean;
      squares += d * d / double(pixels);
    }
    const double scale = 1 / std::sqrt(squares + kEpsilon);
    for (std::size_t p = 0; p < pixels; ++p) {
      x[p * channels + c] = (x[p * channels + c] - mean) * scale;
    }
  }
}

/// One layer on a batch; `values` by tensor.
void run_layer(const LayerGraph& graph, std::size_t l, const LayerWeights& weights, int count,
               std::vector<Values>& values) {
  const Layer& layer = graph.layers[l];
  const Shape &in = shape_in(graph, layer), &out = shape_out(graph, layer);
  const Values& x = values[std::size_t(layer.inputs[0])];
  Values& y = values[std::size_t(layer.output)];
  y.assign(std::size_t(count) * std::size_t(out.elements()), 0.0);
  for (int n = 0; n < count; ++n) {
    const double* from = &x[std::size_t(n) * std::size_t(in.elements())];
    double* to = &y[std::size_t(n) * std::size_t(out.elements())];
    if (has_weights(layer.op)) {
      apply(layer, in, out, weights[l], from, to);
    } else if (layer.op == OpKind::kGlobalAveragePool) {
      pool(in, from, to);
    } else if (layer.op == OpKind::kAdd || layer.op == OpKind::kMul) {
      const Shape& other = graph.tensors[std::size_t(layer.inputs[1])].shape;
      const double* b =
          &values[std::size_t(layer.inputs[1])][std::size_t(n) * std::size_t(other.elements())];
      for (std::int64_t i = 0; i < out.elements(); ++i) {
        const double second = b[i % other.elements()];  // a gate repeats for every pixel
        to[i] = layer.op == OpKind::kAdd ? from[i] + second : from[i] * second;
      }
    } else {
      for (std::int64_t i = 0; i < out.elements(); ++i) to[i] = activation(layer.op, from[i]);
    }
  }
  if (has_weights(layer.op) && layer.op != OpKind::kFullyConnected) normalize(y, out.channels);
}

/// Adds to K the units of one activation whose codes agree.
void add_agreement(const Values& inputs, int count, Values& k) {
  const std::size_t units = inputs.size() / std::size_t(count), words = (units + 63) / 64;
  std::vector<std::uint64_t> code(std::size_t(count) * words, 0);
  for (int n = 0; n < count; ++n) {
    for (std::size_t u = 0; u < units; ++u) {
      const bool on = inputs[std::size_t(n) * units + u] > 0;
      code[std::size_t(n) * words + u / 64] |= std::uint64_t{on} << (u % 64);
    }
  }
  for (int i = 0; i < count; ++i) {
    for (int j = 0; j < count; ++j) {
      int differ = 0;
      for (std::size_t w = 0; w < words; ++w) {
        differ +=
            std::popcount(code[std::size_t(i) * words + w] ^ code[std::size_t(j) * words + w]);
      }
      k[std::size_t(i * count + j)] += double(units) - differ;
    }
  }
}

/// ln |det| of a symmetric positive semidefinite matrix, by elimination.
double log_determinant(Values k, int n) {
  double sum = 0;
  for (int p = 0; p < n; ++p) {
    const double pivot = std::max(k[std::size_t(p * n + p)], kLeastPivot);
    sum += std::log(pivot);
    for (int i = p + 1; i < n; ++i) {
      const double factor = k[std::size_t(i * n + p)] / pivot;
      for (int j = p; j < n; ++j) k[std::size_t(i * n + j)] -= factor * k[std::size_t(p * n + j)];
    }
  }
  return sum;
}

class ZeroCostFirst final : public AccuracyEvaluator {
 public:
  ZeroCostFirst(const SearchSpace& space, ZeroCost kind, std::shared_ptr<AccuracyEvaluator> rest)
      : space_(space), kind_(kind), rest_(std::move(rest)) {}

  std::string prepare(const std::string& folder, const EvaluatorProgress& progress) override {
    return rest_->prepare(folder, progress);
  }

  Accuracy evaluate(const AccuracyRequest& request) override {
    if (request.fidelity > 0) {
      AccuracyRequest next = request;
      --next.fidelity;
      return rest_->evaluate(next);
    }
    const LayerGraph graph = lower(decode(space_, canonical(space_, request.genotype)));
    Accuracy accuracy;
    accuracy.ok = true;
    accuracy.error_percent = -zero_cost_score(graph, kind_);
    return accuracy;
  }

 private:
  const SearchSpace space_;
  const ZeroCost kind_;
  const std::shared_ptr<AccuracyEvaluator> rest_;
};

}  // namespace

LayerWeights random_weights(const LayerGraph& graph, std::uint64_t seed) {
  LayerWeights weights(graph.layers.size());
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const Layer& layer = graph.layers[l];
    if (!has_weights(layer.op)) continue;
    const int taps = layer.kernel_size * layer.kernel_size;
    const bool depthwise = layer.op == OpKind::kDepthwiseConv2d;
    const double fan_in = depthwise ? taps : double(taps) * shape_in(graph, layer).channels;
    RandomStream random(seed, l);
    weights[l].resize(std::size_t(weight_count(graph, layer)));
    for (double& weight : weights[l]) weight = std::sqrt(2 / fan_in) * random.normal();
  }
  return weights;
}

SynapticFlow synaptic_flow(const LayerGraph& graph, const LayerWeights& weights) {
  LayerWeights absolute = weights;
  for (Values& layer : absolute) {
    for (double& weight : layer) weight = std::abs(weight);
  }
  std::vector<Values> values(graph.tensors.size()), gradients(graph.tensors.size());
  for (std::size_t t = 0; t < values.size(); ++t) {
    values[t].assign(std::size_t(graph.tensors[t].shape.elements()), 1.0);
    gradients[t].assign(values[t].size(), 0.0);
  }
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const Layer& layer = graph.layers[l];
    const Shape &in = shape_in(graph, layer), &out = shape_out(graph, layer);
    const Values& x = values[std::size_t(layer.inputs[0])];
    Values& y = values[std::size_t(layer.output)];
    if (has_weights(layer.op)) {
      apply(layer, in, out, absolute[l], x.data(), y.data());
    } else if (layer.op == OpKind::kGlobalAveragePool) {
      pool(in, x.data(), y.data());
    } else {
      y = x;
      if (layer.op != OpKind::kAdd) continue;
      const Values& other = values[std::size_t(layer.inputs[1])];
      for (std::size_t i = 0; i < y.size(); ++i) y[i] += other[i];
    }
  }
  SynapticFlow result;
  for (const std::int32_t output : graph.outputs) {
    for (const double value : values[std::size_t(output)]) result.flow += value;
    for (double& gradient : gradients[std::size_t(output)]) gradient += 1;
  }
  for (std::size_t l = graph.layers.size(); l-- > 0;) {
    const Layer& layer = graph.layers[l];
    const Shape &in = shape_in(graph, layer), &out = shape_out(graph, layer);
    const Values &y = values[std::size_t(layer.output)], &dy = gradients[std::size_t(layer.output)];
    Values& dx = gradients[std::size_t(layer.inputs[0])];
    if (has_weights(layer.op)) {
      // y is linear in the weights, so Σ θ · ∂R/∂θ of a layer is ∂R/∂y · y.
      for (std::size_t i = 0; i < y.size(); ++i) result.score += dy[i] * y[i];
      apply_transposed(layer, in, out, absolute[l], dy.data(), dx.data());
    } else if (layer.op == OpKind::kGlobalAveragePool) {
      const double pixels = double(in.height) * in.width;
      for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += dy[i % dy.size()] / pixels;
    } else {
      for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += dy[i];
      if (layer.op != OpKind::kAdd) continue;
      Values& other = gradients[std::size_t(layer.inputs[1])];
      for (std::size_t i = 0; i < other.size(); ++i) other[i] += dy[i];
    }
  }
  return result;
}

double naswot(const LayerGraph& graph, const LayerWeights& weights,
              const std::vector<double>& images, int count) {
  std::vector<Values> values(graph.tensors.size());
  values[std::size_t(graph.inputs[0])] = images;
  Values k(std::size_t(count) * std::size_t(count), 0.0);
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    run_layer(graph, l, weights, count, values);
    const Layer& layer = graph.layers[l];
    if (codes(layer.op)) add_agreement(values[std::size_t(layer.inputs[0])], count, k);
  }
  return log_determinant(std::move(k), count);
}

double zero_cost_score(const LayerGraph& graph, ZeroCost kind) {
  switch (kind) {
    case ZeroCost::kNone:
      return 0;
    case ZeroCost::kParameters:
      return double(parameter_count(graph));
    case ZeroCost::kMacs:
      return double(total_macs(graph));
    case ZeroCost::kSynflow:
      return std::log(synaptic_flow(graph, random_weights(graph, 0)).score);
    case ZeroCost::kNaswot:
      break;
  }
  RandomStream random(1, 0);
  const Shape& input = graph.tensors[std::size_t(graph.inputs[0])].shape;
  Values images(std::size_t(kNoiseImages) * std::size_t(input.elements()));
  for (double& pixel : images) pixel = random.normal();
  return naswot(graph, random_weights(graph, 0), images, kNoiseImages);
}

std::shared_ptr<AccuracyEvaluator> make_zero_cost_first(const SearchSpace& space, ZeroCost kind,
                                                        std::shared_ptr<AccuracyEvaluator> rest) {
  return std::make_shared<ZeroCostFirst>(space, kind, std::move(rest));
}

}  // namespace edgefront
