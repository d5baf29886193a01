// From a file with an image or an array to the raw bytes of a model's input tensor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/model.h"
#include "runtime/status.h"

namespace edgefront {

/// For a model with one input. Accepted by what the bytes say, not by the file's name:
/// - PGM/PPM (P5, P6, maxval 255) of the input's size: pixels;
/// - .npy, C order, shape HxWxC (sides of 1 may be left out or added): uint8 pixels, float32 real
///   (normalised) inputs, int8 values of an int8 input tensor as they are;
/// - raw NHWC: one byte a value: pixels; four bytes a value: float32 real inputs.
/// Pixels are normalised by the model, (p/255 − mean)/stddev, and quantized for an int8 input.
/// Reads any bytes. `name` stands for the file in messages.
Status read_input(const std::vector<std::uint8_t>& file, const std::string& name,
                  const Model& model, std::vector<std::uint8_t>* out);

}  // namespace edgefront
