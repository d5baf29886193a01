// What the int8 depthwise kernels of the AVX2 sets have in common: sums of eight channels to stored
// bytes (see layouts/depthwise_s8_strips.h). Compiled into each set's own file: everything has
// internal linkage.
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "runtime/kernels/avx2/epilogue.h"
#include "runtime/kernels/avx2/pack_bytes.h"
#include "runtime/kernels/layouts/depthwise_s8_strips.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// What the requantization of eight channels needs, or of fewer.
struct Channels256 {
  __m256 multipliers;
  int32_t count;

  Channels256(const float* from, int32_t channels) : count(channels) {
    multipliers = count >= 8 ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, lane_mask8(count));
  }
};

struct Requantizer256 {
  PackBytes256 bytes;

  explicit Requantizer256(const RequantizeS8& r) : bytes(r.zero_point, r.qmin, r.qmax) {}

  /// The first eight bytes, or fewer.
  static EDGEFRONT_INLINE void store8(int8_t* out, __m128i bytes, int32_t count) {
    if (count >= 8) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out), bytes);
      return;
    }
    int8_t buffer[8];
    _mm_storel_epi64(reinterpret_cast<__m128i*>(buffer), bytes);
    memcpy(out, buffer, static_cast<size_t>(count));
  }

  /// Eight channels of kPixels pixels, four pixels to a vector of bytes.
  template <int kPixels>
  EDGEFRONT_INLINE void finish(const __m256i sums[kPixels], const Channels256& channels,
                               int8_t* out, int64_t stride) const {
    const int32_t count = channels.count;
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; p += 4) {
      __m256 scaled[4];
      EDGEFRONT_UNROLL
      for (int i = 0; i < 4; ++i) {
        const __m256i sum = sums[p + i < kPixels ? p + i : kPixels - 1];
        scaled[i] = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), channels.multipliers);
      }
      const __m256i pixels = bytes.pack(scaled);
      const __m128i low_pixels = _mm256_castsi256_si128(pixels);
      const __m128i high_pixels = _mm256_extracti128_si256(pixels, 1);
      store8(out, low_pixels, count);
      if (p + 1 < kPixels) store8(out + stride, _mm_unpackhi_epi64(low_pixels, low_pixels), count);
      if (p + 2 < kPixels) store8(out + 2 * stride, high_pixels, count);
      if (p + 3 < kPixels) {
        store8(out + 3 * stride, _mm_unpackhi_epi64(high_pixels, high_pixels), count);
      }
      out += 4 * stride;
    }
  }
};

struct Lanes256 {
  using Int = __m256i;
  using Requantizer = Requantizer256;
  using Channels = Channels256;
  static constexpr int32_t kCount = 8;

  static EDGEFRONT_INLINE Int load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }
  static EDGEFRONT_INLINE void store(void* to, Int x) {
    _mm256_storeu_si256(static_cast<__m256i*>(to), x);
  }
};

template <class Lanes>
void run_depthwise_256(const ConvArgsS8& args) {
  run_depthwise_s8<Lanes>(args, [&args](int64_t first, int64_t values) {
    finish_span_s8(args.output + first, first, values, &args.requantize);
  });
}

}  // namespace
}  // namespace edgefront
