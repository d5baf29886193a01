// int8 depthwise convolution with four rows to a group: bytes with flipped sign bits (the packed
// bias takes the +128 back), and one vpdpbusd adds four vertical taps of sixteen channels. Most 3x3
// layers interleave their rows in registers instead of scratch (depthwise_s8_3x3.h).
#include "runtime/kernels/avx512/depthwise_s8_lanes.h"
#include "runtime/kernels/avx512_vnni/avx512_vnni.h"
#include "runtime/kernels/avx512_vnni/depthwise_s8_3x3.h"

namespace edgefront {
namespace {

struct Quads : Lanes512 {
  static constexpr int32_t kTaps = kQuadTaps;
  static constexpr int32_t kValues = 64;

  static Int padding(int32_t zero_point) {
    return _mm512_set1_epi8(static_cast<char>(zero_point ^ 0x80));
  }

  static EDGEFRONT_INLINE void interleave(const RowS8 rows[kTaps], int64_t i, int64_t rest,
                                          uint8_t* out) {
    const __mmask64 mask = mask64(rest);
    // Dwords are transposed first, so that the in-lane unpacks below end in memory order.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
    __m512i r[kQuadTaps];
    EDGEFRONT_UNROLL
    for (int t = 0; t < kQuadTaps; ++t) {
      const __m512i raw = _mm512_maskz_loadu_epi8(mask, rows[t].data + i * rows[t].step);
      r[t] = _mm512_permutexvar_epi32(order, _mm512_xor_si512(raw, flip));
    }
    const __m512i low01 = _mm512_unpacklo_epi8(r[0], r[1]);
    const __m512i high01 = _mm512_unpackhi_epi8(r[0], r[1]);
    const __m512i low23 = _mm512_unpacklo_epi8(r[2], r[3]);
    const __m512i high23 = _mm512_unpackhi_epi8(r[2], r[3]);
    store(out, _mm512_unpacklo_epi16(low01, low23));
    store(out + 64, _mm512_unpackhi_epi16(low01, low23));
    store(out + 128, _mm512_unpacklo_epi16(high01, high23));
    store(out + 192, _mm512_unpackhi_epi16(high01, high23));
  }

  static EDGEFRONT_INLINE Int add(Int sums, Int inputs, Int weights) {
    return _mm512_dpbusd_epi32(sums, inputs, weights);
  }
};

/// Whether blocks of 64 values take less time than panels of 16 channels from scratch. With stride
/// 1, which shares more, up to three panels do not take longer than a block filled in part.
bool blocks_are_faster(const ConvGeometry& g) {
  const int64_t panels = padded_channels(g) / kPanelChannels;
  return g.kernel == 3 && panels > (g.stride == 1 ? 3 : 1);
}

}  // namespace

void avx512_vnni_depthwise_s8(const ConvArgsS8& args) {
  if (blocks_are_faster(args.geometry)) {
    return args.geometry.stride == 1 ? run_depthwise_3x3<1>(args) : run_depthwise_3x3<2>(args);
  }
  run_depthwise_512<Quads>(args);
}

}  // namespace edgefront
