// The int8 arithmetic, normative to the bit: every kernel of every instruction set must give what
// these functions give. IEEE binary32, round to nearest with ties to even, no fused multiply-add;
// the clamp comes before the conversion to int because instruction sets differ beyond int32.
// Included by files compiled with instruction-set flags, so: C headers only, everything static.
#pragma once

#include <float.h>
#include <math.h>
#include <stdint.h>

#include "runtime/kernels/kernels.h"

#ifdef __FAST_MATH__
#error "requantize.h needs IEEE arithmetic: build without -ffast-math"
#endif
#if FLT_EVAL_METHOD != 0
#error "requantize.h needs binary32 products that are rounded to binary32 (FLT_EVAL_METHOD 0)"
#endif

namespace edgefront {

/// q = rint(min(max(scaled, qmin − zp), qmax − zp)) + zp. A NaN would become qmin.
static inline int8_t requantize_scaled(float scaled, int32_t zero_point, int32_t qmin,
                                       int32_t qmax) {
  const float low = (float)(qmin - zero_point);
  const float high = (float)(qmax - zero_point);
  const float above = scaled > low ? scaled : low;
  const float clamped = above < high ? above : high;
  return (int8_t)((int32_t)rintf(clamped) + zero_point);
}

/// One int32 accumulator of a convolution, or the exact product of an int8 multiplication.
static inline int8_t requantize(int32_t accumulator, float multiplier, int32_t zero_point,
                                int32_t qmin, int32_t qmax) {
  const float scaled = (float)accumulator * multiplier;
  return requantize_scaled(scaled, zero_point, qmin, qmax);
}

/// hswish, hsigmoid and every other unary function: 256 entries, the one of q = −128 first.
static inline int8_t table_lookup(const int8_t* table, int8_t q) { return table[(int32_t)q + 128]; }

/// float(a − z_a)·m_a + float(b − z_b)·m_b: two products and one sum, each rounded.
static inline int8_t requantize_sum(int8_t a, int32_t a_zero_point, float a_multiplier, int8_t b,
                                    int32_t b_zero_point, float b_multiplier, int32_t zero_point,
                                    int32_t qmin, int32_t qmax) {
  const float scaled_a = (float)((int32_t)a - a_zero_point) * a_multiplier;
  const float scaled_b = (float)((int32_t)b - b_zero_point) * b_multiplier;
  const float sum = scaled_a + scaled_b;
  return requantize_scaled(sum, zero_point, qmin, qmax);
}

/// What follows the clamp of a convolution: the table, then the residual add; `index` counts the
/// elements of the output tensor.
static inline int8_t finish_fused(const RequantizeS8* r, int8_t q, int64_t index) {
  if (r->table) q = table_lookup(r->table, q);
  if (!r->residual) return q;
  return requantize_sum(q, r->conv_zero_point, r->conv_multiplier, r->residual[index],
                        r->residual_zero_point, r->residual_multiplier, r->sum_zero_point,
                        r->sum_qmin, r->sum_qmax);
}

/// From accumulator to stored byte.
static inline int8_t requantize_fused(const RequantizeS8* r, int32_t accumulator, int32_t channel,
                                      int64_t index) {
  const int8_t q =
      requantize(accumulator, r->multipliers[channel], r->zero_point, r->qmin, r->qmax);
  return finish_fused(r, q, index);
}

/// The fp32 path after the accumulator.
static inline float activate_f32(float x, ActivationF32 activation) {
  const float shifted = x + 3.0f;
  switch (activation) {
    case kActNoneF32:
      return x;
    case kActReluF32:
      return x > 0.0f ? x : 0.0f;
    case kActRelu6F32:
      return x < 0.0f ? 0.0f : (x > 6.0f ? 6.0f : x);
    case kActHswishF32:
    case kActHsigmoidF32: {
      const float gate = (shifted < 0.0f ? 0.0f : (shifted > 6.0f ? 6.0f : shifted)) / 6.0f;
      return activation == kActHsigmoidF32 ? gate : x * gate;
    }
  }
  return x;
}

}  // namespace edgefront
