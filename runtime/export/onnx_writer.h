// ONNX: int8 models as QDQ (QuantizeLinear/DequantizeLinear around float operators, opset 13,
// ir_version 8), float models plainly. Input and output are float32 NCHW with batch 1: "input" and
// "logits". Hswish is HardSwish of the opset (14) or its parts.
#pragma once

#include <string>

#include "runtime/model.h"

namespace edgefront {

/// Written atomically. Throws EnvironmentError on a write error, InputError for a graph that ONNX
/// cannot express.
void write_onnx(const Model& model, const std::string& path);

}  // namespace edgefront
