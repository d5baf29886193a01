// int8 depthwise convolution of the ARM sets: strips of 16 channels, one after the other over all
// output rows. The input rows under an output row stand in scratch as a ring
// (layouts/arm_layout.h), each brought in once with its padding, so that the inner loops know no
// borders and a strip's rows stay in the first-level cache. `Taps` is what differs between sets:
//   kColumnBytes                          of a column in the ring
//   ring_columns(g), tap_bytes(kernel)    columns of a ring row; weights of a strip
//   fill_row(row, g, out)                 brings one input row into the ring
//   add<kKernel, kPixels>(rows, weights, stride, x, acc)
//                                         adds all taps of kPixels outputs from x on
// Compiled into each set's own file: everything has internal linkage.
#pragma once

#include <arm_neon.h>
#include <stdint.h>

#include "runtime/kernels/layouts/arm_layout.h"
#include "runtime/kernels/neon/epilogue.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

constexpr int32_t kMaxKernel = 7;

/// Sixteen channels of one input row, padding included.
struct InputRow {
  const int8_t* pixels;  ///< null for a row outside the image
  int64_t pixel_stride;
  int32_t width, pad, channels;
  int8x16_t padding;

  /// `column` counts from the left end of the padding.
  int8x16_t column(int64_t column) const {
    const int64_t x = column - pad;
    if (!pixels || x < 0 || x >= width) return padding;
    return load_some16(pixels + x * pixel_stride, channels);
  }
};

/// Sixteen channels of the layer.
struct Strip {
  const int8_t* weights;
  int32x4_t bias[4];
  float32x4_t multipliers[4];
  Clamp clamp;
  int32_t first_channel, channels;
};

/// One output row of a strip on its way: bytes go to `out`, `out_stride` from pixel to pixel.
struct OutputRow {
  const uint8_t* rows[kMaxKernel];  ///< of the ring, from the top of the kernel
  int8_t* out;
  int64_t out_stride;
  int32_t width;
};

template <class Taps, int kKernel, int kPixels>
EDGEFRONT_INLINE void run_pixels(const Strip& s, const OutputRow& row, int32_t stride, int32_t x) {
  int32x4_t acc[kPixels][4];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    EDGEFRONT_UNROLL
    for (int v = 0; v < 4; ++v) acc[p][v] = s.bias[v];
  }
  Taps::template add<kKernel, kPixels>(row.rows, s.weights, stride, x, acc);
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const int8x8_t low = requantize8(scale4(acc[p][0], s.multipliers[0]),
                                     scale4(acc[p][1], s.multipliers[1]), s.clamp);
    const int8x8_t high = requantize8(scale4(acc[p][2], s.multipliers[2]),
                                      scale4(acc[p][3], s.multipliers[3]), s.clamp);
    vst1q_s8(row.out + (x + p) * row.out_stride, vcombine_s8(low, high));
  }
}

template <class Taps, int kKernel>
void run_row(const Strip& s, const OutputRow& row, int32_t stride) {
  int32_t x = 0;
  for (; x + 4 <= row.width; x += 4) run_pixels<Taps, kKernel, 4>(s, row, stride, x);
  for (; x < row.width; ++x) run_pixels<Taps, kKernel, 1>(s, row, stride, x);
}

template <class Taps>
void run_row_of(int32_t kernel, const Strip& s, const OutputRow& row, int32_t stride) {
  switch (kernel) {
    case 1:
      return run_row<Taps, 1>(s, row, stride);
    case 3:
      return run_row<Taps, 3>(s, row, stride);
    case 5:
      return run_row<Taps, 5>(s, row, stride);
    default:
      return run_row<Taps, 7>(s, row, stride);
  }
}

/// Table and residual add of a finished row, and its way to the output tensor. `first` is the index
/// of the row's first byte there.
void finish_row(const ConvArgsS8& args, const Strip& s, int8_t* line, int64_t first) {
  const RequantizeS8& r = args.requantize;
  const ConvGeometry& g = args.geometry;
  if (r.table) table_span(line, int64_t{g.out_width} * kStripChannels, r.table);
  int8_t* out = args.output + first;
  if (!r.residual) {
    for (int32_t x = 0; x < g.out_width; ++x) {
      store_some16(out + int64_t{x} * g.out_channels, vld1q_s8(line + x * kStripChannels),
                   s.channels);
    }
    return;
  }
  const Addition add = make_addition(r);
  const int8_t* residual = r.residual + first;
  for (int32_t x = 0; x < g.out_width; ++x) {
    const int64_t at = int64_t{x} * g.out_channels;
    const int8x16_t other = load_some16(residual + at, s.channels);
    store_some16(out + at, add16(vld1q_s8(line + x * kStripChannels), other, add), s.channels);
  }
}

template <class Taps>
void run_strip(const ConvArgsS8& args, const Strip& s) {
  const ConvGeometry& g = args.geometry;
  const RequantizeS8& r = args.requantize;
  const int64_t row_bytes = Taps::ring_columns(g) * Taps::kColumnBytes;
  uint8_t* ring = static_cast<uint8_t*>(args.scratch);
  int8_t* line = reinterpret_cast<int8_t*>(ring + g.kernel * row_bytes);
  const bool direct = s.channels == kStripChannels && !r.table && !r.residual;
  InputRow input{nullptr, g.in_channels, g.in_width,
                 g.pad,   s.channels,    vdupq_n_s8(static_cast<int8_t>(args.input_zero_point))};
  OutputRow row;
  row.out = line;
  row.out_stride = direct ? g.out_channels : kStripChannels;
  row.width = g.out_width;
  // Rows count from the top of the padding.
  int32_t filled = args.rows.begin * g.stride;
  for (int32_t y = args.rows.begin; y < args.rows.end; ++y) {
    const int32_t top = y * g.stride;
    for (filled = filled < top ? top : filled; filled < top + g.kernel; ++filled) {
      const int32_t in_y = filled - g.pad;
      const bool inside = in_y >= 0 && in_y < g.in_height;
      const int64_t pixel = int64_t{in_y - args.rows.input_row} * g.in_width;
      input.pixels = inside ? args.input + pixel * g.in_channels + s.first_channel : nullptr;
      Taps::fill_row(input, g, ring + filled % g.kernel * row_bytes);
    }
    for (int32_t ky = 0; ky < g.kernel; ++ky) {
      row.rows[ky] = ring + (top + ky) % g.kernel * row_bytes;
    }
    const int64_t pixel = int64_t{y - args.rows.output_row} * g.out_width;
    const int64_t first = pixel * g.out_channels + s.first_channel;
    if (direct) row.out = args.output + first;
    run_row_of<Taps>(g.kernel, s, row, g.stride);
    if (!direct) finish_row(args, s, line, first);
  }
}

template <class Taps>
void run_depthwise_s8(const ConvArgsS8& args) {
  const ConvGeometry& g = args.geometry;
  const RequantizeS8& r = args.requantize;
  const int32_t* bias = static_cast<const int32_t*>(args.packed);
  const int8_t* weights = reinterpret_cast<const int8_t*>(bias + padded_channels(g));
  Strip s;
  s.clamp = make_clamp(r.zero_point, r.qmin, r.qmax);
  for (int32_t c = 0; c < g.out_channels; c += kStripChannels) {
    const int32_t rest = g.out_channels - c;
    s.first_channel = c;
    s.channels = rest < kStripChannels ? rest : kStripChannels;
    s.weights = weights + c * Taps::tap_bytes(g.kernel);
    for (int v = 0; v < 4; ++v) s.bias[v] = vld1q_s32(bias + c + 4 * v);
    load_some_f32<4>(r.multipliers + c, s.channels, s.multipliers);
    run_strip<Taps>(args, s);
  }
}

}  // namespace
}  // namespace edgefront
