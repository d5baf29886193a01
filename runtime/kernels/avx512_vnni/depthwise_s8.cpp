// int8 depthwise convolution with four rows to a group: bytes with flipped sign bits (the packed
// bias takes the +128 back), and one vpdpbusd adds four vertical taps of sixteen channels.
#include "runtime/kernels/avx512/depthwise_s8_strips.h"
#include "runtime/kernels/avx512_vnni/avx512_vnni.h"

namespace edgefront {
namespace {

template <int kKernel, int kPixels>
EDGEFRONT_INLINE void run_pixels(const Strip& s, const __m512i* weights, int32_t stride,
                                 int32_t x) {
  constexpr int kGroups = (kKernel + kQuadTaps - 1) / kQuadTaps;
  __m512i acc[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) acc[p] = s.bias;
  EDGEFRONT_UNROLL
  for (int group = 0; group < kGroups; ++group) {
    const uint8_t* columns = s.columns + group * s.group_bytes + x * stride * s.column_bytes;
    EDGEFRONT_UNROLL
    for (int kx = 0; kx < kKernel; ++kx) {
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const __m512i a = _mm512_loadu_si512(columns + (p * stride + kx) * s.column_bytes);
        acc[p] = _mm512_dpbusd_epi32(acc[p], a, weights[kx * kGroups + group]);
      }
    }
  }
  finish_pixels<kPixels>(s, acc, x);
}

struct Quads {
  static constexpr int kTaps = kQuadTaps;
  static constexpr int kValues = 64;

  static __m512i padding(int32_t zero_point) {
    return _mm512_set1_epi8(static_cast<char>(zero_point ^ 0x80));
  }

  static EDGEFRONT_INLINE void interleave(const Row rows[kTaps], int64_t i, int64_t rest,
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
    _mm512_storeu_si512(out, _mm512_unpacklo_epi16(low01, low23));
    _mm512_storeu_si512(out + 64, _mm512_unpackhi_epi16(low01, low23));
    _mm512_storeu_si512(out + 128, _mm512_unpacklo_epi16(high01, high23));
    _mm512_storeu_si512(out + 192, _mm512_unpackhi_epi16(high01, high23));
  }

  template <int kKernel>
  static void run_strip(const Strip& s, int32_t stride, int32_t out_width) {
    constexpr int kGroups = (kKernel + kQuadTaps - 1) / kQuadTaps;
    __m512i weights[kKernel * kGroups];
    EDGEFRONT_UNROLL
    for (int i = 0; i < kKernel * kGroups; ++i) {
      weights[i] = _mm512_loadu_si512(s.weights + i * s.weight_bytes);
    }
    int32_t x = 0;
    for (; x + 4 <= out_width; x += 4) run_pixels<kKernel, 4>(s, weights, stride, x);
    for (; x < out_width; ++x) run_pixels<kKernel, 1>(s, weights, stride, x);
  }
};

}  // namespace

void avx512_vnni_depthwise_s8(const ConvArgsS8& args) { run_depthwise_s8<Quads>(args); }

}  // namespace edgefront
