// Entry points of the files compiled for AVX-512 (F, BW, DQ, VL). Declarations only; callers check
// the processor first (kernel_set.cpp).
#pragma once

#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

void avx512_gemm_s8(const GemmArgsS8& args);    ///< weights of gemm_pack_s8
void avx512_gemm_f32(const GemmArgsF32& args);  ///< weights of gemm_pack_f32
void avx512_depthwise_s8(const ConvArgsS8& args);
void avx512_depthwise_f32(const ConvArgsF32& args);
extern const ElementwiseKernels kAvx512Elementwise;

}  // namespace edgefront
