// int8 depthwise convolution with two rows to a group, widened to int16: one vpmaddwd adds two
// vertical taps of sixteen channels.
#include "runtime/kernels/avx512/avx512.h"
#include "runtime/kernels/avx512/depthwise_s8_strips.h"

namespace edgefront {
namespace {

/// The tap loops stay: GCC turns unrolled sums of products into trees that it spills.
template <int kKernel, int kPixels>
EDGEFRONT_INLINE void run_pixels(const Strip& s, int32_t stride, int32_t x) {
  constexpr int kGroups = (kKernel + kPairTaps - 1) / kPairTaps;
  __m512i acc[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) acc[p] = s.bias;
  EDGEFRONT_KEEP_LOOP
  for (int group = 0; group < kGroups; ++group) {
    const uint8_t* columns = s.columns + group * s.group_bytes + x * stride * s.column_bytes;
    EDGEFRONT_KEEP_LOOP
    for (int kx = 0; kx < kKernel; ++kx) {
      const uint8_t* weights = s.weights + (kx * kGroups + group) * s.weight_bytes;
      const __m512i w = _mm512_loadu_si512(weights);
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const __m512i a = _mm512_loadu_si512(columns + (p * stride + kx) * s.column_bytes);
        acc[p] = _mm512_add_epi32(acc[p], _mm512_madd_epi16(a, w));
      }
    }
  }
  finish_pixels<kPixels>(s, acc, x);
}

struct Pairs {
  static constexpr int kTaps = kPairTaps;
  static constexpr int kValues = 32;

  static __m512i padding(int32_t zero_point) {
    return _mm512_set1_epi16(static_cast<int16_t>(zero_point));
  }

  static EDGEFRONT_INLINE void interleave(const Row rows[kTaps], int64_t i, int64_t rest,
                                          uint8_t* out) {
    const __mmask32 mask = static_cast<__mmask32>(mask64(rest));
    __m256i r[kTaps];
    EDGEFRONT_UNROLL
    for (int t = 0; t < kTaps; ++t) {
      // Qwords are transposed first, so that the in-lane unpacks below end in memory order.
      const __m256i raw = _mm256_maskz_loadu_epi8(mask, rows[t].data + i * rows[t].step);
      r[t] = _mm256_permute4x64_epi64(raw, 0xd8);
    }
    _mm512_storeu_si512(out, _mm512_cvtepi8_epi16(_mm256_unpacklo_epi8(r[0], r[1])));
    _mm512_storeu_si512(out + 64, _mm512_cvtepi8_epi16(_mm256_unpackhi_epi8(r[0], r[1])));
  }

  template <int kKernel>
  static void run_strip(const Strip& s, int32_t stride, int32_t out_width) {
    int32_t x = 0;
    for (; x + 8 <= out_width; x += 8) run_pixels<kKernel, 8>(s, stride, x);
    for (; x + 2 <= out_width; x += 2) run_pixels<kKernel, 2>(s, stride, x);
    for (; x < out_width; ++x) run_pixels<kKernel, 1>(s, stride, x);
  }
};

}  // namespace

void avx512_depthwise_s8(const ConvArgsS8& args) { run_depthwise_s8<Pairs>(args); }

}  // namespace edgefront
