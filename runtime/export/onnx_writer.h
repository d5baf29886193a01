// ONNX, opset 14, ir_version 8: int8 models as QDQ (QuantizeLinear/DequantizeLinear around float
// operators), float models plainly. Inputs and outputs are float32, NCHW with batch 1: "input"
// (already normalised) and "logits", [1, classes]; further ones are "input_1", "logits_1", …
#pragma once

#include <string>

#include "runtime/model.h"

namespace edgefront {

/// Written atomically. Throws EnvironmentError on a write error, InputError for a graph that ONNX
/// cannot express.
void write_onnx(const Model& model, const std::string& path);

}  // namespace edgefront
