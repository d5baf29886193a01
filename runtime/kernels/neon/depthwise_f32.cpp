// fp32 depthwise convolution: strips of eight channels, four neighbouring outputs at a time where
// the whole kernel lies inside the image, single ones at the borders.
#include <arm_neon.h>
#include <stdint.h>

#include "runtime/kernels/layouts/arm_layout.h"
#include "runtime/kernels/neon/epilogue.h"
#include "runtime/kernels/neon/neon.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

enum class Lanes { kAll, kSome };

/// Eight channels of one output row.
struct Strip {
  const float* input;    ///< row 0, column 0, first channel of the strip
  const float* weights;  ///< [ky][kx][8]
  float32x4_t bias[2];
  float* output;
  int32_t channels;
  int32_t first_y;           ///< row of ky = 0 in memory; may lie outside
  int32_t ky_begin, ky_end;  ///< rows inside the image
};

template <Lanes kLanes>
EDGEFRONT_INLINE void load_lanes(const float* from, int32_t channels, float32x4_t out[2]) {
  if (kLanes == Lanes::kSome) return load_some_f32<2>(from, channels, out);
  out[0] = vld1q_f32(from);
  out[1] = vld1q_f32(from + 4);
}

/// kPixels outputs from `x` on, taps [kx_begin, kx_end) of each kernel row.
template <Lanes kLanes, int kPixels>
EDGEFRONT_INLINE void run_pixels(const ConvGeometry& g, const Strip& s, int32_t x, int32_t kx_begin,
                                 int32_t kx_end) {
  float32x4_t acc[kPixels][2];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    acc[p][0] = s.bias[0];
    acc[p][1] = s.bias[1];
  }
  const int64_t step = int64_t{g.stride} * g.in_channels;
  for (int32_t ky = s.ky_begin; ky < s.ky_end; ++ky) {
    const int64_t row = int64_t{s.first_y + ky} * g.in_width;
    const int64_t column = row + x * g.stride - g.pad;
    for (int32_t kx = kx_begin; kx < kx_end; ++kx) {
      const float* weights = s.weights + (ky * g.kernel + kx) * kStripChannelsF32;
      const float32x4_t low = vld1q_f32(weights);
      const float32x4_t high = vld1q_f32(weights + 4);
      const float* pixel = s.input + (column + kx) * g.in_channels;
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        float32x4_t a[2];
        load_lanes<kLanes>(pixel + p * step, s.channels, a);
        acc[p][0] = vfmaq_f32(acc[p][0], a[0], low);
        acc[p][1] = vfmaq_f32(acc[p][1], a[1], high);
      }
    }
  }
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    store_some_f32<2>(s.output + int64_t{x + p} * g.out_channels, acc[p], s.channels);
  }
}

inline int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
inline int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

template <Lanes kLanes>
void run_border(const ConvGeometry& g, const Strip& s, int32_t begin, int32_t end) {
  for (int32_t x = begin; x < end; ++x) {
    const int32_t left = x * g.stride - g.pad;
    run_pixels<kLanes, 1>(g, s, x, larger(0, -left), smaller(g.kernel, g.in_width - left));
  }
}

template <Lanes kLanes>
void run_strip(const ConvGeometry& g, const Strip& s) {
  // Outputs whose kernel lies inside the row: x·stride ≥ pad and x·stride − pad + kernel ≤ width.
  const int32_t begin = smaller(g.out_width, (g.pad + g.stride - 1) / g.stride);
  const int32_t room = g.in_width + g.pad - g.kernel;
  const int32_t end = room < 0 ? begin : larger(begin, smaller(g.out_width, room / g.stride + 1));
  run_border<kLanes>(g, s, 0, begin);
  int32_t x = begin;
  for (; x + 8 <= end; x += 8) run_pixels<kLanes, 8>(g, s, x, 0, g.kernel);
  for (; x + 4 <= end; x += 4) run_pixels<kLanes, 4>(g, s, x, 0, g.kernel);
  for (; x < end; ++x) run_pixels<kLanes, 1>(g, s, x, 0, g.kernel);
  run_border<kLanes>(g, s, end, g.out_width);
}

}  // namespace

void neon_depthwise_f32(const ConvArgsF32& args) {
  const ConvGeometry& g = args.geometry;
  const float* bias = static_cast<const float*>(args.packed);
  const float* weights = bias + round_up_to(g.out_channels, kStripChannelsF32);
  const int64_t row_values = int64_t{g.out_width} * g.out_channels;
  Strip s;
  for (int32_t y = args.rows.begin; y < args.rows.end; ++y) {
    const int64_t first_value = (y - args.rows.output_row) * row_values;
    float* row = args.output + first_value;
    s.first_y = y * g.stride - g.pad;  // in the tensor
    s.ky_begin = larger(0, -s.first_y);
    s.ky_end = smaller(g.kernel, g.in_height - s.first_y);
    s.first_y -= args.rows.input_row;  // in memory
    for (int32_t c = 0; c < g.out_channels; c += kStripChannelsF32) {
      s.input = args.input + c;
      s.weights = weights + int64_t{c} * g.kernel * g.kernel;
      s.bias[0] = vld1q_f32(bias + c);
      s.bias[1] = vld1q_f32(bias + c + 4);
      s.output = row + c;
      s.channels = smaller(kStripChannelsF32, g.out_channels - c);
      if (s.channels == kStripChannelsF32) {
        run_strip<Lanes::kAll>(g, s);
      } else {
        run_strip<Lanes::kSome>(g, s);
      }
    }
    const float* residual = args.residual ? args.residual + first_value : nullptr;
    finish_span_f32(row, row_values, args.activation, residual);
  }
}

}  // namespace edgefront
