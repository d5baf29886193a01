// int8 matrix kernel with one vpdpbusd per 32 products. Its unsigned operand is the weights + 128,
// so that activations are broadcast as they are; 128·Σ inputs is taken back from each pixel's bias.
#include "runtime/kernels/avx2/gemm_s8_tiles.h"
#include "runtime/kernels/avx2_vnni/avx2_vnni.h"

namespace edgefront {
namespace {

struct VnniDot {
  static constexpr bool kUnsignedWeights = true;
  static constexpr bool kSumInTile = true;
  static constexpr int kPixels = 6;
  static constexpr int kHalfPixels = 12;
  using Input = __m256i;
  static EDGEFRONT_INLINE Input input(__m256i quads) { return quads; }
  static EDGEFRONT_INLINE __m256i add(__m256i sums, Input a, __m256i weights) {
    // Not the intrinsic: GCC 12 copies every accumulator before and after it, and spills.
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(weights), "x"(a));
    return sums;
  }
  static void sum_inputs(const GemmArgsS8& args, int64_t first, int64_t pixels, int32_t* sums);
};

/// Adds 128·inputs, four neighbours to each lane.
EDGEFRONT_INLINE __m256i add_inputs(__m256i sum, __m256i inputs) {
  return _mm256_dpbusd_avx_epi32(sum, _mm256_set1_epi8(static_cast<char>(128)), inputs);
}

EDGEFRONT_INLINE __m256i load_inputs(const int8_t* q) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q));
}

/// `rest` selects the whole quads behind the last 32 inputs.
EDGEFRONT_INLINE __m256i sum_spread(const int8_t* q, int32_t depth, __m256i rest) {
  __m256i sum = _mm256_setzero_si256();
  for (; depth >= 32; depth -= 32, q += 32) sum = add_inputs(sum, load_inputs(q));
  if (depth < 4) return sum;
  return add_inputs(sum, _mm256_maskload_epi32(reinterpret_cast<const int*>(q), rest));
}

EDGEFRONT_INLINE __m256i add_neighbours32(__m256i a, __m256i b) {
  return _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
}

/// In each 128-bit lane the sums of the four dwords of a, b, c and d there.
EDGEFRONT_INLINE __m256i add_within_lanes(__m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i ab = add_neighbours32(a, b), cd = add_neighbours32(c, d);
  return _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
}

/// Pixels of 16 inputs, eight at a time: a lane is a pixel. Returns how many are done.
int64_t sum_inputs_16(const int8_t* q, int64_t pixels, int32_t* sums) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  int64_t p = 0;
  for (; p + 8 <= pixels; p += 8, q += 128) {
    const __m256i lanes = add_within_lanes(
        add_inputs(zero, load_inputs(q)), add_inputs(zero, load_inputs(q + 32)),
        add_inputs(zero, load_inputs(q + 64)), add_inputs(zero, load_inputs(q + 96)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + p),
                        _mm256_permutevar8x32_epi32(lanes, order));
  }
  return p;
}

/// 128·Σ inputs of each pixel; several pixels share the additions across lanes.
void VnniDot::sum_inputs(const GemmArgsS8& args, int64_t first, int64_t pixels, int32_t* sums) {
  const int64_t stride = args.input_stride;
  const int32_t depth = args.depth;
  const int8_t* q = args.input + first * stride;
  const __m256i rest = lane_mask8(depth % 32 / 4);
  int64_t p = 0;
  if (depth == 16 && stride == 16) p = sum_inputs_16(q, pixels, sums);
  q += p * stride;
  for (; p < pixels; p += 4, q += 4 * stride) {
    // Beyond the last pixel the last one again.
    const int64_t last = pixels - 1 - p;
    const __m256i lanes = add_within_lanes(
        sum_spread(q, depth, rest), sum_spread(q + (last < 1 ? last : 1) * stride, depth, rest),
        sum_spread(q + (last < 2 ? last : 2) * stride, depth, rest),
        sum_spread(q + (last < 3 ? last : 3) * stride, depth, rest));
    int32_t four[4];
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(four),
        _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1)));
    for (int64_t i = 0; i < 4 && i <= last; ++i) {
      for (int32_t k = depth / 4 * 4; k < depth; ++k) four[i] += 128 * q[i * stride + k];
      sums[p + i] = four[i];
    }
  }
}

/// For rows that hold activations as unsigned q + 128 already.
struct FlippedDot {
  static constexpr bool kUnsignedWeights = false;
  static constexpr bool kSumInTile = false;
  static constexpr int kPixels = 6;
  static constexpr int kHalfPixels = 12;
  using Input = __m256i;
  static EDGEFRONT_INLINE Input input(__m256i quads) { return quads; }
  static EDGEFRONT_INLINE __m256i add(__m256i sums, Input a, __m256i weights) {
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(a), "x"(weights));
    return sums;
  }
};

}  // namespace

void avx2_vnni_gemm_s8(const GemmArgsS8& args) { run_gemm_s8<VnniDot>(args); }

void avx2_vnni_gemm_flipped(const GemmArgsS8& args) { run_gemm_s8<FlippedDot>(args); }

}  // namespace edgefront
