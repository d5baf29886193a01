#include "evaluators/zero_cost.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "space/lower.h"
#include "space/random.h"

namespace edgefront {
namespace {

constexpr int kNoiseImages = 16;
constexpr double kLeastPivot = 1e-6;

bool codes(OpKind op) {
  return op == OpKind::kRelu || op == OpKind::kRelu6 || op == OpKind::kHswish;
}

/// Adds to K the units of one activation whose codes agree.
void add_agreement(const TensorValues& inputs, int count, std::vector<double>& k) {
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
double log_determinant(std::vector<double> k, int n) {
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

/// The last layer that reads each tensor; −1: none.
std::vector<int> last_readers(const LayerGraph& graph) {
  std::vector<int> last(graph.tensors.size(), -1);
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    for (const std::int32_t input : graph.layers[l].inputs) {
      if (input >= 0) last[std::size_t(input)] = int(l);
    }
  }
  return last;
}

TensorValues noise_images(const LayerGraph& graph) {
  RandomStream random(1, 0);
  const Shape& input = graph.tensors[std::size_t(graph.inputs[0])].shape;
  TensorValues images(std::size_t(kNoiseImages) * std::size_t(input.elements()));
  for (double& pixel : images) pixel = random.normal();
  return images;
}

class ZeroCostEvaluator final : public AccuracyEvaluator {
 public:
  ZeroCostEvaluator(const SearchSpace& space, ZeroCost kind) : space_(space), kind_(kind) {}

  std::string prepare(const std::string&, const EvaluatorProgress&) override { return ""; }

  Accuracy evaluate(const AccuracyRequest& request) override {
    const LayerGraph graph = lower(decode(space_, canonical(space_, request.genotype)));
    Accuracy accuracy;
    accuracy.ok = true;
    accuracy.error_percent = -zero_cost_score(graph, kind_);
    return accuracy;
  }

 private:
  const SearchSpace space_;
  const ZeroCost kind_;
};

}  // namespace

SynapticFlow synaptic_flow(const LayerGraph& graph, const LayerWeights& weights) {
  LayerWeights absolute = weights;
  for (std::vector<double>& layer : absolute) {
    for (double& weight : layer) weight = std::abs(weight);
  }
  std::vector<TensorValues> values(graph.tensors.size()), gradients(graph.tensors.size());
  for (std::size_t t = 0; t < values.size(); ++t) {
    values[t].assign(std::size_t(graph.tensors[t].shape.elements()), 1.0);
    gradients[t].assign(values[t].size(), 0.0);
  }
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const Layer& layer = graph.layers[l];
    const Shape& in = graph.tensors[std::size_t(layer.inputs[0])].shape;
    const TensorValues& x = values[std::size_t(layer.inputs[0])];
    TensorValues& y = values[std::size_t(layer.output)];
    if (has_weights(layer.op)) {
      apply(weighted_layer(graph, l, absolute), 1, x.data(), y.data());
    } else if (layer.op == OpKind::kGlobalAveragePool) {
      average_pixels(in, 1, x.data(), y.data());
    } else {
      y = x;
      if (layer.op != OpKind::kAdd) continue;
      const TensorValues& other = values[std::size_t(layer.inputs[1])];
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
    const Shape& in = graph.tensors[std::size_t(layer.inputs[0])].shape;
    const TensorValues &y = values[std::size_t(layer.output)],
                       &dy = gradients[std::size_t(layer.output)];
    TensorValues& dx = gradients[std::size_t(layer.inputs[0])];
    if (has_weights(layer.op)) {
      // y is linear in the weights, so Σ θ · ∂R/∂θ of a layer is ∂R/∂y · y.
      for (std::size_t i = 0; i < y.size(); ++i) result.score += dy[i] * y[i];
      apply_transposed(weighted_layer(graph, l, absolute), 1, dy.data(), dx.data());
    } else if (layer.op == OpKind::kGlobalAveragePool) {
      const double pixels = double(in.height) * in.width;
      for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += dy[i % dy.size()] / pixels;
    } else {
      for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += dy[i];
      if (layer.op != OpKind::kAdd) continue;
      TensorValues& other = gradients[std::size_t(layer.inputs[1])];
      for (std::size_t i = 0; i < other.size(); ++i) other[i] += dy[i];
    }
  }
  return result;
}

double naswot(const LayerGraph& graph, const LayerWeights& weights, const TensorValues& images,
              int count) {
  const std::vector<int> last = last_readers(graph);
  std::vector<TensorValues> values(graph.tensors.size());
  values[std::size_t(graph.inputs[0])] = images;
  std::vector<double> k(std::size_t(count) * std::size_t(count), 0.0);
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    run_layer(graph, l, weights, count, values);
    const Layer& layer = graph.layers[l];
    if (codes(layer.op)) add_agreement(values[std::size_t(layer.inputs[0])], count, k);
    for (const std::int32_t input : layer.inputs) {
      if (input >= 0 && last[std::size_t(input)] == int(l))
        values[std::size_t(input)] = TensorValues();
    }
  }
  return log_determinant(std::move(k), count);
}

double gradient_norm(const LayerGraph& graph, const LayerWeights& weights,
                     const TensorValues& images, std::span<const int> labels) {
  double sum = 0;
  for (const auto& layer : loss_gradient(graph, weights, images, labels).gradients) {
    double squares = 0;
    for (const double slope : layer) squares += slope * slope;
    sum += std::sqrt(squares);
  }
  return sum;
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
      return naswot(graph, random_weights(graph, 0), noise_images(graph), kNoiseImages);
    case ZeroCost::kGradNorm:
      break;
  }
  const Shape& output = graph.tensors[std::size_t(graph.outputs[0])].shape;
  std::vector<int> labels;
  for (int n = 0; n < kNoiseImages; ++n) labels.push_back(n % int(output.elements()));
  return std::log(gradient_norm(graph, random_weights(graph, 0), noise_images(graph), labels));
}

std::shared_ptr<AccuracyEvaluator> make_zero_cost_evaluator(const SearchSpace& space,
                                                            ZeroCost kind) {
  return std::make_shared<ZeroCostEvaluator>(space, kind);
}

}  // namespace edgefront
