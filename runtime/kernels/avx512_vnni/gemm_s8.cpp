// int8 matrix kernel with one vpdpbusd per 64 products. Its unsigned operand is the weights + 128,
// so that activations are broadcast as they are; 128·Σ inputs is taken back from each pixel's bias.
#include "runtime/kernels/avx512/gemm_s8_tiles.h"
#include "runtime/kernels/avx512_vnni/avx512_vnni.h"

namespace edgefront {
namespace {

struct VnniDot {
  static constexpr bool kUnsignedWeights = true;
  static constexpr bool kSumInTile = true;
  static constexpr int kPixels[kMaxPanels] = {16, 12, 8, 6};
  using Input = __m512i;
  static EDGEFRONT_INLINE Input input(__m512i quads) { return quads; }
  static EDGEFRONT_INLINE __m512i add(__m512i sums, Input a, __m512i weights) {
    // Not the intrinsic: GCC 12 copies every accumulator before and after it, and spills.
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(weights), "v"(a));
    return sums;
  }
  static void sum_inputs(const GemmArgsS8& args, int64_t first, int64_t pixels, int32_t* sums);
};

/// Adds 128·inputs, four neighbours to each lane.
EDGEFRONT_INLINE __m512i add_inputs(__m512i sum, __m512i inputs) {
  return _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(static_cast<char>(128)), inputs);
}

EDGEFRONT_INLINE __m512i sum_spread(const int8_t* q, int32_t depth, __mmask64 rest) {
  __m512i sum = _mm512_setzero_si512();
  for (; depth >= 64; depth -= 64, q += 64) sum = add_inputs(sum, _mm512_loadu_si512(q));
  return rest ? add_inputs(sum, _mm512_maskz_loadu_epi8(rest, q)) : sum;
}

EDGEFRONT_INLINE __m512i add_neighbours32(__m512i a, __m512i b) {
  return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
}

/// In each 128-bit lane the sums of the four dwords of a, b, c and d there.
EDGEFRONT_INLINE __m512i add_within_lanes(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i ab = add_neighbours32(a, b), cd = add_neighbours32(c, d);
  return _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
}

EDGEFRONT_INLINE __m512i inputs_at(const int8_t* q) {
  return add_inputs(_mm512_setzero_si512(), _mm512_loadu_si512(q));
}

/// Pixels of 16 inputs, sixteen at a time: a lane is a pixel. Returns how many are done.
int64_t sum_inputs_16(const int8_t* q, int64_t pixels, int32_t* sums) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  int64_t p = 0;
  for (; p + 16 <= pixels; p += 16, q += 256) {
    const __m512i lanes =
        add_within_lanes(inputs_at(q), inputs_at(q + 64), inputs_at(q + 128), inputs_at(q + 192));
    _mm512_storeu_si512(sums + p, _mm512_permutexvar_epi32(order, lanes));
  }
  return p;
}

/// Pixels of 32 inputs, eight at a time: two lanes are a pixel.
int64_t sum_inputs_32(const int8_t* q, int64_t pixels, int32_t* sums) {
  const __m512i even = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 0, 8, 1, 9, 2, 10, 3, 11);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(4));
  int64_t p = 0;
  for (; p + 8 <= pixels; p += 8, q += 256) {
    const __m512i lanes =
        add_within_lanes(inputs_at(q), inputs_at(q + 64), inputs_at(q + 128), inputs_at(q + 192));
    const __m512i sum = _mm512_add_epi32(_mm512_permutexvar_epi32(even, lanes),
                                         _mm512_permutexvar_epi32(odd, lanes));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + p), _mm512_castsi512_si256(sum));
  }
  return p;
}

/// 128·Σ inputs of each pixel; several pixels share the additions across lanes.
void VnniDot::sum_inputs(const GemmArgsS8& args, int64_t first, int64_t pixels, int32_t* sums) {
  const int64_t stride = args.input_stride;
  const int32_t depth = args.depth;
  const int8_t* q = args.input + first * stride;
  const __mmask64 rest = mask64(depth % 64);
  int64_t p = 0;
  if (depth == 16 && stride == 16) p = sum_inputs_16(q, pixels, sums);
  if (depth == 32 && stride == 32) p = sum_inputs_32(q, pixels, sums);
  q += p * stride;
  for (; p + 4 <= pixels; p += 4, q += 4 * stride) {
    const __m512i lanes = add_within_lanes(
        sum_spread(q, depth, rest), sum_spread(q + stride, depth, rest),
        sum_spread(q + 2 * stride, depth, rest), sum_spread(q + 3 * stride, depth, rest));
    const __m256i half =
        _mm256_add_epi32(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64(lanes, 1));
    const __m128i quarter =
        _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(sums + p), quarter);
  }
  for (; p < pixels; ++p, q += stride) {
    sums[p] = _mm512_reduce_add_epi32(sum_spread(q, depth, rest));
  }
}

/// For rows that hold activations as unsigned q + 128 already.
struct FlippedDot {
  static constexpr bool kUnsignedWeights = false;
  static constexpr bool kSumInTile = false;
  static constexpr int kPixels[kMaxPanels] = {16, 12, 8, 6};
  using Input = __m512i;
  static EDGEFRONT_INLINE Input input(__m512i quads) { return quads; }
  static EDGEFRONT_INLINE __m512i add(__m512i sums, Input a, __m512i weights) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(weights));
    return sums;
  }
};

}  // namespace

void avx512_vnni_gemm_s8(const GemmArgsS8& args) { run_gemm_s8<VnniDot>(args); }

void avx512_vnni_gemm_flipped(const GemmArgsS8& args) { run_gemm_s8<FlippedDot>(args); }

}  // namespace edgefront
