// From accumulators to stored values, the same bits as requantize.h. Kernels store clamped int8
// (or raw fp32) first; table, activation and residual then pass over the finished span while it is
// in the first-level cache.
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "runtime/kernels/kernels.h"
#include "runtime/kernels/requantize.h"

namespace edgefront {

/// The clamp and zero point of one requantization, broadcast.
struct Clamp256 {
  __m256 low, high;
  __m256i zero_point;
  __m256i zero_point_words, low_bytes;  ///< zero point as int16, qmin as int8
};

static inline Clamp256 make_clamp256(int32_t zero_point, int32_t qmin, int32_t qmax) {
  Clamp256 clamp;
  clamp.low = _mm256_set1_ps((float)(qmin - zero_point));
  clamp.high = _mm256_set1_ps((float)(qmax - zero_point));
  clamp.zero_point = _mm256_set1_epi32(zero_point);
  clamp.zero_point_words = _mm256_set1_epi16((int16_t)zero_point);
  clamp.low_bytes = _mm256_set1_epi8((int8_t)qmin);
  return clamp;
}

/// Eight scaled values to int32 in [−128, 127]; the conversion rounds half to even.
static inline __m256i requantize8(__m256 scaled, const Clamp256* clamp) {
  const __m256 clamped = _mm256_min_ps(_mm256_max_ps(scaled, clamp->low), clamp->high);
  return _mm256_add_epi32(_mm256_cvtps_epi32(clamped), clamp->zero_point);
}

/// Sixteen int32 in [−128, 127] to bytes, in order.
static inline __m128i narrow16(__m256i low, __m256i high) {
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
  return _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/// Eight scaled values to int32, bounded above only: lower ones, down to INT32_MIN for what int32
/// cannot hold, are left to pack32. A NaN becomes INT32_MIN too.
static inline __m256i round_below_high(__m256 scaled, __m256 high) {
  return _mm256_cvtps_epi32(_mm256_min_ps(high, scaled));
}

/// Four vectors of round_below_high to 32 bytes in order: saturating packs, then the lower bound.
static inline __m256i pack32(__m256i q0, __m256i q1, __m256i q2, __m256i q3,
                             const Clamp256* clamp) {
  const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(q0, q1), clamp->zero_point_words);
  const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(q2, q3), clamp->zero_point_words);
  const __m256i bytes = _mm256_max_epi8(_mm256_packs_epi16(low, high), clamp->low_bytes);
  // Packs work within 128-bit lanes: dword 4·lane + vector goes to 2·vector + lane.
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/// The first `count` ≤ 16 of sixteen bytes; whole and half vectors are what channels mostly ask
/// for.
static inline void store_bytes(int8_t* out, __m128i bytes, int32_t count) {
  if (count >= 16) {
    _mm_storeu_si128((__m128i*)out, bytes);
  } else if (count == 8) {
    _mm_storel_epi64((__m128i*)out, bytes);
  } else {
    int8_t buffer[16];
    _mm_storeu_si128((__m128i*)buffer, bytes);
    memcpy(out, buffer, (size_t)count);
  }
}

/// Lanes 0 … count − 1 of eight for vmaskmovps.
static inline __m256i lane_mask8(int64_t count) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)(count < 8 ? count : 8)), lane);
}

/// The first `count` ≤ 16 multipliers, then zeros: the last panel's multipliers end earlier.
static inline void load_multipliers(const float* multipliers, int32_t count, __m256* low,
                                    __m256* high) {
  *low = _mm256_maskload_ps(multipliers, lane_mask8(count));
  *high = _mm256_maskload_ps(multipliers + 8, lane_mask8(count - 8));
}

/// The residual add of one layer, broadcast.
struct Sum256 {
  __m256 conv_offset;  ///< zero_point − conv_zero_point: from rint(…) to q − z_a
  __m256 conv_multiplier, residual_multiplier;
  __m256i residual_zero_point;
  Clamp256 clamp;
};

static inline Sum256 make_sum256(const RequantizeS8* r) {
  Sum256 sum;
  sum.conv_offset = _mm256_set1_ps((float)(r->zero_point - r->conv_zero_point));
  sum.conv_multiplier = _mm256_set1_ps(r->conv_multiplier);
  sum.residual_multiplier = _mm256_set1_ps(r->residual_multiplier);
  sum.residual_zero_point = _mm256_set1_epi32(r->residual_zero_point);
  sum.clamp = make_clamp256(r->sum_zero_point, r->sum_qmin, r->sum_qmax);
  return sum;
}

/// The convolution's own value stays a whole float: q − z_a = rint(…) + zp − z_a is exact.
static inline __m256i add_residual8(__m256 scaled, __m128i residual, const Clamp256* clamp,
                                    const Sum256* sum) {
  const __m256 clamped = _mm256_min_ps(_mm256_max_ps(scaled, clamp->low), clamp->high);
  const __m256 whole = _mm256_round_ps(clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m256 a = _mm256_mul_ps(_mm256_add_ps(whole, sum->conv_offset), sum->conv_multiplier);
  const __m256i wide = _mm256_sub_epi32(_mm256_cvtepi8_epi32(residual), sum->residual_zero_point);
  const __m256 b = _mm256_mul_ps(_mm256_cvtepi32_ps(wide), sum->residual_multiplier);
  return round_below_high(_mm256_add_ps(a, b), sum->clamp.high);
}

/// Tables of 16 entries for vpshufb, which gives zero where bit 7 of the index is set and else
/// looks at its low four bits only. Entry h holds T[h] ^ T[h − 1], so that the exclusive or of all
/// look-ups with non-negative index − 16·h is T[index / 16].
struct ByteTable {
  __m256i step[16];  ///< 0…7: q = 0…127; 8…15: q = −128…−1
};

static inline ByteTable make_byte_table(const int8_t* table) {
  ByteTable result;
  for (int half = 0; half < 2; ++half) {
    __m128i previous = _mm_setzero_si128();
    for (int h = 0; h < 8; ++h) {
      // The table begins at q = −128: its second half belongs to q ≥ 0.
      const __m128i part = _mm_loadu_si128((const __m128i*)(table + (half ? 0 : 128) + 16 * h));
      result.step[8 * half + h] = _mm256_broadcastsi128_si256(_mm_xor_si128(part, previous));
      previous = part;
    }
  }
  return result;
}

static inline __m256i lookup_half(const __m256i step[8], __m256i index) {
  __m256i result = _mm256_shuffle_epi8(step[0], index);
  for (int h = 1; h < 8; ++h) {
    // Saturating, so that negative indices stay negative.
    index = _mm256_subs_epi8(index, _mm256_set1_epi8(16));
    result = _mm256_xor_si256(result, _mm256_shuffle_epi8(step[h], index));
  }
  return result;
}

static inline void table_span(int8_t* out, int64_t count, const int8_t* table) {
  int64_t i = 0;
  if (count >= 256) {
    const ByteTable bytes = make_byte_table(table);
    for (; i + 32 <= count; i += 32) {
      const __m256i q = _mm256_loadu_si256((const __m256i*)(out + i));
      const __m256i flipped = _mm256_xor_si256(q, _mm256_set1_epi8((char)0x80));
      const __m256i result =
          _mm256_or_si256(lookup_half(bytes.step, q), lookup_half(bytes.step + 8, flipped));
      _mm256_storeu_si256((__m256i*)(out + i), result);
    }
  }
  for (; i < count; ++i) out[i] = table_lookup(table, out[i]);
}

static inline __m256 centred8(const int8_t* q, int32_t zero_point) {
  const __m256i wide = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)q));
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(wide, _mm256_set1_epi32(zero_point)));
}

static inline void residual_span(int8_t* out, int64_t count, const int8_t* residual,
                                 const RequantizeS8* r) {
  const Clamp256 clamp = make_clamp256(r->sum_zero_point, r->sum_qmin, r->sum_qmax);
  const __m256 multiplier_a = _mm256_set1_ps(r->conv_multiplier);
  const __m256 multiplier_b = _mm256_set1_ps(r->residual_multiplier);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m256i q[2];
    for (int h = 0; h < 2; ++h) {
      const int64_t j = i + 8 * h;
      const __m256 a = _mm256_mul_ps(centred8(out + j, r->conv_zero_point), multiplier_a);
      const __m256 b = _mm256_mul_ps(centred8(residual + j, r->residual_zero_point), multiplier_b);
      q[h] = requantize8(_mm256_add_ps(a, b), &clamp);
    }
    _mm_storeu_si128((__m128i*)(out + i), narrow16(q[0], q[1]));
  }
  for (; i < count; ++i) {
    out[i] = requantize_sum(out[i], r->conv_zero_point, r->conv_multiplier, residual[i],
                            r->residual_zero_point, r->residual_multiplier, r->sum_zero_point,
                            r->sum_qmin, r->sum_qmax);
  }
}

/// `first` is the index of out[0] in the output tensor.
static inline void finish_span_s8(int8_t* out, int64_t first, int64_t count,
                                  const RequantizeS8* r) {
  if (r->table) table_span(out, count, r->table);
  if (r->residual) residual_span(out, count, r->residual + first, r);
}

static inline __m256 activate8(__m256 x, ActivationF32 activation) {
  const __m256 zero = _mm256_setzero_ps();
  const __m256 six = _mm256_set1_ps(6.0f);
  if (activation == kActNoneF32) return x;
  if (activation == kActReluF32) return _mm256_max_ps(x, zero);
  if (activation == kActRelu6F32) return _mm256_min_ps(_mm256_max_ps(x, zero), six);
  const __m256 shifted = _mm256_add_ps(x, _mm256_set1_ps(3.0f));
  const __m256 gate = _mm256_div_ps(_mm256_min_ps(_mm256_max_ps(shifted, zero), six), six);
  return activation == kActHsigmoidF32 ? gate : _mm256_mul_ps(x, gate);
}

static inline void finish_span_f32(float* out, int64_t count, ActivationF32 activation,
                                   const float* residual) {
  if (activation == kActNoneF32 && !residual) return;
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 x = activate8(_mm256_loadu_ps(out + i), activation);
    if (residual) x = _mm256_add_ps(x, _mm256_loadu_ps(residual + i));
    _mm256_storeu_ps(out + i, x);
  }
  for (; i < count; ++i) {
    const float activated = activate_f32(out[i], activation);
    out[i] = residual ? activated + residual[i] : activated;
  }
}

}  // namespace edgefront
