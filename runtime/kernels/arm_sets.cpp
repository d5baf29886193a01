#include "runtime/kernels/arm_sets.h"

#include "runtime/kernels/layouts/arm_layout.h"
#include "runtime/kernels/layouts/convolution.h"
#include "runtime/kernels/layouts/gemm_layout.h"
#ifdef __aarch64__
#include <sys/auxv.h>

#include "runtime/kernels/neon/neon.h"
#include "runtime/kernels/neon_dotprod/neon_dotprod.h"
#endif

namespace edgefront {
namespace {

#ifdef __aarch64__

// Bits of the kernel's interface (asm/hwcap.h); older headers lack the name of the second.
constexpr unsigned long kHwcapAsimd = 1ul << 1;
constexpr unsigned long kHwcapAsimdDotprod = 1ul << 20;

bool has_neon() { return (getauxval(AT_HWCAP) & kHwcapAsimd) != 0; }
bool has_neon_dotprod() { return has_neon() && (getauxval(AT_HWCAP) & kHwcapAsimdDotprod) != 0; }

template <GemmS8 kGemm>
void matrix_s8(const ConvArgsS8& args) {
  run_matrix_s8(args, kGemm);
}

template <GemmS8 kGemm>
void conv_s8(const ConvArgsS8& args) {
  run_convolution_s8(args, kGemm);
}

template <GemmF32 kGemm>
void matrix_f32(const ConvArgsF32& args) {
  run_matrix_f32(args, kGemm);
}

template <GemmF32 kGemm>
void conv_f32(const ConvArgsF32& args) {
  run_convolution_f32(args, kGemm);
}

#define EDGEFRONT_ARM(function) function

#else

bool has_neon() { return false; }
bool has_neon_dotprod() { return false; }

#define EDGEFRONT_ARM(function) nullptr

#endif

const ConvKernelS8 kNeonPointwiseS8 = {"pointwise_4x16", gemm_packed_bytes_s8, gemm_no_scratch,
                                       gemm_pack_s8_pairs, EDGEFRONT_ARM(matrix_s8<neon_gemm_s8>)};
const ConvKernelS8 kNeonConvS8 = {"im2col_4x16", gemm_packed_bytes_s8, convolution_scratch_bytes_s8,
                                  gemm_pack_s8_pairs, EDGEFRONT_ARM(conv_s8<neon_gemm_s8>)};
const ConvKernelS8 kNeonDepthwiseS8 = {"depthwise_strips_16", strip_packed_bytes_plain,
                                       strip_scratch_bytes_plain, strip_pack_plain,
                                       EDGEFRONT_ARM(neon_depthwise_s8)};
const ConvKernelS8 kNeonFullyConnectedS8 = {"fully_connected_16", gemm_packed_bytes_s8,
                                            gemm_no_scratch, gemm_pack_s8_pairs,
                                            EDGEFRONT_ARM(matrix_s8<neon_gemm_s8>)};
const ConvKernelF32 kNeonPointwiseF32 = {"pointwise_8x8", gemm_packed_bytes_f32, gemm_no_scratch,
                                         gemm_pack_f32, EDGEFRONT_ARM(matrix_f32<neon_gemm_f32>)};
const ConvKernelF32 kNeonConvF32 = {"im2col_8x8", gemm_packed_bytes_f32,
                                    convolution_scratch_bytes_f32, gemm_pack_f32,
                                    EDGEFRONT_ARM(conv_f32<neon_gemm_f32>)};
const ConvKernelF32 kNeonDepthwiseF32 = {"depthwise_strips_8", strip_packed_bytes_f32,
                                         gemm_no_scratch, strip_pack_f32,
                                         EDGEFRONT_ARM(neon_depthwise_f32)};
const ConvKernelF32 kNeonFullyConnectedF32 = {"fully_connected_8", gemm_packed_bytes_f32,
                                              gemm_no_scratch, gemm_pack_f32,
                                              EDGEFRONT_ARM(matrix_f32<neon_gemm_f32>)};

// Dot products are for int8: fp32 is shared.
const ConvKernelS8 kNeonDotprodPointwiseS8 = {"pointwise_8x8", gemm_packed_bytes_s8,
                                              gemm_no_scratch, gemm_pack_s8,
                                              EDGEFRONT_ARM(matrix_s8<neon_dotprod_gemm_s8>)};
const ConvKernelS8 kNeonDotprodConvS8 = {"im2col_8x8", gemm_packed_bytes_s8,
                                         convolution_scratch_bytes_s8, gemm_pack_s8,
                                         EDGEFRONT_ARM(conv_s8<neon_dotprod_gemm_s8>)};
const ConvKernelS8 kNeonDotprodDepthwiseS8 = {"depthwise_quads_16", strip_packed_bytes_quads,
                                              strip_scratch_bytes_quads, strip_pack_quads,
                                              EDGEFRONT_ARM(neon_dotprod_depthwise_s8)};
const ConvKernelS8 kNeonDotprodFullyConnectedS8 = {"fully_connected_8", gemm_packed_bytes_s8,
                                                   gemm_no_scratch, gemm_pack_s8,
                                                   EDGEFRONT_ARM(matrix_s8<neon_dotprod_gemm_s8>)};

const ElementwiseKernels* const kElementwise = EDGEFRONT_ARM(&kNeonElementwise);

#undef EDGEFRONT_ARM

}  // namespace

// Versions: pointwise, conv, depthwise, fully connected, elementwise.
const KernelSet kNeonSet = {"neon",
                            has_neon,
                            1,
                            1,
                            1,
                            1,
                            2,
                            &kNeonPointwiseS8,
                            &kNeonConvS8,
                            &kNeonDepthwiseS8,
                            &kNeonFullyConnectedS8,
                            &kNeonPointwiseF32,
                            &kNeonConvF32,
                            &kNeonDepthwiseF32,
                            &kNeonFullyConnectedF32,
                            kElementwise};

const KernelSet kNeonDotprodSet = {"neon_dotprod",
                                   has_neon_dotprod,
                                   1,
                                   1,
                                   1,
                                   1,
                                   2,
                                   &kNeonDotprodPointwiseS8,
                                   &kNeonDotprodConvS8,
                                   &kNeonDotprodDepthwiseS8,
                                   &kNeonDotprodFullyConnectedS8,
                                   &kNeonPointwiseF32,
                                   &kNeonConvF32,
                                   &kNeonDepthwiseF32,
                                   &kNeonFullyConnectedF32,
                                   kElementwise};

}  // namespace edgefront
