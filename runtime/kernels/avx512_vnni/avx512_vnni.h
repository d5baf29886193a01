// Entry points of the files compiled for AVX-512 (F, BW, DQ, VL, VNNI). Declarations only; callers
// check the processor first (kernel_set.cpp).
#pragma once

#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

void avx512_vnni_gemm_s8(const GemmArgsS8& args);  ///< weights of gemm_pack_u8
/// Weights of direct_pack_flipped; inputs are unsigned q + 128.
void avx512_vnni_gemm_flipped(const GemmArgsS8& args);
void avx512_vnni_depthwise_s8(const ConvArgsS8& args);
extern const ElementwiseKernels kAvx512VnniElementwise;

}  // namespace edgefront
