// int8 depthwise convolution, shared by the x86 sets (see depthwise_layout.h for the interleaved
// rows). `Lanes` is what differs between them:
//   Int, kCount, kTaps              a vector of sums, the number of its lanes, rows of a group
//   kValues                         values of a row that one step of interleave() takes
//   padding(zero_point)             a vector of interleaved zero points
//   interleave(rows, i, rest, out)  values i … i + kValues − 1 of kTaps rows, `rest` of them valid
//   load(from), store(to, x)        whole vectors
//   add(sums, inputs, weights)      adds a group's products in each lane
//   Requantizer(r)                  the layer's clamp and zero point
//   Channels(multipliers, count)    what its finish<kPixels>(sums, channels, out, stride) needs
// Seven or four neighbouring outputs at a time keep their sums in registers; a column is loaded
// once for all kernel positions that meet it. Compiled into each set's own file: everything has
// internal linkage.
#pragma once

#include <stdint.h>
#include <string.h>

#include "runtime/kernels/layouts/depthwise_layout.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

template <int kConstant>
struct Constant {
  static constexpr int kValue = kConstant;
};

/// A row of the image, or (step 0) zero points again and again for a row outside of it.
struct RowS8 {
  const int8_t* data;
  int64_t step;
};

template <class Lanes>
void fill_columns(uint8_t* out, int64_t values, typename Lanes::Int padding) {
  for (int64_t i = 0; i < values; i += Lanes::kCount) Lanes::store(out + 4 * i, padding);
}

/// The columns of the input under a tile of outputs: padding, part of the image, padding.
struct TileColumns {
  int64_t left, first, count, right;  ///< values; `first` is the offset in a row
};

inline TileColumns make_columns(const ConvGeometry& g, int32_t x, int32_t width) {
  const int64_t begin = int64_t{x} * g.stride - g.pad;
  const int64_t end = begin + int64_t{width - 1} * g.stride + g.kernel;
  const int64_t inside_begin = begin > 0 ? begin : 0;
  const int64_t inside_end = end < g.in_width ? end : g.in_width;
  return {(inside_begin - begin) * g.in_channels, inside_begin * g.in_channels,
          (inside_end - inside_begin) * g.in_channels, (end - inside_end) * g.in_channels};
}

/// One group of input rows from `first_row` on; rows from `end_row` on are below all kernels and
/// may be missing in memory. Whole vectors are stored; what they write beyond the image is
/// overwritten by the right padding or lies in the slack.
template <class Lanes>
void interleave_rows(const ConvArgsS8& args, const TileColumns& columns, int32_t first_row,
                     int32_t end_row, const int8_t* zero_points, uint8_t* out) {
  const ConvGeometry& g = args.geometry;
  const int64_t width = int64_t{g.in_width} * g.in_channels;
  RowS8 rows[Lanes::kTaps];
  EDGEFRONT_UNROLL
  for (int t = 0; t < Lanes::kTaps; ++t) {
    const int32_t y = first_row + t;
    const bool inside = y >= 0 && y < g.in_height && y < end_row;
    rows[t].data =
        inside ? args.input + (y - args.rows.input_row) * width + columns.first : zero_points;
    rows[t].step = inside ? 1 : 0;
  }
  const typename Lanes::Int padding = Lanes::padding(args.input_zero_point);
  fill_columns<Lanes>(out, columns.left, padding);
  uint8_t* body = out + 4 * columns.left;
  for (int64_t i = 0; i < columns.count; i += Lanes::kValues) {
    Lanes::interleave(rows, i, columns.count - i, body + 4 * i);
  }
  fill_columns<Lanes>(body + 4 * columns.count, columns.right, padding);
}

/// One output row of a pair in one tile.
template <class Lanes>
struct TileRow {
  const typename Lanes::Requantizer* requantizer;
  const int32_t* bias;
  const uint8_t* weights;  ///< first panel
  int64_t panel_bytes;
  const float* multipliers;
  const uint8_t* groups[depthwise_groups(7, 2, Lanes::kTaps)];  ///< first column of the tile
  int8_t* output;                                               ///< first output of the tile
  int32_t channels, width;
};

/// kPixels neighbouring outputs of some channels. `weights` is that of the first group and kx.
template <class Lanes, int kKernel, int kStride, int kGroups, int kPixels>
EDGEFRONT_INLINE void run_block(const uint8_t* const groups[kGroups], int64_t column_bytes,
                                const uint8_t* weights, typename Lanes::Int bias,
                                typename Lanes::Int sums[kPixels]) {
  constexpr int kColumns = (kPixels - 1) * kStride + kKernel;
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) sums[p] = bias;
  EDGEFRONT_UNROLL
  for (int group = 0; group < kGroups; ++group) {
    typename Lanes::Int w[kKernel];
    EDGEFRONT_UNROLL
    for (int kx = 0; kx < kKernel; ++kx) {
      w[kx] = Lanes::load(weights + 4 * kPanelChannels * (group * kKernel + kx));
    }
    const uint8_t* from = groups[group];
    EDGEFRONT_UNROLL
    for (int column = 0; column < kColumns; ++column) {
      const typename Lanes::Int a = Lanes::load(from);
      from += column_bytes;
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const int kx = column - p * kStride;
        if (kx >= 0 && kx < kKernel) sums[p] = Lanes::add(sums[p], a, w[kx]);
      }
    }
  }
}

/// The channels from c on, at most Lanes::kCount, of output row kRow of the pair. Blocks may
/// overlap at the end: an output computed twice has the same bits.
template <class Lanes, int kKernel, int kStride, int kRow>
void run_strip(const TileRow<Lanes>& row, int32_t c) {
  constexpr int kFirst = depthwise_first_group(kKernel, kStride, Lanes::kTaps, kRow);
  constexpr int kGroups = depthwise_last_group(kKernel, kStride, Lanes::kTaps, kRow) - kFirst + 1;
  const int64_t stride = row.channels;
  const int64_t column_bytes = 4 * stride;
  const int32_t width = row.width;
  const uint8_t* groups[kGroups];
  for (int i = 0; i < kGroups; ++i) groups[i] = row.groups[kFirst + i] + int64_t{4} * c;
  const uint8_t* weights = row.weights + c / kPanelChannels * row.panel_bytes +
                           4 * (c % kPanelChannels) + 4 * kPanelChannels * kKernel * kFirst;
  const typename Lanes::Int bias = Lanes::load(row.bias + c);
  const typename Lanes::Requantizer requantizer = *row.requantizer;
  const typename Lanes::Channels channels(row.multipliers + c, row.channels - c);
  int8_t* out = row.output + c;
  const auto block = [&](auto pixels, int32_t x) {
    constexpr int kPixels = decltype(pixels)::kValue;
    const uint8_t* from[kGroups];
    for (int i = 0; i < kGroups; ++i) from[i] = groups[i] + x * kStride * column_bytes;
    typename Lanes::Int sums[kPixels];
    run_block<Lanes, kKernel, kStride, kGroups, kPixels>(from, column_bytes, weights, bias, sums);
    requantizer.template finish<kPixels>(sums, channels, out + x * stride, stride);
  };
  int32_t x = 0;
  if (width % 7 == 0 || (width > 7 && width % 4 != 0)) {
    for (; width - x >= 7 || (width - x > 4 && width > 7); x += 7) {
      if (x > width - 7) x = width - 7;
      block(Constant<7>(), x);
    }
  }
  for (; x < width && width >= 4; x += 4) {
    if (x > width - 4) x = width - 4;
    block(Constant<4>(), x);
  }
  for (; x < width; ++x) block(Constant<1>(), x);
}

template <class Lanes, int kKernel, int kStride, int kRow>
void run_tile_row(const TileRow<Lanes>& row) {
  for (int32_t c = 0; c < row.channels; c += Lanes::kCount) {
    run_strip<Lanes, kKernel, kStride, kRow>(row, c);
  }
}

/// The outputs x … x + width − 1 of all rows.
template <class Lanes, int kKernel, int kStride, class FinishSpan>
void run_tile(const ConvArgsS8& args, TileRow<Lanes> rows[2], int32_t x, int32_t width,
              int64_t slot_bytes, const FinishSpan& finish_span) {
  constexpr int32_t kTaps = Lanes::kTaps;
  constexpr int32_t kSlots = depthwise_slots(kKernel, kStride, kTaps);
  constexpr int32_t kGroupRows = depthwise_group_rows(kKernel, kStride, kTaps);
  constexpr int32_t kGroupStep = depthwise_pitch(kKernel, kStride, kTaps) / kGroupRows;
  const ConvGeometry& g = args.geometry;
  const TileColumns columns = make_columns(g, x, width);
  int8_t zero_points[64];
  memset(zero_points, args.input_zero_point, sizeof zero_points);
  uint8_t* scratch = static_cast<uint8_t*>(args.scratch);
  const int32_t top = args.rows.begin * kStride - g.pad;
  const int32_t end_row = (args.rows.end - 1) * kStride - g.pad + kKernel;
  int32_t next = 0;  // groups before this one are interleaved, in slot `group % kSlots`
  for (int32_t y = args.rows.begin; y < args.rows.end; y += 2) {
    const int32_t row_count = args.rows.end - y < 2 ? 1 : 2;
    const int32_t first = (y - args.rows.begin) * kStride / kGroupRows;
    const int32_t count = depthwise_last_group(kKernel, kStride, kTaps, row_count - 1) + 1;
    for (; next <= first + (count - 1) * kGroupStep; ++next) {
      if (y + 2 >= args.rows.end && (next - first) % kGroupStep != 0) continue;  // of later pairs
      interleave_rows<Lanes>(args, columns, top + next * kGroupRows, end_row, zero_points,
                             scratch + next % kSlots * slot_bytes);
    }
    int64_t first_value[2];
    for (int32_t r = 0; r < row_count; ++r) {
      first_value[r] = (int64_t{y + r - args.rows.output_row} * g.out_width + x) * g.out_channels;
      rows[r].output = args.output + first_value[r];
      rows[r].width = width;
      for (int32_t i = 0; i < count; ++i) {
        rows[r].groups[i] = scratch + (first + i * kGroupStep) % kSlots * slot_bytes;
      }
    }
    run_tile_row<Lanes, kKernel, kStride, 0>(rows[0]);
    if (row_count == 2) run_tile_row<Lanes, kKernel, kStride, 1>(rows[1]);
    for (int32_t r = 0; r < row_count; ++r) {
      finish_span(first_value[r], int64_t{width} * g.out_channels);
    }
  }
}

template <class Lanes, int kKernel, int kStride, class FinishSpan>
void run_tiles(const ConvArgsS8& args, const FinishSpan& finish_span) {
  const ConvGeometry& g = args.geometry;
  const typename Lanes::Requantizer requantizer(args.requantize);
  const int64_t panel_row_bytes = depthwise_panel_row_bytes(g, Lanes::kTaps);
  TileRow<Lanes> rows[2];
  for (int r = 0; r < 2; ++r) {
    rows[r].requantizer = &requantizer;
    rows[r].bias = static_cast<const int32_t*>(args.packed);
    rows[r].weights =
        reinterpret_cast<const uint8_t*>(rows[r].bias + padded_channels(g)) + r * panel_row_bytes;
    rows[r].panel_bytes = 2 * panel_row_bytes;
    rows[r].multipliers = args.requantize.multipliers;
    rows[r].channels = g.out_channels;
  }
  const int32_t tile = depthwise_tile_width(g, Lanes::kTaps);
  const int64_t slot_bytes = depthwise_slot_bytes(g, tile);
  for (int32_t x = 0; x < g.out_width; x += tile) {
    const int32_t width = g.out_width - x < tile ? g.out_width - x : tile;
    run_tile<Lanes, kKernel, kStride>(args, rows, x, width, slot_bytes, finish_span);
  }
}

/// `finish_span(first, count)` follows when clamped bytes are stored; `first` is the index of the
/// first one in the output.
template <class Lanes, class FinishSpan>
void run_depthwise_s8(const ConvArgsS8& args, const FinishSpan& finish_span) {
  const bool one = args.geometry.stride == 1;
  switch (args.geometry.kernel) {
    case 1:
      return one ? run_tiles<Lanes, 1, 1>(args, finish_span)
                 : run_tiles<Lanes, 1, 2>(args, finish_span);
    case 3:
      return one ? run_tiles<Lanes, 3, 1>(args, finish_span)
                 : run_tiles<Lanes, 3, 2>(args, finish_span);
    case 5:
      return one ? run_tiles<Lanes, 5, 1>(args, finish_span)
                 : run_tiles<Lanes, 5, 2>(args, finish_span);
    default:
      return one ? run_tiles<Lanes, 7, 1>(args, finish_span)
                 : run_tiles<Lanes, 7, 2>(args, finish_span);
  }
}

}  // namespace
}  // namespace edgefront
