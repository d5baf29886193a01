// int8 depthwise convolution of the AVX2 sets. For each output row, groups of input rows are
// interleaved into scratch (see layouts/depthwise_layout.h), so that the vertical taps of a channel
// are neighbours; one step then adds a group's taps of eight channels. A column that is interleaved
// once serves all kernel positions it meets. `Taps` is what differs between sets:
//   kTaps, kValues                  rows of a group; values of a row that one step interleaves
//   padding(zero_point)             a vector of interleaved zero points
//   interleave(rows, i, rest, out)  values i … i + kValues − 1 of kTaps rows, `rest` of them valid
//   add(sums, inputs, weights)      adds a group's products in each of eight lanes
// Compiled into each set's own file: everything has internal linkage.
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "runtime/kernels/avx2/epilogue.h"
#include "runtime/kernels/layouts/depthwise_layout.h"
#include "runtime/kernels/requantize.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// A row of the image, or (step 0) 32 zero points again and again for a row outside of it.
struct Row {
  const int8_t* data;
  int64_t step;
};

inline __m256i load256(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

inline void store256(void* to, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), value);
}

inline void fill_columns(uint8_t* out, int64_t values, __m256i padding) {
  for (int64_t i = 0; i < values; i += 8) store256(out + 4 * i, padding);
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
  const __m256i padding = Taps::padding(args.input_zero_point);
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
  __m256i bias_low, bias_high;
  __m256 multiplier_low, multiplier_high;
  Clamp256 clamp;
  int8_t* output;
  int64_t output_stride;
  int32_t channels;
};

template <class Taps, int kKernel, int kPixels>
EDGEFRONT_INLINE void run_pixels(const Strip& s, int32_t stride, int32_t x) {
  constexpr int kGroups = (kKernel + Taps::kTaps - 1) / Taps::kTaps;
  __m256i low[kPixels], high[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    low[p] = s.bias_low;
    high[p] = s.bias_high;
  }
  EDGEFRONT_KEEP_LOOP
  for (int group = 0; group < kGroups; ++group) {
    const uint8_t* columns = s.columns + group * s.group_bytes + x * stride * s.column_bytes;
    EDGEFRONT_KEEP_LOOP
    for (int kx = 0; kx < kKernel; ++kx) {
      const uint8_t* weights = s.weights + (kx * kGroups + group) * s.weight_bytes;
      const __m256i w_low = load256(weights);
      const __m256i w_high = load256(weights + 32);
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const uint8_t* a = columns + (p * stride + kx) * s.column_bytes;
        low[p] = Taps::add(low[p], load256(a), w_low);
        high[p] = Taps::add(high[p], load256(a + 32), w_high);
      }
    }
  }
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const __m256 scaled_low = _mm256_mul_ps(_mm256_cvtepi32_ps(low[p]), s.multiplier_low);
    const __m256 scaled_high = _mm256_mul_ps(_mm256_cvtepi32_ps(high[p]), s.multiplier_high);
    const __m128i bytes =
        narrow16(requantize8(scaled_low, &s.clamp), requantize8(scaled_high, &s.clamp));
    store_bytes(s.output + (x + p) * s.output_stride, bytes, s.channels);
  }
}

template <class Taps, int kKernel>
void run_strip(const Strip& s, int32_t stride, int32_t out_width) {
  int32_t x = 0;
  for (; x + 4 <= out_width; x += 4) run_pixels<Taps, kKernel, 4>(s, stride, x);
  for (; x < out_width; ++x) run_pixels<Taps, kKernel, 1>(s, stride, x);
}

template <class Taps>
void run_strip_of(int32_t kernel, const Strip& s, int32_t stride, int32_t out_width) {
  switch (kernel) {
    case 1:
      return run_strip<Taps, 1>(s, stride, out_width);
    case 3:
      return run_strip<Taps, 3>(s, stride, out_width);
    case 5:
      return run_strip<Taps, 5>(s, stride, out_width);
    default:
      return run_strip<Taps, 7>(s, stride, out_width);
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
  int8_t zero_points[32];
  memset(zero_points, args.input_zero_point, sizeof zero_points);
  Strip s;
  s.group_bytes = interleaved_row_bytes(g);
  s.column_bytes = int64_t{4} * g.in_channels;
  s.weight_bytes = channels * 4;
  s.clamp = make_clamp256(r.zero_point, r.qmin, r.qmax);
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
      s.bias_low = load256(bias + c);
      s.bias_high = load256(bias + c + 8);
      s.channels = g.out_channels - c < kPanelChannels ? g.out_channels - c : kPanelChannels;
      load_multipliers(r.multipliers + c, s.channels, &s.multiplier_low, &s.multiplier_high);
      s.output = row + c;
      run_strip_of<Taps>(g.kernel, s, g.stride, g.out_width);
    }
    finish_span_s8(row, first_value, row_values, &r);
  }
}

}  // namespace
}  // namespace edgefront
