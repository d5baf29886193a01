// Models with generated weights: for measuring a network before it has been trained, and for tests.
#include <algorithm>
#include <cmath>

#include "runtime/model.h"

namespace edgefront {
namespace {

/// splitmix64 (Steele et al. 2014): the runtime stands alone, so it cannot use space/random.h.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Uniform in [low, high], both included.
  std::int32_t between(std::int32_t low, std::int32_t high) {
    const auto span = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int32_t>(next() % span);
  }
  /// Uniform in [−1, 1).
  float signed_unit() { return static_cast<float>(next() >> 40) * 0x1p-23f - 1.0f; }

 private:
  std::uint64_t state_;
};

// Real values are spread over about ±6 at this scale: what relu6 networks have.
constexpr float kScale = 0.05f;
constexpr float kSpread = 40;        // wanted standard deviation of int8 values
constexpr float kWeightSpread = 73;  // of uniform values in [−127, 127]
constexpr TensorQuantization kGate = {1.0f / 255.0f, -128};  // of an hsigmoid

void fill_float(Generator& random, std::int64_t count, std::int64_t fan_in, std::int64_t out,
                LayerParameters* p) {
  // He et al. 2015: variance 2/fan_in; a uniform distribution has a third of its squared bound.
  const float bound = std::sqrt(6.0f / static_cast<float>(fan_in));
  p->weights_f32.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) p->weights_f32.push_back(bound * random.signed_unit());
  for (std::int64_t i = 0; i < out; ++i) p->bias_f32.push_back(0.1f * random.signed_unit());
}

/// Per-channel scales near the one that gives outputs the spread of the inputs.
void fill_int8(Generator& random, std::int64_t count, std::int64_t fan_in, std::int64_t out,
               float s_x, float s_y, LayerParameters* p) {
  p->weights_s8.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    p->weights_s8.push_back(static_cast<std::int8_t>(random.between(-127, 127)));
  }
  const float spread = kWeightSpread * std::sqrt(static_cast<float>(fan_in));
  const auto bias = static_cast<std::int32_t>(kSpread / 4 * spread);
  for (std::int64_t i = 0; i < out; ++i) {
    const float vary = 1.0f + 0.3f * random.signed_unit();
    p->weight_scales.push_back(vary * s_y / (s_x * spread));
    p->bias_s32.push_back(random.between(-bias, bias));
  }
}

/// Scale and zero point of an int8 layer's output.
TensorQuantization quantization_of(Generator& random, const Layer& layer,
                                   const TensorQuantization& in) {
  switch (layer.op) {
    case OpKind::kRelu:
    case OpKind::kRelu6:
      return in;
    case OpKind::kHswish:
      // From −3/8 to the largest input.
      return {std::max(in.scale * static_cast<float>(127 - in.zero_point), 0.375f) / 220.0f, -100};
    case OpKind::kHsigmoid:
      return kGate;
    case OpKind::kAdd:
      return {in.scale * 1.4f, random.between(-16, 16)};
    case OpKind::kMul:
      return {in.scale, random.between(-16, 16)};
    case OpKind::kGlobalAveragePool:
      return {in.scale * 0.5f, random.between(-16, 16)};
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kFullyConnected:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      return {kScale, random.between(-16, 16)};
  }
  return {kScale, 0};
}

}  // namespace

Model generated_model(const LayerGraph& graph, std::uint64_t seed) {
  Generator random(seed);
  Model model;
  model.graph = graph;
  model.quantization.resize(graph.tensors.size());
  model.parameters.resize(graph.layers.size());
  for (const std::int32_t id : graph.inputs) {
    if (graph.tensors[id].precision == Precision::kInt8) {
      model.quantization[id] = {kScale, random.between(-16, 16)};
    }
  }
  // A gate that is given, not computed, is what an hsigmoid would give.
  for (const Layer& layer : graph.layers) {
    const bool given = std::count(graph.inputs.begin(), graph.inputs.end(), layer.inputs[1]) > 0;
    if (layer.op == OpKind::kMul && layer.precision == Precision::kInt8 && given) {
      model.quantization[layer.inputs[1]] = kGate;
    }
  }
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    const bool int8 = layer.precision == Precision::kInt8;
    const TensorQuantization in = model.quantization[layer.inputs[0]];
    if (int8) model.quantization[layer.output] = quantization_of(random, layer, in);
    const TensorQuantization out = model.quantization[layer.output];
    LayerParameters& p = model.parameters[i];
    if (has_weights(layer.op)) {
      const std::int64_t count = weight_count(graph, layer);
      const std::int64_t channels = graph.tensors[layer.output].shape.channels;
      if (int8) {
        fill_int8(random, count, count / channels, channels, in.scale, out.scale, &p);
      } else {
        fill_float(random, count, count / channels, channels, &p);
      }
    } else if (int8 && (layer.op == OpKind::kHswish || layer.op == OpKind::kHsigmoid)) {
      p.table = unary_table(layer.op, in, out);
    }
  }
  return model;
}

}  // namespace edgefront
