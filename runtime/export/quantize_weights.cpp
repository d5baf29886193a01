#include "runtime/export/quantize_weights.h"

#include <algorithm>
#include <cmath>

#include "space/error.h"

namespace edgefront {
namespace {

/// Scales below this would make subnormal multipliers; a channel that small is zero.
constexpr double kSmallestWeightScale = 1e-12;

std::int64_t largest_bias(const Layer& layer, std::int64_t fan_in) {
  const std::int64_t largest = (std::int64_t{1} << 31) - 1 - fan_in * 127 * 255;
  if (largest <= 0) {
    throw InputError("layer " + layer.name + ": fan-in " + std::to_string(fan_in) +
                     " can overflow an int32 accumulator; at most 66311 is accepted");
  }
  return largest;
}

}  // namespace

LayerParameters quantize_weights(const Layer& layer, const std::vector<float>& weights,
                                 const std::vector<double>& bias, float input_scale) {
  const std::int64_t count = static_cast<std::int64_t>(weights.size());
  const std::int64_t channels = static_cast<std::int64_t>(bias.size());
  const std::int64_t bias_bound = largest_bias(layer, count / channels);
  std::vector<double> largest(channels, 0.0);
  for (std::int64_t i = 0; i < count; ++i) {
    double& value = largest[channel_of_weight(layer, i, count, channels)];
    value = std::max(value, std::abs(double{weights[i]}));
  }
  LayerParameters result;
  result.weight_scales.resize(channels);
  result.bias_s32.resize(channels);
  for (std::int64_t c = 0; c < channels; ++c) {
    // The margin of 2^-20 keeps the bound although scales are rounded to binary32.
    const double for_bias = std::abs(bias[c]) / (double{input_scale} * bias_bound) * (1 + 0x1p-20);
    const double scale = std::max({largest[c] / 127, for_bias, kSmallestWeightScale});
    result.weight_scales[c] = static_cast<float>(scale);
    const float bias_scale = input_scale * result.weight_scales[c];
    result.bias_s32[c] = static_cast<std::int32_t>(std::nearbyint(bias[c] / double{bias_scale}));
  }
  result.weights_s8.resize(count);
  for (std::int64_t i = 0; i < count; ++i) {
    const float scale = result.weight_scales[channel_of_weight(layer, i, count, channels)];
    const double q = std::nearbyint(double{weights[i]} / double{scale});
    result.weights_s8[i] = static_cast<std::int8_t>(std::clamp(q, -127.0, 127.0));
  }
  return result;
}

std::vector<std::int8_t> activation_table(OpKind op, const TensorQuantization& input,
                                          const TensorQuantization& output) {
  std::vector<std::int8_t> table(256);
  for (int q = -128; q <= 127; ++q) {
    const double x = double{input.scale} * (q - input.zero_point);
    const double gate = std::clamp(x + 3, 0.0, 6.0) / 6;
    const double y = op == OpKind::kHswish ? x * gate : gate;
    const double level = std::nearbyint(y / double{output.scale}) + output.zero_point;
    table[q + 128] = static_cast<std::int8_t>(std::clamp(level, -128.0, 127.0));
  }
  return table;
}

}  // namespace edgefront
