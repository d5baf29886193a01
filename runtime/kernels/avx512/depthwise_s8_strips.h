// int8 depthwise convolution of the AVX-512 sets. For each output row, groups of input rows are
// interleaved into scratch (see layouts/depthwise_layout.h), so that the vertical taps of a channel
// are neighbours; one step then adds a group's taps of sixteen channels. A column that is
// interleaved once serves all kernel positions it meets. `Taps` is what differs between sets:
//   kTaps, kValues                  rows of a group; values of a row that one step interleaves
//   padding(zero_point)             a vector of interleaved zero points
//   interleave(rows, i, rest, out)  values i … i + kValues − 1 of kTaps rows, `rest` of them valid
//   run_strip<kKernel>(strip, stride, out_width)
// Compiled into each set's own file: everything has internal linkage.
#pragma once

#include <stdint.h>

#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/layouts/depthwise_layout.h"
#include "runtime/kernels/requantize.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// A row of the image, or (step 0) 64 zero points again and again for a row outside of it.
struct Row {
  const int8_t* data;
  int64_t step;
};

inline void fill_columns(uint8_t* out, int64_t values, __m512i padding) {
  for (int64_t i = 0; i < values; i += 16) _mm512_storeu_si512(out + 4 * i, padding);
}

/// One group of input rows from `first_row` on, with their padding columns; rows from `end_row` on
/// are below the kernel and meet zero weights. Whole vectors are stored; what they write beyond the
/// row is overwritten by the right padding or lies in the slack.
template <class Taps>
void interleave_rows(const ConvArgsS8& args, int32_t first_row, int32_t end_row,
                     const int8_t* zero_points, uint8_t* out) {
  const ConvGeometry& g = args.geometry;
  const int64_t width = int64_t{g.in_width} * g.in_channels;
  const int64_t border = int64_t{g.pad} * g.in_channels;
  Row rows[Taps::kTaps];
  EDGEFRONT_UNROLL
  for (int t = 0; t < Taps::kTaps; ++t) {
    const int32_t y = first_row + t;
    const bool inside = y >= 0 && y < g.in_height && y < end_row;
    rows[t].data = inside ? args.input + (y - args.rows.input_row) * width : zero_points;
    rows[t].step = inside ? 1 : 0;
  }
  const __m512i padding = Taps::padding(args.input_zero_point);
  fill_columns(out, border, padding);
  uint8_t* body = out + 4 * border;
  for (int64_t i = 0; i < width; i += Taps::kValues) {
    Taps::interleave(rows, i, width - i, body + 4 * i);
  }
  fill_columns(body + 4 * width, border, padding);
}

/// Sixteen channels of one output row.
struct Strip {
  const uint8_t* columns;  ///< first group, first column, first channel of the strip
  int64_t group_bytes;     ///< from group to group
  int64_t column_bytes;    ///< from column to column
  const uint8_t* weights;  ///< [kx][group][16] groups of taps with stride weight_bytes
  int64_t weight_bytes;
  __m512i bias;
  __m512 multiplier;
  Clamp512 clamp;
  int8_t* output;
  int64_t output_stride;
  __mmask16 mask;
};

/// Sums to stored outputs.
template <int kPixels>
EDGEFRONT_INLINE void finish_pixels(const Strip& s, const __m512i acc[kPixels], int32_t x) {
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[p]), s.multiplier);
    store16(s.output + (x + p) * s.output_stride, requantize16(scaled, &s.clamp), s.mask);
  }
}

template <class Taps>
void run_strip_of(int32_t kernel, const Strip& s, int32_t stride, int32_t out_width) {
  switch (kernel) {
    case 1:
      return Taps::template run_strip<1>(s, stride, out_width);
    case 3:
      return Taps::template run_strip<3>(s, stride, out_width);
    case 5:
      return Taps::template run_strip<5>(s, stride, out_width);
    default:
      return Taps::template run_strip<7>(s, stride, out_width);
  }
}

template <class Taps>
void run_depthwise_s8(const ConvArgsS8& args) {
  const ConvGeometry& g = args.geometry;
  const RequantizeS8& r = args.requantize;
  const int32_t groups = depthwise_groups(g.kernel, Taps::kTaps);
  const int64_t channels = padded_channels(g);
  const int32_t* bias = static_cast<const int32_t*>(args.packed);
  const uint8_t* weights = reinterpret_cast<const uint8_t*>(bias + channels);
  uint8_t* scratch = static_cast<uint8_t*>(args.scratch);
  int8_t zero_points[64];
  _mm512_storeu_si512(zero_points, _mm512_set1_epi8(static_cast<char>(args.input_zero_point)));
  Strip s;
  s.group_bytes = interleaved_row_bytes(g);
  s.column_bytes = int64_t{4} * g.in_channels;
  s.weight_bytes = channels * 4;
  s.clamp = make_clamp512(r.zero_point, r.qmin, r.qmax);
  s.output_stride = g.out_channels;
  const int64_t row_values = int64_t{g.out_width} * g.out_channels;
  for (int32_t y = args.rows.begin; y < args.rows.end; ++y) {
    const int32_t top = y * g.stride - g.pad;
    for (int32_t group = 0; group < groups; ++group) {
      interleave_rows<Taps>(args, top + group * Taps::kTaps, top + g.kernel, zero_points,
                            scratch + group * s.group_bytes);
    }
    const int64_t first_value = (y - args.rows.output_row) * row_values;
    int8_t* row = args.output + first_value;
    for (int32_t c = 0; c < g.out_channels; c += kPanelChannels) {
      s.columns = scratch + 4 * c;
      s.weights = weights + 4 * c;
      s.bias = _mm512_loadu_si512(bias + c);
      s.mask = mask16(g.out_channels - c);
      s.multiplier = _mm512_maskz_loadu_ps(s.mask, r.multipliers + c);
      s.output = row + c;
      run_strip_of<Taps>(g.kernel, s, g.stride, g.out_width);
    }
    finish_span_s8(row, first_value, row_values, &r);
  }
}

}  // namespace
}  // namespace edgefront
