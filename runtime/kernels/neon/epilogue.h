// From accumulators to stored values, the same bits as requantize.h. Matrix kernels store clamped
// int8 (or raw fp32) first; table, activation and residual then pass over the finished span while
// it is in the first-level cache.
#pragma once

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "runtime/kernels/kernels.h"
#include "runtime/kernels/requantize.h"

namespace edgefront {
namespace {

/// The clamp and zero point of one requantization, broadcast.
struct Clamp {
  float32x4_t low, high;
  int16x8_t zero_point;
};

inline Clamp make_clamp(int32_t zero_point, int32_t qmin, int32_t qmax) {
  Clamp clamp;
  clamp.low = vdupq_n_f32(static_cast<float>(qmin - zero_point));
  clamp.high = vdupq_n_f32(static_cast<float>(qmax - zero_point));
  clamp.zero_point = vdupq_n_s16(static_cast<int16_t>(zero_point));
  return clamp;
}

inline int16x4_t clamp_and_round(float32x4_t scaled, const Clamp& clamp) {
  // The conversion rounds half to even; after the clamp the value is within ±255.
  return vmovn_s32(vcvtnq_s32_f32(vminnmq_f32(vmaxnmq_f32(scaled, clamp.low), clamp.high)));
}

/// Eight scaled values to bytes, in order.
inline int8x8_t requantize8(float32x4_t low, float32x4_t high, const Clamp& clamp) {
  const int16x8_t words = vcombine_s16(clamp_and_round(low, clamp), clamp_and_round(high, clamp));
  return vmovn_s16(vaddq_s16(words, clamp.zero_point));
}

inline float32x4_t scale4(int32x4_t accumulators, float32x4_t multipliers) {
  return vmulq_f32(vcvtq_f32_s32(accumulators), multipliers);
}

/// The first `count` bytes of a vector, without touching those behind.
inline void store_some8(int8_t* out, int8x8_t bytes, int32_t count) {
  if (count >= 8) return vst1_s8(out, bytes);
  int8_t buffer[8];
  vst1_s8(buffer, bytes);
  memcpy(out, buffer, static_cast<size_t>(count));
}

inline void store_some16(int8_t* out, int8x16_t bytes, int32_t count) {
  if (count >= 16) return vst1q_s8(out, bytes);
  if (count == 8) return vst1_s8(out, vget_low_s8(bytes));
  int8_t buffer[16];
  vst1q_s8(buffer, bytes);
  memcpy(out, buffer, static_cast<size_t>(count));
}

/// The first `count` bytes at `from`, then zeros.
inline int8x16_t load_some16(const int8_t* from, int32_t count) {
  if (count >= 16) return vld1q_s8(from);
  if (count == 8) return vcombine_s8(vld1_s8(from), vdup_n_s8(0));
  int8_t buffer[16] = {};
  memcpy(buffer, from, static_cast<size_t>(count));
  return vld1q_s8(buffer);
}

/// The first `count` of 4·kVectors values, then zeros.
template <int kVectors>
inline void load_some_f32(const float* from, int32_t count, float32x4_t out[kVectors]) {
  float buffer[4 * kVectors] = {};
  if (count < 4 * kVectors) {
    memcpy(buffer, from, 4 * static_cast<size_t>(count));
    from = buffer;
  }
  for (int v = 0; v < kVectors; ++v) out[v] = vld1q_f32(from + 4 * v);
}

template <int kVectors>
inline void store_some_f32(float* out, const float32x4_t values[kVectors], int32_t count) {
  float buffer[4 * kVectors];
  float* to = count < 4 * kVectors ? buffer : out;
  for (int v = 0; v < kVectors; ++v) vst1q_f32(to + 4 * v, values[v]);
  if (to == buffer) memcpy(out, buffer, 4 * static_cast<size_t>(count));
}

/// 256 entries as four tables of 64: one TBL or TBX looks 16 bytes up in one of them, and TBX keeps
/// what earlier ones found where its index is out of range.
struct ByteTable {
  int8x16x4_t quarter[4];
};

inline ByteTable load_byte_table(const int8_t* table) {
  ByteTable result;
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) result.quarter[i].val[j] = vld1q_s8(table + 64 * i + 16 * j);
  }
  return result;
}

inline int8x16_t lookup16(const ByteTable& table, int8x16_t q) {
  const uint8x16_t step = vdupq_n_u8(64);
  uint8x16_t index = veorq_u8(vreinterpretq_u8_s8(q), vdupq_n_u8(0x80));  // q + 128
  int8x16_t result = vqtbl4q_s8(table.quarter[0], index);
  index = vsubq_u8(index, step);
  result = vqtbx4q_s8(result, table.quarter[1], index);
  index = vsubq_u8(index, step);
  result = vqtbx4q_s8(result, table.quarter[2], index);
  index = vsubq_u8(index, step);
  return vqtbx4q_s8(result, table.quarter[3], index);
}

inline void table_span(int8_t* out, int64_t count, const int8_t* table) {
  int64_t i = 0;
  if (count >= 16) {
    const ByteTable bytes = load_byte_table(table);
    for (; i + 16 <= count; i += 16) vst1q_s8(out + i, lookup16(bytes, vld1q_s8(out + i)));
  }
  for (; i < count; ++i) out[i] = table_lookup(table, out[i]);
}

/// The residual add with its constants broadcast.
struct Addition {
  int16x8_t a_zero_point, b_zero_point;
  float32x4_t a_multiplier, b_multiplier;
  Clamp clamp;
};

inline Addition make_addition(const RequantizeS8& r) {
  Addition add;
  add.a_zero_point = vdupq_n_s16(static_cast<int16_t>(r.conv_zero_point));
  add.b_zero_point = vdupq_n_s16(static_cast<int16_t>(r.residual_zero_point));
  add.a_multiplier = vdupq_n_f32(r.conv_multiplier);
  add.b_multiplier = vdupq_n_f32(r.residual_multiplier);
  add.clamp = make_clamp(r.sum_zero_point, r.sum_qmin, r.sum_qmax);
  return add;
}

inline int8x8_t add8(int8x8_t a, int8x8_t b, const Addition& add) {
  const int16x8_t wide_a = vsubq_s16(vmovl_s8(a), add.a_zero_point);
  const int16x8_t wide_b = vsubq_s16(vmovl_s8(b), add.b_zero_point);
  const float32x4_t low = vaddq_f32(scale4(vmovl_s16(vget_low_s16(wide_a)), add.a_multiplier),
                                    scale4(vmovl_s16(vget_low_s16(wide_b)), add.b_multiplier));
  const float32x4_t high = vaddq_f32(scale4(vmovl_high_s16(wide_a), add.a_multiplier),
                                     scale4(vmovl_high_s16(wide_b), add.b_multiplier));
  return requantize8(low, high, add.clamp);
}

inline int8x16_t add16(int8x16_t a, int8x16_t b, const Addition& add) {
  return vcombine_s8(add8(vget_low_s8(a), vget_low_s8(b), add),
                     add8(vget_high_s8(a), vget_high_s8(b), add));
}

inline void residual_span(int8_t* out, int64_t count, const int8_t* residual,
                          const RequantizeS8& r) {
  const Addition add = make_addition(r);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    vst1q_s8(out + i, add16(vld1q_s8(out + i), vld1q_s8(residual + i), add));
  }
  for (; i < count; ++i) {
    out[i] = requantize_sum(out[i], r.conv_zero_point, r.conv_multiplier, residual[i],
                            r.residual_zero_point, r.residual_multiplier, r.sum_zero_point,
                            r.sum_qmin, r.sum_qmax);
  }
}

/// `first` is the index of out[0] in the output tensor.
inline void finish_span_s8(int8_t* out, int64_t first, int64_t count, const RequantizeS8& r) {
  if (r.table) table_span(out, count, r.table);
  if (r.residual) residual_span(out, count, r.residual + first, r);
}

/// Of a NaN and a number, FMAXNM and FMINNM give the number.
inline float32x4_t activate4(float32x4_t x, ActivationF32 activation) {
  const float32x4_t zero = vdupq_n_f32(0.0f);
  const float32x4_t six = vdupq_n_f32(6.0f);
  if (activation == kActNoneF32) return x;
  if (activation == kActReluF32) return vmaxnmq_f32(x, zero);
  if (activation == kActRelu6F32) return vminnmq_f32(vmaxnmq_f32(x, zero), six);
  const float32x4_t shifted = vaddq_f32(x, vdupq_n_f32(3.0f));
  const float32x4_t gate = vdivq_f32(vminnmq_f32(vmaxnmq_f32(shifted, zero), six), six);
  return activation == kActHsigmoidF32 ? gate : vmulq_f32(x, gate);
}

inline void finish_span_f32(float* out, int64_t count, ActivationF32 activation,
                            const float* residual) {
  if (activation == kActNoneF32 && !residual) return;
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    float32x4_t x = activate4(vld1q_f32(out + i), activation);
    if (residual) x = vaddq_f32(x, vld1q_f32(residual + i));
    vst1q_f32(out + i, x);
  }
  for (; i < count; ++i) {
    const float activated = activate_f32(out[i], activation);
    out[i] = residual ? activated + residual[i] : activated;
  }
}

}  // namespace
}  // namespace edgefront
