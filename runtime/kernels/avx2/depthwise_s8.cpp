// int8 depthwise convolution with two rows to a group, widened to int16: one vpmaddwd adds two
// vertical taps of eight channels.
#include "runtime/kernels/avx2/avx2.h"
#include "runtime/kernels/avx2/depthwise_s8_lanes.h"

namespace edgefront {
namespace {

inline __m128i load_bytes(const int8_t* from, int64_t count) {
  if (count >= 16) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  int8_t buffer[16] = {};
  memcpy(buffer, from, static_cast<size_t>(count));
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(buffer));
}

struct Pairs : Lanes256 {
  static constexpr int32_t kTaps = kPairTaps;
  static constexpr int32_t kValues = 16;

  static Int padding(int32_t zero_point) {
    return _mm256_set1_epi16(static_cast<int16_t>(zero_point));
  }

  static EDGEFRONT_INLINE void interleave(const RowS8 rows[kTaps], int64_t i, int64_t rest,
                                          uint8_t* out) {
    const __m128i first = load_bytes(rows[0].data + i * rows[0].step, rest);
    const __m128i second = load_bytes(rows[1].data + i * rows[1].step, rest);
    store(out, _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(first, second)));
    store(out + 32, _mm256_cvtepi8_epi16(_mm_unpackhi_epi8(first, second)));
  }

  /// The empty instruction keeps GCC from turning sums into trees, which it spills.
  static EDGEFRONT_INLINE Int add(Int sums, Int inputs, Int weights) {
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(inputs, weights));
    __asm__("" : "+x"(sums));
    return sums;
  }
};

}  // namespace

void avx2_depthwise_s8(const ConvArgsS8& args) { run_depthwise_256<Pairs>(args); }

}  // namespace edgefront
