// One self-contained C99 file for an int8 model: what a microcontroller without a file system runs.
// Its outputs are the interpreter's to the bit (design 5.1); docs/c_export.md is for its users.
#pragma once

#include <string>

#include "runtime/model.h"

namespace edgefront {

/// Weights, biases, multipliers and tables as constants, one static arena placed by plan_memory()
/// for the fused steps of the reference kernels, and `int edgefront_invoke(const int8_t* input,
/// int8_t* output)`. Several inputs or outputs stand one behind the other, in the graph's order.
/// Written atomically. Throws InputError for an invalid model and for one with a float32 tensor
/// (names the layer or the input), EnvironmentError on a write error.
void write_c(const Model& model, const std::string& path);

}  // namespace edgefront
