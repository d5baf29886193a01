// Every dense layer as a matrix product: pointwise layers directly, general convolutions through
// patches that are gathered into scratch 48 pixels at a time (im2col), fully connected layers as
// one pixel. Portable; the instruction set comes in as the `gemm` function.
#pragma once

#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

using GemmS8 = void (*)(const GemmArgsS8&);
using GemmF32 = void (*)(const GemmArgsF32&);

/// Scratch of the convolution: `kernel` padded input rows, then the patches.
int64_t convolution_scratch_bytes_s8(const ConvGeometry& g);
int64_t convolution_scratch_bytes_f32(const ConvGeometry& g);

/// Pointwise (stride 1) and fully connected.
void run_matrix_s8(const ConvArgsS8& args, GemmS8 gemm);
void run_matrix_f32(const ConvArgsF32& args, GemmF32 gemm);

void run_convolution_s8(const ConvArgsS8& args, GemmS8 gemm);
void run_convolution_f32(const ConvArgsF32& args, GemmF32 gemm);

}  // namespace edgefront
