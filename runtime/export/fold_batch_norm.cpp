#include <cmath>

#include "runtime/export/float_model.h"
#include "space/error.h"

namespace edgefront {
namespace {

void require_size(const Layer& layer, const char* what, std::size_t came, std::int64_t expected) {
  if (came != static_cast<std::size_t>(expected)) {
    throw InputError("layer " + layer.name + ": " + what + " has " + std::to_string(came) +
                     " values, expected " + std::to_string(expected));
  }
}

void require_finite(const Layer& layer, const char* what, const std::vector<float>& values) {
  for (const float value : values) {
    if (!std::isfinite(value)) {
      throw InputError("layer " + layer.name + ": " + what + " holds a value that is not finite");
    }
  }
}

void check(const Layer& layer, const FloatLayer& weights, std::int64_t count, int channels) {
  require_size(layer, "weights", weights.weights.size(), count);
  if (!weights.bias.empty()) require_size(layer, "bias", weights.bias.size(), channels);
  require_finite(layer, "weights", weights.weights);
  require_finite(layer, "bias", weights.bias);
  const BatchNorm& norm = weights.batch_norm;
  if (norm.gamma.empty() && norm.beta.empty() && norm.mean.empty() && norm.variance.empty()) return;
  require_size(layer, "batch norm gamma", norm.gamma.size(), channels);
  require_size(layer, "batch norm beta", norm.beta.size(), channels);
  require_size(layer, "batch norm mean", norm.mean.size(), channels);
  require_size(layer, "batch norm variance", norm.variance.size(), channels);
  require_finite(layer, "batch norm gamma", norm.gamma);
  require_finite(layer, "batch norm beta", norm.beta);
  require_finite(layer, "batch norm mean", norm.mean);
  require_finite(layer, "batch norm variance", norm.variance);
  for (const float variance : norm.variance) {
    if (variance < 0) {
      throw InputError("layer " + layer.name + ": batch norm variance " + std::to_string(variance) +
                       " is negative");
    }
    if (!(double{variance} + double{norm.epsilon} > 0)) {
      throw InputError("layer " + layer.name +
                       ": batch norm variance + epsilon must be greater than 0");
    }
  }
}

/// In double, so that the only rounding is the last one.
LayerParameters folded(const Layer& layer, const FloatLayer& layer_weights, int channels) {
  const BatchNorm& norm = layer_weights.batch_norm;
  LayerParameters result;
  result.weights_f32 = layer_weights.weights;
  result.bias_f32 = layer_weights.bias;
  result.bias_f32.resize(channels, 0.0f);
  if (norm.gamma.empty()) return result;
  std::vector<double> factor(channels);
  for (int c = 0; c < channels; ++c) {
    factor[c] = norm.gamma[c] / std::sqrt(double{norm.variance[c]} + double{norm.epsilon});
    result.bias_f32[c] = static_cast<float>(
        norm.beta[c] + (double{result.bias_f32[c]} - double{norm.mean[c]}) * factor[c]);
  }
  const std::size_t per_channel = result.weights_f32.size() / channels;
  for (std::size_t i = 0; i < result.weights_f32.size(); ++i) {
    const std::size_t c = layer.op == OpKind::kDepthwiseConv2d ? i % channels : i / per_channel;
    result.weights_f32[i] = static_cast<float>(result.weights_f32[i] * factor[c]);
  }
  return result;
}

}  // namespace

Model fold_batch_norm(const FloatModel& model) {
  if (const Status status = validate(model.graph); !status.ok()) {
    throw InputError(status.message());
  }
  Model result;
  result.graph = model.graph;
  result.quantization.resize(model.graph.tensors.size());
  result.parameters.resize(model.graph.layers.size());
  result.normalization = model.normalization;
  result.class_names = model.class_names;
  std::size_t used = 0;
  for (std::size_t i = 0; i < model.graph.layers.size(); ++i) {
    const Layer& layer = model.graph.layers[i];
    if (!has_weights(layer.op)) continue;
    const auto found = model.layers.find(layer.name);
    if (found == model.layers.end()) {
      throw InputError("layer " + layer.name + ": the float model has no weights for it");
    }
    ++used;
    const int channels = model.graph.tensors[layer.output].shape.channels;
    check(layer, found->second, weight_count(model.graph, layer), channels);
    result.parameters[i] = folded(layer, found->second, channels);
  }
  if (used != model.layers.size()) {
    for (const auto& entry : model.layers) {
      bool known = false;
      for (const Layer& layer : model.graph.layers) {
        known = known || (layer.name == entry.first && has_weights(layer.op));
      }
      if (!known) {
        throw InputError("weights of \"" + entry.first + "\" belong to no layer of the graph");
      }
    }
  }
  if (const Status status = validate(result); !status.ok()) throw InputError(status.message());
  return result;
}

}  // namespace edgefront
