// Entry points of the files compiled for AArch64 with the dot product instructions (ARMv8.2).
// Declarations only; callers check the processor first (kernel_set.cpp).
#pragma once

#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

void neon_dotprod_gemm_s8(const GemmArgsS8& args);       ///< weights of gemm_pack_s8
void neon_dotprod_depthwise_s8(const ConvArgsS8& args);  ///< weights of strip_pack_quads

}  // namespace edgefront
