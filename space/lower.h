// From an architecture to the layer graph that is costed, trained, quantized and run.
#pragma once

#include "runtime/graph.h"
#include "space/architecture.h"

namespace edgefront {

/// Float32 graph with one output of `classes` logits; one graph block per stem, block and head.
///
/// Layer names (weights are found by them): "stem.conv", "stem.act"; per block, after its name:
///   conv:   ".conv" ".act"
///   dwsep:  ".depthwise" ".depthwise_act" (SE) ".project"            (project is linear)
///   mbconv: ".expand" ".expand_act" ".depthwise" ".depthwise_act" (SE) ".project";
///           an expand_ratio of 1 has no expand layers (MobileNetV2, Sandler et al. 2018)
///   SE:     ".se_pool" ".se_reduce" ".se_relu" ".se_expand" ".se_hsigmoid" ".se_mul", after the
///           depthwise activation (MobileNetV3, Howard et al. 2019, §5.3)
///   skip:   ".skip" (projection: pointwise with the block's stride) and ".add"
/// then "head.conv" "head.act", "head.pool", "head.feature" "head.feature_act", "head.classifier".
/// Every conv2d and depthwise_conv2d is followed by batch norm in the float model; fully connected
/// layers are not.
///
/// Throws InputError that names block and shape where a graph cannot be built (image smaller than
/// its stride, channels over the bound).
LayerGraph lower(const Architecture& architecture);

}  // namespace edgefront
