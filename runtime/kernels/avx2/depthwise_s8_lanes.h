// What the int8 depthwise kernels of the AVX2 sets have in common: sums of eight channels to stored
// bytes (see layouts/depthwise_s8_strips.h). Compiled into each set's own file: everything has
// internal linkage.
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "runtime/kernels/avx2/epilogue.h"
#include "runtime/kernels/layouts/depthwise_s8_strips.h"
#include "runtime/kernels/requantize.h"
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

/// Same bits as requantize(): the upper clamp comes before the conversion, which gives INT32_MIN
/// for everything below its range (and for a NaN), so that the lower clamp may follow on bytes.
struct Requantizer256 {
  __m256 high;
  __m256i zero_point;  ///< int16
  __m256i low;         ///< int8, zero point included

  explicit Requantizer256(const RequantizeS8& r) {
    high = _mm256_set1_ps(static_cast<float>(r.qmax - r.zero_point));
    zero_point = _mm256_set1_epi16(static_cast<int16_t>(r.zero_point));
    low = _mm256_set1_epi8(static_cast<char>(r.qmin));
  }

  EDGEFRONT_INLINE __m256i scale(__m256i sum, __m256 multiplier) const {
    const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), multiplier);
    return _mm256_cvtps_epi32(_mm256_min_ps(high, scaled));
  }

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
    const __m256 m = channels.multipliers;
    const int32_t count = channels.count;
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; p += 4) {
      __m256i q[4];
      EDGEFRONT_UNROLL
      for (int i = 0; i < 4; ++i) q[i] = scale(sums[p + i < kPixels ? p + i : kPixels - 1], m);
      const __m256i first = _mm256_adds_epi16(_mm256_packs_epi32(q[0], q[1]), zero_point);
      const __m256i second = _mm256_adds_epi16(_mm256_packs_epi32(q[2], q[3]), zero_point);
      const __m256i bytes = _mm256_max_epi8(_mm256_packs_epi16(first, second), low);
      const __m256i pixels = _mm256_permutevar8x32_epi32(bytes, order);
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
