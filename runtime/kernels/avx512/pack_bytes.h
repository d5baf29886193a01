// Scaled values to int8, the same bits as requantize_scaled(), four vectors at a time.
#pragma once

#include <stdint.h>

#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// The upper clamp comes before the conversion, which gives INT32_MIN for everything below its
/// range (and for a NaN), so that the lower clamp may follow on bytes.
struct PackBytes512 {
  __m512 high;
  __m512i zero_point;  ///< int16
  __m512i low;         ///< int8, zero point included

  PackBytes512(int32_t zero, int32_t qmin, int32_t qmax) {
    high = _mm512_set1_ps(static_cast<float>(qmax - zero));
    zero_point = _mm512_set1_epi16(static_cast<int16_t>(zero));
    low = _mm512_set1_epi8(static_cast<char>(qmin));
  }

  /// 64 bytes in the order of the vectors.
  EDGEFRONT_INLINE __m512i pack(const __m512 scaled[4]) const {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, pack_lanes(scaled));
  }

  /// 64 bytes: bytes 16·i + 4·v … of the result are the four values in 128-bit lane i of vector v.
  EDGEFRONT_INLINE __m512i pack_lanes(const __m512 scaled[4]) const {
    __m512i q[4];
    EDGEFRONT_UNROLL
    for (int i = 0; i < 4; ++i) q[i] = _mm512_cvtps_epi32(_mm512_min_ps(high, scaled[i]));
    const __m512i first = _mm512_adds_epi16(_mm512_packs_epi32(q[0], q[1]), zero_point);
    const __m512i second = _mm512_adds_epi16(_mm512_packs_epi32(q[2], q[3]), zero_point);
    return _mm512_max_epi8(_mm512_packs_epi16(first, second), low);
  }
};

}  // namespace
}  // namespace edgefront
