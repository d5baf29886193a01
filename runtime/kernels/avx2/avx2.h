// Entry points of the files compiled for AVX2 and FMA. Declarations only; callers check the
// processor first (kernel_set.cpp).
#pragma once

#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

void avx2_gemm_s8(const GemmArgsS8& args);    ///< weights of gemm_pack_s8
void avx2_gemm_f32(const GemmArgsF32& args);  ///< weights of gemm_pack_f32
void avx2_depthwise_s8(const ConvArgsS8& args);
void avx2_depthwise_f32(const ConvArgsF32& args);
extern const ElementwiseKernels kAvx2Elementwise;

}  // namespace edgefront
