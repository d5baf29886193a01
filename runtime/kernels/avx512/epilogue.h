// From accumulators to stored values, the same bits as requantize.h. Kernels store clamped int8
// (or raw fp32) first; table, activation and residual then pass over the finished span while it is
// in the first-level cache.
#pragma once

#include <stdint.h>

#include "runtime/kernels/avx512/intrinsics.h"
#include "runtime/kernels/kernels.h"
#include "runtime/kernels/requantize.h"

namespace edgefront {

static inline __mmask16 mask16(int64_t count) {
  return count >= 16 ? (__mmask16)0xffff : (__mmask16)((1u << count) - 1);
}

static inline __mmask64 mask64(int64_t count) {
  return count >= 64 ? ~(__mmask64)0 : (((__mmask64)1 << count) - 1);
}

/// The clamp and zero point of one requantization, broadcast.
struct Clamp512 {
  __m512 low, high;
  __m512i zero_point;
  __m512i zero_point_words, low_bytes;  ///< zero point as int16, qmin as int8
};

static inline Clamp512 make_clamp512(int32_t zero_point, int32_t qmin, int32_t qmax) {
  Clamp512 clamp;
  clamp.low = _mm512_set1_ps((float)(qmin - zero_point));
  clamp.high = _mm512_set1_ps((float)(qmax - zero_point));
  clamp.zero_point = _mm512_set1_epi32(zero_point);
  clamp.zero_point_words = _mm512_set1_epi16((int16_t)zero_point);
  clamp.low_bytes = _mm512_set1_epi8((int8_t)qmin);
  return clamp;
}

/// Sixteen scaled values to bytes; the conversion rounds half to even (MXCSR default).
static inline __m128i requantize16(__m512 scaled, const Clamp512* clamp) {
  const __m512 clamped = _mm512_min_ps(_mm512_max_ps(scaled, clamp->low), clamp->high);
  const __m512i q = _mm512_add_epi32(_mm512_cvtps_epi32(clamped), clamp->zero_point);
  return _mm512_cvtepi32_epi8(q);
}

static inline void store16(int8_t* out, __m128i bytes, __mmask16 mask) {
  if (mask == 0xffff) {
    _mm_storeu_si128((__m128i*)out, bytes);
  } else {
    _mm_mask_storeu_epi8(out, mask, bytes);
  }
}

/// Sixteen scaled values to int32, bounded above only: lower ones, down to INT32_MIN for what int32
/// cannot hold, are left to pack64. A NaN becomes INT32_MIN too.
static inline __m512i round_below_high(__m512 scaled, __m512 high) {
  return _mm512_cvtps_epi32(_mm512_min_ps(high, scaled));
}

/// Four vectors of round_below_high to 64 bytes in order: saturating packs, then the lower bound.
static inline __m512i pack64(__m512i q0, __m512i q1, __m512i q2, __m512i q3,
                             const Clamp512* clamp) {
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(q0, q1), clamp->zero_point_words);
  const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(q2, q3), clamp->zero_point_words);
  const __m512i bytes = _mm512_max_epi8(_mm512_packs_epi16(low, high), clamp->low_bytes);
  // Packs work within 128-bit lanes: dword 4·lane + vector goes to 4·vector + lane.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, bytes);
}

/// Bytes of one pixel in `panels` panels of which the last has only the channels of `last_mask`.
static inline __mmask64 chunk_mask(int panels, __mmask16 last_mask) {
  const int before = 16 * (panels - 1);
  return (__mmask64)last_mask << before | (((__mmask64)1 << before) - 1);
}

/// The residual add of one layer, broadcast.
struct Sum512 {
  __m512 conv_offset;  ///< zero_point − conv_zero_point: from rint(…) to q − z_a
  __m512 conv_multiplier, residual_multiplier;
  __m512i residual_zero_point;
  Clamp512 clamp;
};

static inline Sum512 make_sum512(const RequantizeS8* r) {
  Sum512 sum;
  sum.conv_offset = _mm512_set1_ps((float)(r->zero_point - r->conv_zero_point));
  sum.conv_multiplier = _mm512_set1_ps(r->conv_multiplier);
  sum.residual_multiplier = _mm512_set1_ps(r->residual_multiplier);
  sum.residual_zero_point = _mm512_set1_epi32(r->residual_zero_point);
  sum.clamp = make_clamp512(r->sum_zero_point, r->sum_qmin, r->sum_qmax);
  return sum;
}

/// The convolution's own value stays a whole float: q − z_a = rint(…) + zp − z_a is exact.
static inline __m512i add_residual16(__m512 scaled, __m512i residual, const Clamp512* clamp,
                                     const Sum512* sum) {
  const __m512 clamped = _mm512_min_ps(_mm512_max_ps(scaled, clamp->low), clamp->high);
  const __m512 whole = _mm512_roundscale_ps(clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 a = _mm512_mul_ps(_mm512_add_ps(whole, sum->conv_offset), sum->conv_multiplier);
  const __m512 r = _mm512_cvtepi32_ps(_mm512_sub_epi32(residual, sum->residual_zero_point));
  const __m512 b = _mm512_mul_ps(r, sum->residual_multiplier);
  return round_below_high(_mm512_add_ps(a, b), sum->clamp.high);
}

/// 32 look-ups: the low 8 bits of each 16-bit lane of `index` (others zero) pick a byte of the
/// table.
static inline __m512i lookup32(const __m512i words[4], __m512i index) {
  const __m512i word_index = _mm512_srli_epi16(index, 1);
  const __m512i low = _mm512_permutex2var_epi16(words[0], word_index, words[1]);
  const __m512i high = _mm512_permutex2var_epi16(words[2], word_index, words[3]);
  const __mmask32 upper = _mm512_test_epi16_mask(index, _mm512_set1_epi16(0x80));
  const __m512i word = _mm512_mask_blend_epi16(upper, low, high);
  const __m512i shift = _mm512_slli_epi16(_mm512_and_si512(index, _mm512_set1_epi16(1)), 3);
  return _mm512_and_si512(_mm512_srlv_epi16(word, shift), _mm512_set1_epi16(0xff));
}

#if defined(__AVX512VNNI__) || defined(__AMX_INT8__)
/// With VBMI 64 look-ups are two byte permutations of 128 entries each, for q ≥ 0 and q < 0. Of the
/// processors with VNNI the oldest (Cascade Lake, Cooper Lake) lack it, of those without all do.
__attribute__((target("avx512vbmi"))) static inline void table_span_vbmi(int8_t* out, int64_t count,
                                                                         const int8_t* table) {
  const __m512i below_low = _mm512_loadu_si512(table), below_high = _mm512_loadu_si512(table + 64);
  const __m512i low = _mm512_loadu_si512(table + 128), high = _mm512_loadu_si512(table + 192);
  for (int64_t i = 0; i < count; i += 64) {
    const __mmask64 mask = mask64(count - i);
    const __m512i q = _mm512_maskz_loadu_epi8(mask, out + i);
    // Indices are taken modulo 128.
    const __m512i below = _mm512_permutex2var_epi8(below_low, q, below_high);
    const __m512i above = _mm512_permutex2var_epi8(low, q, high);
    const __m512i result = _mm512_mask_blend_epi8(_mm512_movepi8_mask(q), above, below);
    _mm512_mask_storeu_epi8(out + i, mask, result);
  }
}
#endif

static inline void table_span(int8_t* out, int64_t count, const int8_t* table) {
#if defined(__AVX512VNNI__) || defined(__AMX_INT8__)
  if (__builtin_cpu_supports("avx512vbmi")) return table_span_vbmi(out, count, table);
#endif
  __m512i words[4];
  for (int i = 0; i < 4; ++i) words[i] = _mm512_loadu_si512(table + 64 * i);
  for (int64_t i = 0; i < count; i += 64) {
    const __mmask64 mask = mask64(count - i);
    const __m512i q = _mm512_maskz_loadu_epi8(mask, out + i);
    const __m512i index = _mm512_xor_si512(q, _mm512_set1_epi8((char)0x80));
    const __m512i even = lookup32(words, _mm512_and_si512(index, _mm512_set1_epi16(0xff)));
    const __m512i odd = lookup32(words, _mm512_srli_epi16(index, 8));
    const __m512i result = _mm512_or_si512(even, _mm512_slli_epi16(odd, 8));
    _mm512_mask_storeu_epi8(out + i, mask, result);
  }
}

static inline __m512 centred16(const int8_t* q, __mmask16 mask, int32_t zero_point) {
  const __m512i wide = _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(mask, q));
  return _mm512_cvtepi32_ps(_mm512_sub_epi32(wide, _mm512_set1_epi32(zero_point)));
}

static inline void residual_span(int8_t* out, int64_t count, const int8_t* residual,
                                 const RequantizeS8* r) {
  const Clamp512 clamp = make_clamp512(r->sum_zero_point, r->sum_qmin, r->sum_qmax);
  const __m512 multiplier_a = _mm512_set1_ps(r->conv_multiplier);
  const __m512 multiplier_b = _mm512_set1_ps(r->residual_multiplier);
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 mask = mask16(count - i);
    const __m512 a = _mm512_mul_ps(centred16(out + i, mask, r->conv_zero_point), multiplier_a);
    const __m512 b =
        _mm512_mul_ps(centred16(residual + i, mask, r->residual_zero_point), multiplier_b);
    store16(out + i, requantize16(_mm512_add_ps(a, b), &clamp), mask);
  }
}

/// `first` is the index of out[0] in the output tensor.
static inline void finish_span_s8(int8_t* out, int64_t first, int64_t count,
                                  const RequantizeS8* r) {
  if (r->table) table_span(out, count, r->table);
  if (r->residual) residual_span(out, count, r->residual + first, r);
}

static inline __m512 activate16(__m512 x, ActivationF32 activation) {
  const __m512 zero = _mm512_setzero_ps();
  const __m512 six = _mm512_set1_ps(6.0f);
  if (activation == kActNoneF32) return x;
  if (activation == kActReluF32) return _mm512_max_ps(x, zero);
  if (activation == kActRelu6F32) return _mm512_min_ps(_mm512_max_ps(x, zero), six);
  const __m512 shifted = _mm512_add_ps(x, _mm512_set1_ps(3.0f));
  const __m512 gate = _mm512_div_ps(_mm512_min_ps(_mm512_max_ps(shifted, zero), six), six);
  return activation == kActHsigmoidF32 ? gate : _mm512_mul_ps(x, gate);
}

static inline void finish_span_f32(float* out, int64_t count, ActivationF32 activation,
                                   const float* residual) {
  if (activation == kActNoneF32 && !residual) return;
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 mask = mask16(count - i);
    __m512 x = activate16(_mm512_maskz_loadu_ps(mask, out + i), activation);
    if (residual) x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(mask, residual + i));
    _mm512_mask_storeu_ps(out + i, mask, x);
  }
}

}  // namespace edgefront
