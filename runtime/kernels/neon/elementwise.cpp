// Operators without weights, 16 values at a time.
#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "runtime/kernels/layouts/elementwise_blocks.h"
#include "runtime/kernels/neon/epilogue.h"
#include "runtime/kernels/neon/neon.h"

namespace edgefront {
namespace {

struct PackBytes {
  Clamp clamp;

  PackBytes(int32_t zero_point, int32_t qmin, int32_t qmax)
      : clamp(make_clamp(zero_point, qmin, qmax)) {}

  EDGEFRONT_INLINE int8x16_t pack(const float32x4_t scaled[4]) const {
    return vcombine_s8(requantize8(scaled[0], scaled[1], clamp),
                       requantize8(scaled[2], scaled[3], clamp));
  }
};

/// 16 bytes in int16; 128 pixels cannot overflow them.
struct ByteSums {
  static constexpr int64_t kPixels = 128;
  int16x8_t halves[2] = {vdupq_n_s16(0), vdupq_n_s16(0)};

  EDGEFRONT_INLINE void add(const int8_t* from, int32_t n) {
    const int8x16_t bytes = load_some16(from, n);
    halves[0] = vaddw_s8(halves[0], vget_low_s8(bytes));
    halves[1] = vaddw_high_s8(halves[1], bytes);
  }

  EDGEFRONT_INLINE void flush(int32x4_t totals[4]) const {
    EDGEFRONT_UNROLL
    for (int h = 0; h < 2; ++h) {
      totals[2 * h] = vaddw_s16(totals[2 * h], vget_low_s16(halves[h]));
      totals[2 * h + 1] = vaddw_high_s16(totals[2 * h + 1], halves[h]);
    }
  }
};

struct Lanes {
  using Float = float32x4_t;
  using Int = int32x4_t;
  using Pack = PackBytes;
  using Sums = ByteSums;
  static constexpr int32_t kCount = 4;

  static EDGEFRONT_INLINE Float load(const float* from, int32_t n) {
    if (n >= kCount) return vld1q_f32(from);
    float buffer[4] = {};
    for (int32_t i = 0; i < n; ++i) buffer[i] = from[i];
    return vld1q_f32(buffer);
  }
  static EDGEFRONT_INLINE void store(float* to, Float x, int32_t n) {
    if (n >= kCount) return vst1q_f32(to, x);
    float buffer[4];
    vst1q_f32(buffer, x);
    for (int32_t i = 0; i < n; ++i) to[i] = buffer[i];
  }
  static EDGEFRONT_INLINE Float load_s8(const int8_t* from, int32_t n) {
    int32_t quad = 0;
    if (n >= kCount) {
      memcpy(&quad, from, sizeof quad);
    } else {
      int8_t bytes[4] = {};
      for (int32_t i = 0; i < n; ++i) bytes[i] = from[i];
      memcpy(&quad, bytes, sizeof quad);
    }
    const int16x8_t words = vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(quad)));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(words)));
  }
  static EDGEFRONT_INLINE void store_s8(int8_t* to, int8x16_t bytes, int32_t n) {
    store_some16(to, bytes, n);
  }
  static EDGEFRONT_INLINE Float set(float x) { return vdupq_n_f32(x); }
  static EDGEFRONT_INLINE Float add(Float a, Float b) { return vaddq_f32(a, b); }
  static EDGEFRONT_INLINE Float sub(Float a, Float b) { return vsubq_f32(a, b); }
  static EDGEFRONT_INLINE Float mul(Float a, Float b) { return vmulq_f32(a, b); }
  static EDGEFRONT_INLINE Float multiply_subtract(Float a, Float b, Float c) {
    return vfmaq_f32(vnegq_f32(c), a, b);
  }
  static EDGEFRONT_INLINE Float div(Float a, Float b) { return vdivq_f32(a, b); }
  static EDGEFRONT_INLINE Float max(Float a, Float b) { return vmaxnmq_f32(a, b); }
  static EDGEFRONT_INLINE Float min(Float a, Float b) { return vminnmq_f32(a, b); }
  static EDGEFRONT_INLINE Int set_s32(int32_t x) { return vdupq_n_s32(x); }
  static EDGEFRONT_INLINE Int sub_s32(Int a, Int b) { return vsubq_s32(a, b); }
  static EDGEFRONT_INLINE Float to_float(Int x) { return vcvtq_f32_s32(x); }
};

void look_up(const int8_t* input, int8_t* output, int64_t count, const int8_t* table) {
  if (input != output) memcpy(output, input, static_cast<size_t>(count));
  table_span(output, count, table);
}

void clamp_bytes(const int8_t* input, int8_t* output, int64_t count, int32_t qmin, int32_t qmax) {
  const int8x16_t low = vdupq_n_s8(static_cast<int8_t>(qmin));
  const int8x16_t high = vdupq_n_s8(static_cast<int8_t>(qmax));
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    vst1q_s8(output + i, vminq_s8(vmaxq_s8(vld1q_s8(input + i), low), high));
  }
  for (; i < count; ++i) {
    const int32_t q = input[i];
    output[i] = static_cast<int8_t>(q < qmin ? qmin : (q > qmax ? qmax : q));
  }
}

}  // namespace

const ElementwiseKernels kNeonElementwise = {
    add_s8_in<Lanes>,      mul_s8_in<Lanes>,        pool_s8_in<Lanes>,    look_up,
    clamp_bytes,           add_f32_in<Lanes>,       mul_f32_in<Lanes>,    pool_f32_in<Lanes>,
    relu_f32_in<Lanes>,    relu6_f32_in<Lanes>,     hswish_f32_in<Lanes>, hsigmoid_f32_in<Lanes>,
    quantize_s8_in<Lanes>, dequantize_s8_in<Lanes>,
};

}  // namespace edgefront
