// int8 depthwise convolution with two rows to a group, widened to int16: one vpmaddwd adds two
// vertical taps of sixteen channels.
#include "runtime/kernels/avx512/avx512.h"
#include "runtime/kernels/avx512/depthwise_s8_lanes.h"

namespace edgefront {
namespace {

struct Pairs : Lanes512 {
  static constexpr int32_t kTaps = kPairTaps;
  static constexpr int32_t kValues = 32;

  static Int padding(int32_t zero_point) {
    return _mm512_set1_epi16(static_cast<int16_t>(zero_point));
  }

  static EDGEFRONT_INLINE void interleave(const RowS8 rows[kTaps], int64_t i, int64_t rest,
                                          uint8_t* out) {
    const __mmask32 mask = static_cast<__mmask32>(mask64(rest));
    __m256i r[kTaps];
    EDGEFRONT_UNROLL
    for (int t = 0; t < kTaps; ++t) {
      // Qwords are transposed first, so that the in-lane unpacks below end in memory order.
      const __m256i raw = _mm256_maskz_loadu_epi8(mask, rows[t].data + i * rows[t].step);
      r[t] = _mm256_permute4x64_epi64(raw, 0xd8);
    }
    store(out, _mm512_cvtepi8_epi16(_mm256_unpacklo_epi8(r[0], r[1])));
    store(out + 64, _mm512_cvtepi8_epi16(_mm256_unpackhi_epi8(r[0], r[1])));
  }

  /// The empty instruction keeps GCC from turning sums into trees, which it spills.
  static EDGEFRONT_INLINE Int add(Int sums, Int inputs, Int weights) {
    sums = _mm512_add_epi32(sums, _mm512_madd_epi16(inputs, weights));
    __asm__("" : "+v"(sums));
    return sums;
  }
};

}  // namespace

void avx512_depthwise_s8(const ConvArgsS8& args) { run_depthwise_512<Pairs>(args); }

}  // namespace edgefront
