// Operators without weights, 32 values at a time.
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "runtime/kernels/avx2/avx2.h"
#include "runtime/kernels/avx2/epilogue.h"
#include "runtime/kernels/avx2/pack_bytes.h"
#include "runtime/kernels/layouts/elementwise_blocks.h"

namespace edgefront {
namespace {

/// The first n of 16 bytes, then zeros.
inline __m128i load_bytes(const int8_t* from, int32_t n) {
  if (n >= 16) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  if (n == 8) return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
  int8_t buffer[16] = {};
  if (n > 0) memcpy(buffer, from, static_cast<size_t>(n));
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(buffer));
}

/// 32 bytes as two halves of int16; 128 pixels cannot overflow them.
struct Sums256 {
  static constexpr int64_t kPixels = 128;
  __m256i halves[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};

  EDGEFRONT_INLINE void add(const int8_t* from, int32_t n) {
    EDGEFRONT_UNROLL
    for (int h = 0; h < 2; ++h) {
      const __m128i bytes = load_bytes(from + 16 * h, n - 16 * h);
      halves[h] = _mm256_add_epi16(halves[h], _mm256_cvtepi8_epi16(bytes));
    }
  }

  EDGEFRONT_INLINE void flush(__m256i totals[4]) const {
    EDGEFRONT_UNROLL
    for (int h = 0; h < 2; ++h) {
      const __m256i low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(halves[h]));
      const __m256i high = _mm256_cvtepi16_epi32(_mm256_extracti128_si256(halves[h], 1));
      totals[2 * h] = _mm256_add_epi32(totals[2 * h], low);
      totals[2 * h + 1] = _mm256_add_epi32(totals[2 * h + 1], high);
    }
  }
};

struct Lanes {
  using Float = __m256;
  using Int = __m256i;
  using Pack = PackBytes256;
  using Sums = Sums256;
  static constexpr int32_t kCount = 8;

  static EDGEFRONT_INLINE Float load(const float* from, int32_t n) {
    return n >= kCount ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, lane_mask8(n));
  }
  static EDGEFRONT_INLINE void store(float* to, Float x, int32_t n) {
    if (n >= kCount) {
      _mm256_storeu_ps(to, x);
    } else {
      _mm256_maskstore_ps(to, lane_mask8(n), x);
    }
  }
  static EDGEFRONT_INLINE Float load_s8(const int8_t* from, int32_t n) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(load_bytes(from, n)));
  }
  static EDGEFRONT_INLINE void store_s8(int8_t* to, __m256i bytes, int32_t n) {
    if (n >= 32) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes);
      return;
    }
    __m128i rest = _mm256_castsi256_si128(bytes);
    if (n >= 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), rest);
      rest = _mm256_extracti128_si256(bytes, 1);
      to += 16;
      n -= 16;
    }
    if (n >= 8) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), rest);
      rest = _mm_unpackhi_epi64(rest, rest);
      to += 8;
      n -= 8;
    }
    int8_t buffer[8];
    _mm_storel_epi64(reinterpret_cast<__m128i*>(buffer), rest);
    for (int32_t i = 0; i < n; ++i) to[i] = buffer[i];
  }
  static EDGEFRONT_INLINE Float set(float x) { return _mm256_set1_ps(x); }
  static EDGEFRONT_INLINE Float add(Float a, Float b) { return _mm256_add_ps(a, b); }
  static EDGEFRONT_INLINE Float sub(Float a, Float b) { return _mm256_sub_ps(a, b); }
  static EDGEFRONT_INLINE Float mul(Float a, Float b) { return _mm256_mul_ps(a, b); }
  static EDGEFRONT_INLINE Float multiply_subtract(Float a, Float b, Float c) {
    return _mm256_fmsub_ps(a, b, c);
  }
  static EDGEFRONT_INLINE Float div(Float a, Float b) { return _mm256_div_ps(a, b); }
  static EDGEFRONT_INLINE Float max(Float a, Float b) { return _mm256_max_ps(a, b); }
  static EDGEFRONT_INLINE Float min(Float a, Float b) { return _mm256_min_ps(a, b); }
  static EDGEFRONT_INLINE Int set_s32(int32_t x) { return _mm256_set1_epi32(x); }
  static EDGEFRONT_INLINE Int sub_s32(Int a, Int b) { return _mm256_sub_epi32(a, b); }
  static EDGEFRONT_INLINE Float to_float(Int x) { return _mm256_cvtepi32_ps(x); }
};

void look_up(const int8_t* input, int8_t* output, int64_t count, const int8_t* table) {
  if (input != output) memcpy(output, input, static_cast<size_t>(count));
  table_span(output, count, table);
}

void clamp(const int8_t* input, int8_t* output, int64_t count, int32_t qmin, int32_t qmax) {
  const __m256i low = _mm256_set1_epi8(static_cast<char>(qmin));
  const __m256i high = _mm256_set1_epi8(static_cast<char>(qmax));
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i q = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(input + i));
    const __m256i clamped = _mm256_min_epi8(_mm256_max_epi8(q, low), high);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(output + i), clamped);
  }
  for (; i < count; ++i) {
    const int32_t q = input[i];
    output[i] = static_cast<int8_t>(q < qmin ? qmin : (q > qmax ? qmax : q));
  }
}

}  // namespace

const ElementwiseKernels kAvx2Elementwise = {
    add_s8_in<Lanes>,
    mul_s8_in<Lanes>,
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

}  // namespace edgefront
