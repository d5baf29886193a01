// Operators without weights of the AVX-512 sets, 64 values at a time. Compiled into each set's own
// file: everything has internal linkage.
#pragma once

#include <stdint.h>
#include <string.h>

#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/avx512/pack_bytes.h"
#include "runtime/kernels/layouts/elementwise_blocks.h"

namespace edgefront {
namespace {

/// 64 bytes as two halves of int16; 128 pixels cannot overflow them.
struct Sums512 {
  static constexpr int64_t kPixels = 128;
  __m512i halves[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};

  EDGEFRONT_INLINE void add(const int8_t* from, int32_t n) {
    EDGEFRONT_UNROLL
    for (int h = 0; h < 2; ++h) {
      const __mmask32 mask = static_cast<__mmask32>(mask64(n) >> (32 * h));
      const __m256i bytes = _mm256_maskz_loadu_epi8(mask, from + 32 * h);
      halves[h] = _mm512_add_epi16(halves[h], _mm512_cvtepi8_epi16(bytes));
    }
  }

  EDGEFRONT_INLINE void flush(__m512i totals[4]) const {
    EDGEFRONT_UNROLL
    for (int h = 0; h < 2; ++h) {
      const __m512i low = _mm512_cvtepi16_epi32(_mm512_castsi512_si256(halves[h]));
      const __m512i high = _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(halves[h], 1));
      totals[2 * h] = _mm512_add_epi32(totals[2 * h], low);
      totals[2 * h + 1] = _mm512_add_epi32(totals[2 * h + 1], high);
    }
  }
};

struct Lanes {
  using Float = __m512;
  using Int = __m512i;
  using Pack = PackBytes512;
  using Sums = Sums512;
  static constexpr int32_t kCount = 16;

  static EDGEFRONT_INLINE Float load(const float* from, int32_t n) {
    return _mm512_maskz_loadu_ps(mask16(n), from);
  }
  static EDGEFRONT_INLINE void store(float* to, Float x, int32_t n) {
    _mm512_mask_storeu_ps(to, mask16(n), x);
  }
  static EDGEFRONT_INLINE Float load_s8(const int8_t* from, int32_t n) {
    const __m128i bytes = _mm_maskz_loadu_epi8(mask16(n), from);
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
  }
  static EDGEFRONT_INLINE void store_s8(int8_t* to, __m512i bytes, int32_t n) {
    if (n >= 64) {
      _mm512_storeu_si512(to, bytes);
    } else {
      _mm512_mask_storeu_epi8(to, mask64(n), bytes);
    }
  }
  static EDGEFRONT_INLINE Float set(float x) { return _mm512_set1_ps(x); }
  static EDGEFRONT_INLINE Float add(Float a, Float b) { return _mm512_add_ps(a, b); }
  static EDGEFRONT_INLINE Float sub(Float a, Float b) { return _mm512_sub_ps(a, b); }
  static EDGEFRONT_INLINE Float mul(Float a, Float b) { return _mm512_mul_ps(a, b); }
  static EDGEFRONT_INLINE Float multiply_subtract(Float a, Float b, Float c) {
    return _mm512_fmsub_ps(a, b, c);
  }
  static EDGEFRONT_INLINE Float div(Float a, Float b) { return _mm512_div_ps(a, b); }
  static EDGEFRONT_INLINE Float max(Float a, Float b) { return _mm512_max_ps(a, b); }
  static EDGEFRONT_INLINE Float min(Float a, Float b) { return _mm512_min_ps(a, b); }
  static EDGEFRONT_INLINE Int set_s32(int32_t x) { return _mm512_set1_epi32(x); }
  static EDGEFRONT_INLINE Int sub_s32(Int a, Int b) { return _mm512_sub_epi32(a, b); }
  static EDGEFRONT_INLINE Float to_float(Int x) { return _mm512_cvtepi32_ps(x); }
};

void look_up(const int8_t* input, int8_t* output, int64_t count, const int8_t* table) {
  if (input != output) memcpy(output, input, static_cast<size_t>(count));
  table_span(output, count, table);
}

void clamp(const int8_t* input, int8_t* output, int64_t count, int32_t qmin, int32_t qmax) {
  const __m512i low = _mm512_set1_epi8(static_cast<char>(qmin));
  const __m512i high = _mm512_set1_epi8(static_cast<char>(qmax));
  for (int64_t i = 0; i < count; i += 64) {
    const __mmask64 mask = mask64(count - i);
    const __m512i q = _mm512_max_epi8(_mm512_maskz_loadu_epi8(mask, input + i), low);
    _mm512_mask_storeu_epi8(output + i, mask, _mm512_min_epi8(q, high));
  }
}

/// All of them but the gate, which is the set's own.
template <void (*kMulS8)(const MulArgsS8&)>
constexpr ElementwiseKernels elementwise_kernels_with() {
  return {
      add_s8_in<Lanes>,
      kMulS8,
      pool_s8_in<Lanes>,
      look_up,
      clamp,
      add_f32_in<Lanes>,
      mul_f32_in<Lanes>,
      pool_f32_in<Lanes>,
      relu_f32_in<Lanes>,
      relu6_f32_in<Lanes>,
      hswish_f32_in<Lanes>,
      hsigmoid_f32_in<Lanes>,
      quantize_s8_in<Lanes>,
      dequantize_s8_in<Lanes>,
  };
}

}  // namespace
}  // namespace edgefront
