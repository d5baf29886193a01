#include "runtime/kernels/x86_sets.h"

#include "runtime/kernels/layouts/amx_layout.h"
#include "runtime/kernels/layouts/convolution.h"
#include "runtime/kernels/layouts/depthwise_layout.h"
#include "runtime/kernels/layouts/direct_convolution.h"
#include "runtime/kernels/layouts/gemm_layout.h"
#ifdef __x86_64__
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/kernels/amx/amx.h"
#include "runtime/kernels/avx2/avx2.h"
#include "runtime/kernels/avx2_vnni/avx2_vnni.h"
#include "runtime/kernels/avx512/avx512.h"
#include "runtime/kernels/avx512_vnni/avx512_vnni.h"
#endif

namespace edgefront {
namespace {

#ifdef __x86_64__

// The compiler's check includes whether the operating system saves the registers (XGETBV).
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

/// The VEX form of vpdpbusd uses the registers of AVX2. Clang 14 has no name for it: leaf 7,
/// subleaf 1, bit 4 of EAX; EAX of subleaf 0 is the highest subleaf.
bool has_avx2_vnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (!has_avx2() || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || eax < 1) return false;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 4 & 1) != 0;
}

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

bool has_avx512_vnni() { return has_avx512() && __builtin_cpu_supports("avx512vnni"); }

/// Tiles and their int8 products (leaf 7, bits 24 and 25 of EDX), saved by the system (bits 17 and
/// 18 of XCR0), which grants a process the eight kilobytes of tile data only when asked
/// (ARCH_REQ_XCOMP_PERM for XFEATURE_XTILEDATA; Linux 5.16).
bool ask_for_amx() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (!has_avx512_vnni() || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return false;
  if ((edx >> 24 & 3) != 3) return false;
  unsigned saved = 0, saved_high = 0;
  __asm__("xgetbv" : "=a"(saved), "=d"(saved_high) : "c"(0));
  if ((saved >> 17 & 3) != 3) return false;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool has_amx() {
  static const bool granted = ask_for_amx();
  return granted;
}

template <GemmS8 kGemm>
void matrix_s8(const ConvArgsS8& args) {
  run_matrix_s8(args, kGemm);
}

template <GemmS8 kGemm>
void conv_s8(const ConvArgsS8& args) {
  run_convolution_s8(args, kGemm);
}

template <GemmS8 kGemm, RowBytes kBytes>
void direct_s8(const ConvArgsS8& args) {
  run_direct_convolution_s8(args, kGemm, kBytes);
}

template <GemmF32 kGemm>
void matrix_f32(const ConvArgsF32& args) {
  run_matrix_f32(args, kGemm);
}

template <GemmF32 kGemm>
void direct_f32(const ConvArgsF32& args) {
  run_direct_convolution_f32(args, kGemm);
}

#define EDGEFRONT_X86(function) function
#define EDGEFRONT_X86_ROW(row) &row

#else

bool has_avx2() { return false; }
bool has_avx2_vnni() { return false; }
bool has_avx512() { return false; }
bool has_avx512_vnni() { return false; }
bool has_amx() { return false; }

#define EDGEFRONT_X86(function) nullptr
#define EDGEFRONT_X86_ROW(row) nullptr

#endif

const ConvKernelS8 kAvx2PointwiseS8 = {"pointwise_4x16", gemm_packed_bytes_s8, gemm_no_scratch,
                                       gemm_pack_s8, EDGEFRONT_X86(matrix_s8<avx2_gemm_s8>)};
const ConvKernelS8 kAvx2ConvS8 = {"direct_4x16", direct_packed_bytes_s8, direct_scratch_bytes_s8,
                                  direct_pack_s8,
                                  EDGEFRONT_X86((direct_s8<avx2_gemm_s8, RowBytes::kAsStored>))};
const ConvKernelS8 kAvx2DepthwiseS8 = {"depthwise_pairs_7x8", depthwise_packed_bytes_pair,
                                       depthwise_scratch_bytes_pair, depthwise_pack_pair,
                                       EDGEFRONT_X86(avx2_depthwise_s8)};
const ConvKernelS8 kAvx2FullyConnectedS8 = {"fully_connected_16", gemm_packed_bytes_s8,
                                            gemm_no_scratch, gemm_pack_s8,
                                            EDGEFRONT_X86(matrix_s8<avx2_gemm_s8>)};
const ConvKernelF32 kAvx2PointwiseF32 = {"pointwise_6x16", gemm_packed_bytes_f32, gemm_no_scratch,
                                         gemm_pack_f32, EDGEFRONT_X86(matrix_f32<avx2_gemm_f32>)};
const ConvKernelF32 kAvx2ConvF32 = {"direct_6x16", gemm_packed_bytes_f32, direct_scratch_bytes_f32,
                                    gemm_pack_f32, EDGEFRONT_X86(direct_f32<avx2_gemm_f32>)};
const ConvKernelF32 kAvx2DepthwiseF32 = {"depthwise_7x8", depthwise_packed_bytes_f32,
                                         gemm_no_scratch, depthwise_pack_f32,
                                         EDGEFRONT_X86(avx2_depthwise_f32)};
const ConvKernelF32 kAvx2FullyConnectedF32 = {"fully_connected_16", gemm_packed_bytes_f32,
                                              gemm_no_scratch, gemm_pack_f32,
                                              EDGEFRONT_X86(matrix_f32<avx2_gemm_f32>)};

// fp32 needs no VNNI: the sets with it share the rows of those without.
const ConvKernelS8 kAvx2VnniPointwiseS8 = {"pointwise_6x16", gemm_packed_bytes_s8, gemm_no_scratch,
                                           gemm_pack_u8,
                                           EDGEFRONT_X86(matrix_s8<avx2_vnni_gemm_s8>)};
const ConvKernelS8 kAvx2VnniConvS8 = {
    "direct_6x16", direct_packed_bytes_s8, direct_scratch_bytes_s8, direct_pack_flipped,
    EDGEFRONT_X86((direct_s8<avx2_vnni_gemm_flipped, RowBytes::kFlipped>))};
const ConvKernelS8 kAvx2VnniDepthwiseS8 = {"depthwise_quads_7x8", depthwise_packed_bytes_quad,
                                           depthwise_scratch_bytes_quad, depthwise_pack_quad,
                                           EDGEFRONT_X86(avx2_vnni_depthwise_s8)};
const ConvKernelS8 kAvx2VnniFullyConnectedS8 = {"fully_connected_16", gemm_packed_bytes_s8,
                                                gemm_no_scratch, gemm_pack_u8,
                                                EDGEFRONT_X86(matrix_s8<avx2_vnni_gemm_s8>)};

const ConvKernelS8 kAvx512PointwiseS8 = {"pointwise_8x32", gemm_packed_bytes_s8, gemm_no_scratch,
                                         gemm_pack_s8, EDGEFRONT_X86(matrix_s8<avx512_gemm_s8>)};
const ConvKernelS8 kAvx512ConvS8 = {
    "direct_8x32", direct_packed_bytes_s8, direct_scratch_bytes_s8, direct_pack_s8,
    EDGEFRONT_X86((direct_s8<avx512_gemm_s8, RowBytes::kAsStored>))};
const ConvKernelS8 kAvx512DepthwiseS8 = {"depthwise_pairs_7x16", depthwise_packed_bytes_pair,
                                         depthwise_scratch_bytes_pair, depthwise_pack_pair,
                                         EDGEFRONT_X86(avx512_depthwise_s8)};
const ConvKernelS8 kAvx512FullyConnectedS8 = {"fully_connected_32", gemm_packed_bytes_s8,
                                              gemm_no_scratch, gemm_pack_s8,
                                              EDGEFRONT_X86(matrix_s8<avx512_gemm_s8>)};

const ConvKernelS8 kAvx512VnniPointwiseS8 = {"pointwise_6x64", gemm_packed_bytes_s8,
                                             gemm_no_scratch, gemm_pack_u8,
                                             EDGEFRONT_X86(matrix_s8<avx512_vnni_gemm_s8>)};
const ConvKernelS8 kAvx512VnniConvS8 = {
    "direct_6x64", direct_packed_bytes_s8, direct_scratch_bytes_s8, direct_pack_flipped,
    EDGEFRONT_X86((direct_s8<avx512_vnni_gemm_flipped, RowBytes::kFlipped>))};
const ConvKernelS8 kAvx512VnniDepthwiseS8 = {"depthwise_quads_7x16", depthwise_packed_bytes_quad,
                                             depthwise_scratch_bytes_quad, depthwise_pack_quad,
                                             EDGEFRONT_X86(avx512_vnni_depthwise_s8)};
const ConvKernelS8 kAvx512VnniFullyConnectedS8 = {"fully_connected_64", gemm_packed_bytes_s8,
                                                  gemm_no_scratch, gemm_pack_u8,
                                                  EDGEFRONT_X86(matrix_s8<avx512_vnni_gemm_s8>)};
// The depthwise kernel has no use for tiles and is that of VNNI.
const ConvKernelS8 kAmxPointwiseS8 = {"pointwise_tiles_32x32", amx_packed_bytes_s8, gemm_no_scratch,
                                      amx_pack_s8, EDGEFRONT_X86(matrix_s8<amx_gemm_s8>)};
const ConvKernelS8 kAmxConvS8 = {"im2col_tiles_32x32", amx_packed_bytes_s8,
                                 convolution_scratch_bytes_s8, amx_pack_s8,
                                 EDGEFRONT_X86(conv_s8<amx_gemm_s8>)};
const ConvKernelS8 kAmxFullyConnectedS8 = {"fully_connected_tiles_32", amx_packed_bytes_s8,
                                           gemm_no_scratch, amx_pack_s8,
                                           EDGEFRONT_X86(matrix_s8<amx_gemm_s8>)};
const ConvKernelF32 kAvx512PointwiseF32 = {"pointwise_7x32", gemm_packed_bytes_f32, gemm_no_scratch,
                                           gemm_pack_f32,
                                           EDGEFRONT_X86(matrix_f32<avx512_gemm_f32>)};
const ConvKernelF32 kAvx512ConvF32 = {"direct_7x32", gemm_packed_bytes_f32,
                                      direct_scratch_bytes_f32, gemm_pack_f32,
                                      EDGEFRONT_X86(direct_f32<avx512_gemm_f32>)};
const ConvKernelF32 kAvx512DepthwiseF32 = {"depthwise_7x16", depthwise_packed_bytes_f32,
                                           gemm_no_scratch, depthwise_pack_f32,
                                           EDGEFRONT_X86(avx512_depthwise_f32)};
const ConvKernelF32 kAvx512FullyConnectedF32 = {"fully_connected_32", gemm_packed_bytes_f32,
                                                gemm_no_scratch, gemm_pack_f32,
                                                EDGEFRONT_X86(matrix_f32<avx512_gemm_f32>)};

}  // namespace

// Versions: pointwise, conv, depthwise, fully connected, elementwise.
const KernelSet kAvx2Set = {"avx2",
                            has_avx2,
                            4,
                            4,
                            3,
                            4,
                            3,
                            &kAvx2PointwiseS8,
                            &kAvx2ConvS8,
                            &kAvx2DepthwiseS8,
                            &kAvx2FullyConnectedS8,
                            &kAvx2PointwiseF32,
                            &kAvx2ConvF32,
                            &kAvx2DepthwiseF32,
                            &kAvx2FullyConnectedF32,
                            EDGEFRONT_X86_ROW(kAvx2Elementwise)};

const KernelSet kAvx2VnniSet = {"avx2_vnni",
                                has_avx2_vnni,
                                4,
                                4,
                                3,
                                4,
                                3,
                                &kAvx2VnniPointwiseS8,
                                &kAvx2VnniConvS8,
                                &kAvx2VnniDepthwiseS8,
                                &kAvx2VnniFullyConnectedS8,
                                &kAvx2PointwiseF32,
                                &kAvx2ConvF32,
                                &kAvx2DepthwiseF32,
                                &kAvx2FullyConnectedF32,
                                EDGEFRONT_X86_ROW(kAvx2Elementwise)};

const KernelSet kAvx512Set = {"avx512",
                              has_avx512,
                              4,
                              4,
                              3,
                              4,
                              3,
                              &kAvx512PointwiseS8,
                              &kAvx512ConvS8,
                              &kAvx512DepthwiseS8,
                              &kAvx512FullyConnectedS8,
                              &kAvx512PointwiseF32,
                              &kAvx512ConvF32,
                              &kAvx512DepthwiseF32,
                              &kAvx512FullyConnectedF32,
                              EDGEFRONT_X86_ROW(kAvx512Elementwise)};

const KernelSet kAvx512VnniSet = {"avx512_vnni",
                                  has_avx512_vnni,
                                  4,
                                  4,
                                  6,
                                  4,
                                  3,
                                  &kAvx512VnniPointwiseS8,
                                  &kAvx512VnniConvS8,
                                  &kAvx512VnniDepthwiseS8,
                                  &kAvx512VnniFullyConnectedS8,
                                  &kAvx512PointwiseF32,
                                  &kAvx512ConvF32,
                                  &kAvx512DepthwiseF32,
                                  &kAvx512FullyConnectedF32,
                                  EDGEFRONT_X86_ROW(kAvx512VnniElementwise)};

const KernelSet kAmxSet = {"amx",
                           has_amx,
                           4,
                           4,
                           6,
                           4,
                           3,
                           &kAmxPointwiseS8,
                           &kAmxConvS8,
                           &kAvx512VnniDepthwiseS8,
                           &kAmxFullyConnectedS8,
                           &kAvx512PointwiseF32,
                           &kAvx512ConvF32,
                           &kAvx512DepthwiseF32,
                           &kAvx512FullyConnectedF32,
                           EDGEFRONT_X86_ROW(kAvx512VnniElementwise)};

#undef EDGEFRONT_X86
#undef EDGEFRONT_X86_ROW

}  // namespace edgefront
