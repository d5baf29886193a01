// int8 depthwise convolution with two rows to a group, widened to int16: one vpmaddwd adds two
// vertical taps of eight channels.
#include "runtime/kernels/avx2/avx2.h"
#include "runtime/kernels/avx2/depthwise_s8_strips.h"

namespace edgefront {
namespace {

inline __m128i load_bytes(const int8_t* from, int64_t count) {
  if (count >= 16) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  int8_t buffer[16] = {};
  memcpy(buffer, from, static_cast<size_t>(count));
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(buffer));
}

struct Pairs {
  static constexpr int kTaps = kPairTaps;
  static constexpr int kValues = 16;

  static __m256i padding(int32_t zero_point) {
    return _mm256_set1_epi16(static_cast<int16_t>(zero_point));
  }

  static EDGEFRONT_INLINE void interleave(const Row rows[kTaps], int64_t i, int64_t rest,
                                          uint8_t* out) {
    const __m128i first = load_bytes(rows[0].data + i * rows[0].step, rest);
    const __m128i second = load_bytes(rows[1].data + i * rows[1].step, rest);
    store256(out, _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(first, second)));
    store256(out + 32, _mm256_cvtepi8_epi16(_mm_unpackhi_epi8(first, second)));
  }

  static EDGEFRONT_INLINE __m256i add(__m256i sums, __m256i inputs, __m256i weights) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(inputs, weights));
  }
};

}  // namespace

void avx2_depthwise_s8(const ConvArgsS8& args) { run_depthwise_s8<Pairs>(args); }

}  // namespace edgefront
