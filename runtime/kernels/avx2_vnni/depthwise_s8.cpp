// int8 depthwise convolution with four rows to a group: bytes with flipped sign bits (the packed
// bias takes the +128 back), and one vpdpbusd adds four vertical taps of eight channels.
#include "runtime/kernels/avx2/depthwise_s8_lanes.h"
#include "runtime/kernels/avx2_vnni/avx2_vnni.h"

namespace edgefront {
namespace {

inline __m256i load_bytes(const int8_t* from, int64_t count) {
  if (count >= 32) return Lanes256::load(from);
  int8_t buffer[32] = {};
  memcpy(buffer, from, static_cast<size_t>(count));
  return Lanes256::load(buffer);
}

struct Quads : Lanes256 {
  static constexpr int32_t kTaps = kQuadTaps;
  static constexpr int32_t kValues = 32;

  static Int padding(int32_t zero_point) {
    return _mm256_set1_epi8(static_cast<char>(zero_point ^ 0x80));
  }

  static EDGEFRONT_INLINE void interleave(const RowS8 rows[kTaps], int64_t i, int64_t rest,
                                          uint8_t* out) {
    // Dwords are transposed first, so that the in-lane unpacks below end in memory order.
    const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    const __m256i flip = _mm256_set1_epi8(static_cast<char>(0x80));
    __m256i r[kTaps];
    EDGEFRONT_UNROLL
    for (int t = 0; t < kTaps; ++t) {
      const __m256i raw = load_bytes(rows[t].data + i * rows[t].step, rest);
      r[t] = _mm256_permutevar8x32_epi32(_mm256_xor_si256(raw, flip), order);
    }
    const __m256i low01 = _mm256_unpacklo_epi8(r[0], r[1]);
    const __m256i high01 = _mm256_unpackhi_epi8(r[0], r[1]);
    const __m256i low23 = _mm256_unpacklo_epi8(r[2], r[3]);
    const __m256i high23 = _mm256_unpackhi_epi8(r[2], r[3]);
    store(out, _mm256_unpacklo_epi16(low01, low23));
    store(out + 32, _mm256_unpackhi_epi16(low01, low23));
    store(out + 64, _mm256_unpacklo_epi16(high01, high23));
    store(out + 96, _mm256_unpackhi_epi16(high01, high23));
  }

  static EDGEFRONT_INLINE Int add(Int sums, Int inputs, Int weights) {
    return _mm256_dpbusd_avx_epi32(sums, inputs, weights);
  }
};

}  // namespace

void avx2_vnni_depthwise_s8(const ConvArgsS8& args) { run_depthwise_256<Quads>(args); }

}  // namespace edgefront
