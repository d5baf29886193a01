// Entry points of the files compiled for AArch64 with nothing but its base instructions.
// Declarations only; callers check the processor first (kernel_set.cpp).
#pragma once

#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

void neon_gemm_s8(const GemmArgsS8& args);         ///< weights of gemm_pack_s8_pairs
void neon_gemm_f32(const GemmArgsF32& args);       ///< weights of gemm_pack_f32
void neon_depthwise_s8(const ConvArgsS8& args);    ///< weights of strip_pack_plain
void neon_depthwise_f32(const ConvArgsF32& args);  ///< weights of strip_pack_f32

extern const ElementwiseKernels kNeonElementwise;

}  // namespace edgefront
