// Scaled values to int8, the same bits as requantize_scaled(), four vectors at a time.
#pragma once

#include <immintrin.h>
#include <stdint.h>

#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// The upper clamp comes before the conversion, which gives INT32_MIN for everything below its
/// range (and for a NaN), so that the lower clamp may follow on bytes.
struct PackBytes256 {
  __m256 high;
  __m256i zero_point;  ///< int16
  __m256i low;         ///< int8, zero point included

  PackBytes256(int32_t zero, int32_t qmin, int32_t qmax) {
    high = _mm256_set1_ps(static_cast<float>(qmax - zero));
    zero_point = _mm256_set1_epi16(static_cast<int16_t>(zero));
    low = _mm256_set1_epi8(static_cast<char>(qmin));
  }

  /// 32 bytes in the order of the vectors.
  EDGEFRONT_INLINE __m256i pack(const __m256 scaled[4]) const {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i q[4];
    EDGEFRONT_UNROLL
    for (int i = 0; i < 4; ++i) q[i] = _mm256_cvtps_epi32(_mm256_min_ps(high, scaled[i]));
    const __m256i first = _mm256_adds_epi16(_mm256_packs_epi32(q[0], q[1]), zero_point);
    const __m256i second = _mm256_adds_epi16(_mm256_packs_epi32(q[2], q[3]), zero_point);
    const __m256i bytes = _mm256_max_epi8(_mm256_packs_epi16(first, second), low);
    return _mm256_permutevar8x32_epi32(bytes, order);
  }
};

}  // namespace
}  // namespace edgefront
