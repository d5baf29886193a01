// What the int8 depthwise kernels of the AVX-512 sets have in common: sums of sixteen channels to
// stored bytes (see layouts/depthwise_s8_strips.h). Compiled into each set's own file: everything
// has internal linkage.
#pragma once

#include <stdint.h>

#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/layouts/depthwise_s8_strips.h"
#include "runtime/kernels/requantize.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// What the requantization of sixteen channels needs, or of fewer.
struct Channels512 {
  __m512 multipliers;
  __mmask16 mask;

  Channels512(const float* from, int32_t count) : mask(mask16(count)) {
    multipliers = _mm512_maskz_loadu_ps(mask, from);
  }
};

/// Same bits as requantize(): the upper clamp comes before the conversion, which gives INT32_MIN
/// for everything below its range (and for a NaN), so that the lower clamp may follow on bytes.
struct Requantizer512 {
  __m512 high;
  __m512i zero_point;  ///< int16
  __m512i low;         ///< int8, zero point included

  explicit Requantizer512(const RequantizeS8& r) {
    high = _mm512_set1_ps(static_cast<float>(r.qmax - r.zero_point));
    zero_point = _mm512_set1_epi16(static_cast<int16_t>(r.zero_point));
    low = _mm512_set1_epi8(static_cast<char>(r.qmin));
  }

  EDGEFRONT_INLINE __m512i scale(__m512i sum, __m512 multiplier) const {
    const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), multiplier);
    return _mm512_cvtps_epi32(_mm512_min_ps(high, scaled));
  }

  /// Sixteen channels of kPixels pixels, four pixels to a vector of bytes.
  template <int kPixels>
  EDGEFRONT_INLINE void finish(const __m512i sums[kPixels], const Channels512& channels,
                               int8_t* out, int64_t stride) const {
    const __m512 m = channels.multipliers;
    const __mmask16 mask = channels.mask;
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; p += 4) {
      __m512i q[4];
      EDGEFRONT_UNROLL
      for (int i = 0; i < 4; ++i) q[i] = scale(sums[p + i < kPixels ? p + i : kPixels - 1], m);
      const __m512i first = _mm512_adds_epi16(_mm512_packs_epi32(q[0], q[1]), zero_point);
      const __m512i second = _mm512_adds_epi16(_mm512_packs_epi32(q[2], q[3]), zero_point);
      const __m512i bytes = _mm512_max_epi8(_mm512_packs_epi16(first, second), low);
      const __m512i pixels = _mm512_permutexvar_epi32(order, bytes);
      store16(out, _mm512_castsi512_si128(pixels), mask);
      if (p + 1 < kPixels) store16(out + stride, _mm512_extracti32x4_epi32(pixels, 1), mask);
      if (p + 2 < kPixels) store16(out + 2 * stride, _mm512_extracti32x4_epi32(pixels, 2), mask);
      if (p + 3 < kPixels) store16(out + 3 * stride, _mm512_extracti32x4_epi32(pixels, 3), mask);
      out += 4 * stride;
    }
  }
};

struct Lanes512 {
  using Int = __m512i;
  using Requantizer = Requantizer512;
  using Channels = Channels512;
  static constexpr int32_t kCount = 16;

  static EDGEFRONT_INLINE Int load(const void* from) { return _mm512_loadu_si512(from); }
  static EDGEFRONT_INLINE void store(void* to, Int x) { _mm512_storeu_si512(to, x); }
};

template <class Lanes>
void run_depthwise_512(const ConvArgsS8& args) {
  run_depthwise_s8<Lanes>(args, [&args](int64_t first, int64_t values) {
    finish_span_s8(args.output + first, first, values, &args.requantize);
  });
}

}  // namespace
}  // namespace edgefront
