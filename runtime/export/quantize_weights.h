// Symmetric int8 weights per output channel, and their int32 biases.
#pragma once

#include <vector>

#include "runtime/model.h"

namespace edgefront {

/// The output channel that weight `index` of `layer` belongs to (layouts:
/// runtime/kernels/kernels.h).
inline std::int64_t channel_of_weight(const Layer& layer, std::int64_t index,
                                      std::int64_t weight_count, std::int64_t channels) {
  return layer.op == OpKind::kDepthwiseConv2d ? index % channels
                                              : index / (weight_count / channels);
}

/// weight_scales[c] = max|w[c]|/127, or more where the bias of the channel would otherwise exceed
/// what the accumulator bound leaves for it: |bias| + fan_in·127·255 < 2^31. Biases are at scale
/// input_scale·weight_scales[c] (a binary32 product). Throws InputError, naming the layer, where
/// fan_in alone exceeds the bound.
LayerParameters quantize_weights(const Layer& layer, const std::vector<float>& weights,
                                 const std::vector<double>& bias, float input_scale);

/// The 256 entries of an hswish or hsigmoid layer: the function in double, rounded half to even.
std::vector<std::int8_t> activation_table(OpKind op, const TensorQuantization& input,
                                          const TensorQuantization& output);

}  // namespace edgefront
