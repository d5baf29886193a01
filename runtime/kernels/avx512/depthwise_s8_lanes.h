// What the int8 depthwise kernels of the AVX-512 sets have in common: sums of sixteen channels to
// stored bytes (see layouts/depthwise_s8_strips.h). Compiled into each set's own file: everything
// has internal linkage.
#pragma once

#include <stdint.h>

#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/avx512/pack_bytes.h"
#include "runtime/kernels/layouts/depthwise_s8_strips.h"
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

struct Requantizer512 {
  PackBytes512 bytes;

  explicit Requantizer512(const RequantizeS8& r) : bytes(r.zero_point, r.qmin, r.qmax) {}

  /// Sixteen channels of kPixels pixels, four pixels to a vector of bytes.
  template <int kPixels>
  EDGEFRONT_INLINE void finish(const __m512i sums[kPixels], const Channels512& channels,
                               int8_t* out, int64_t stride) const {
    const __mmask16 mask = channels.mask;
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; p += 4) {
      __m512 scaled[4];
      EDGEFRONT_UNROLL
      for (int i = 0; i < 4; ++i) {
        const __m512i sum = sums[p + i < kPixels ? p + i : kPixels - 1];
        scaled[i] = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), channels.multipliers);
      }
      const __m512i pixels = bytes.pack(scaled);
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
