// int8 depthwise convolution without dot product instructions: two taps at a time fit into int16
// (2·128·127 < 2^15), which are then widened into the accumulators.
#include <string.h>

#include "runtime/kernels/neon/depthwise_s8_strips.h"
#include "runtime/kernels/neon/neon.h"

namespace edgefront {
namespace {

/// Adds sixteen channels' sums to their accumulators.
EDGEFRONT_INLINE void widen(int16x8_t low, int16x8_t high, int32x4_t acc[4]) {
  acc[0] = vaddw_s16(acc[0], vget_low_s16(low));
  acc[1] = vaddw_high_s16(acc[1], low);
  acc[2] = vaddw_s16(acc[2], vget_low_s16(high));
  acc[3] = vaddw_high_s16(acc[3], high);
}

/// Adds the taps at `a` and `b` of kPixels outputs, `step` bytes from one to the next.
template <int kPixels>
EDGEFRONT_INLINE void add_pair(const int8_t* a, const int8_t* b, int64_t step,
                               const int8_t* weights_a, const int8_t* weights_b,
                               int32x4_t (*acc)[4]) {
  const int8x16_t wa = vld1q_s8(weights_a);
  const int8x16_t wb = vld1q_s8(weights_b);
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const int8x16_t va = vld1q_s8(a + p * step);
    const int8x16_t vb = vld1q_s8(b + p * step);
    int16x8_t low = vmull_s8(vget_low_s8(va), vget_low_s8(wa));
    low = vmlal_s8(low, vget_low_s8(vb), vget_low_s8(wb));
    int16x8_t high = vmull_high_s8(va, wa);
    high = vmlal_high_s8(high, vb, wb);
    widen(low, high, acc[p]);
  }
}

template <int kPixels>
EDGEFRONT_INLINE void add_single(const int8_t* a, int64_t step, const int8_t* weights,
                                 int32x4_t (*acc)[4]) {
  const int8x16_t w = vld1q_s8(weights);
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const int8x16_t va = vld1q_s8(a + p * step);
    widen(vmull_s8(vget_low_s8(va), vget_low_s8(w)), vmull_high_s8(va, w), acc[p]);
  }
}

struct PairTaps {
  static constexpr int64_t kColumnBytes = kStripChannels;
  static int64_t ring_columns(const ConvGeometry& g) { return plain_ring_columns(g); }
  static int64_t tap_bytes(int32_t kernel) { return int64_t{kernel} * kernel; }

  static void fill_row(const InputRow& row, const ConvGeometry& g, uint8_t* out) {
    const int64_t columns = plain_ring_columns(g);
    for (int64_t c = 0; c < columns; ++c) {
      vst1q_s8(reinterpret_cast<int8_t*>(out) + c * kColumnBytes, row.column(c));
    }
  }

  /// Pairs of rows tap by tap; the last row, the kernel being odd, in pairs of columns.
  template <int kKernel, int kPixels>
  static EDGEFRONT_INLINE void add(const uint8_t* const* rows, const int8_t* weights,
                                   int32_t stride, int32_t x, int32x4_t (*acc)[4]) {
    constexpr int64_t kRowBytes = kKernel * kColumnBytes;
    const int64_t first = x * stride * kColumnBytes;
    const int64_t step = stride * kColumnBytes;
    const int8_t* w = weights;
    EDGEFRONT_KEEP_LOOP
    for (int ky = 0; ky + 2 <= kKernel; ky += 2, w += 2 * kRowBytes) {
      const int8_t* a = reinterpret_cast<const int8_t*>(rows[ky]) + first;
      const int8_t* b = reinterpret_cast<const int8_t*>(rows[ky + 1]) + first;
      EDGEFRONT_KEEP_LOOP
      for (int64_t at = 0; at < kRowBytes; at += kColumnBytes) {
        add_pair<kPixels>(a + at, b + at, step, w + at, w + kRowBytes + at, acc);
      }
    }
    const int8_t* a = reinterpret_cast<const int8_t*>(rows[kKernel - 1]) + first;
    EDGEFRONT_KEEP_LOOP
    for (int64_t at = 0; at + 2 * kColumnBytes <= kRowBytes; at += 2 * kColumnBytes) {
      const int64_t next = at + kColumnBytes;
      add_pair<kPixels>(a + at, a + next, step, w + at, w + next, acc);
    }
    const int64_t last = kRowBytes - kColumnBytes;
    add_single<kPixels>(a + last, step, w + last, acc);
  }
};

}  // namespace

void neon_depthwise_s8(const ConvArgsS8& args) { run_depthwise_s8<PairTaps>(args); }

}  // namespace edgefront
