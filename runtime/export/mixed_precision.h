// One model of two: some layers in fp32, the others in int8, conversions between them.
#pragma once

#include <vector>

#include "runtime/model.h"

namespace edgefront {

/// `int8_model` is quantize(`float_model`): the same layers and tensors. Layers with
/// `float_layers[i]` run in fp32 with the weights of `float_model`. Inputs and outputs of the
/// network stay int8. A tensor that readers want in the other precision is converted once each way,
/// right before the first of them. Probes are dropped. Throws InputError where the models do not
/// fit each other.
Model mix_precisions(const Model& float_model, const Model& int8_model,
                     const std::vector<bool>& float_layers);

}  // namespace edgefront
