// Graph passes that take layers out of a model without changing what it computes: int8 outputs keep
// every bit, float32 outputs every value. Each is a pure function of a valid model; parameters,
// quantization, normalisation, names and probes go along. docs/graph_passes.md lists all passes.
#pragma once

#include "runtime/model.h"

namespace edgefront {

/// Where constants (shapes, quantization, clamps, tables) show that a layer changes no value, its
/// readers read its input, and so does the graph's output where that is allowed. The layer stays,
/// dead. No more bytes are live at once than before.
///   - average pool over one pixel (int8: of equal quantization)
///   - relu, relu6 of values that are within the clamp already, but for activations that fuse()
///     takes into their producer: those cost nothing, and look-up tables know the layer with them
///   - relu, relu6 of a clamp that is no tighter and that nobody else reads: they read what it reads
///   - quantize of a dequantized tensor, of equal quantization
Model fold_constants(const Model& model);

/// Without the layers whose results reach no output, and without their tensors and parameters.
/// Inputs stay, read or not: they are the interface.
Model remove_dead_layers(const Model& model);

/// Both, in this order.
Model simplify(const Model& model);

}  // namespace edgefront
