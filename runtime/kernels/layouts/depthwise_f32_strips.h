// fp32 depthwise convolution, shared by the sets; `Lanes` is what differs between them:
//   Float, kCount                        a vector and the number of its lanes
//   Mask, mask(channels)                 which lanes are channels
//   kMaskedBlocks                        whether all blocks are masked
//   load(from), load(from, mask), store(to, x), store(to, x, mask)
//   multiply_add(a, b, c)                a·b + c
//   activate(x, activation)
// Seven or four neighbouring outputs at a time keep their sums in registers; a column of the input
// is loaded once for all kernel positions that meet it. Blocks at the ends of a row leave out the
// columns outside of it, which are known when compiling. Seven divides the image sizes 112, 56, 28,
// 14 and 7. A block passes over all channels before the next one begins: inputs are read in long
// runs. Compiled into each set's own file: everything has internal linkage.
#pragma once

#include <stdint.h>

#include "runtime/kernels/layouts/depthwise_layout.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// One output row.
struct RowF32 {
  const float* input;  ///< row 0 in memory
  const float* bias;
  const float* weights;  ///< [ky][kx] with stride weight_stride
  int64_t weight_stride;
  float* output;
  ActivationF32 activation;
  int32_t first_y;           ///< row of ky = 0 in memory; may lie outside
  int32_t ky_begin, ky_end;  ///< rows inside the image
};

/// What the strips of a block share, read once: the compiler takes every vector store for one to
/// any memory.
struct BlockF32 {
  const float* input;    ///< first row and column inside the image, channel 0
  const float* weights;  ///< of kernel row ky_begin
  const float* bias;
  float* output;
  int64_t row_stride, channels, weight_stride;
  int32_t rows;
  ActivationF32 activation;
};

inline BlockF32 make_block(const ConvGeometry& g, const RowF32& row, int32_t x, int32_t left) {
  BlockF32 b;
  const int64_t first_y = int64_t{row.first_y} + row.ky_begin;
  const int64_t first_x = x * g.stride - g.pad + left;
  b.channels = g.out_channels;
  b.row_stride = b.channels * g.in_width;
  b.input = row.input + first_y * b.row_stride + first_x * b.channels;
  b.weights = row.weights + row.ky_begin * g.kernel * row.weight_stride;
  b.bias = row.bias;
  b.output = row.output + x * b.channels;
  b.weight_stride = row.weight_stride;
  b.rows = row.ky_end - row.ky_begin;
  b.activation = row.activation;
  return b;
}

/// kPixels outputs of the channels from c on, whose kernels miss kLeft columns on the left and
/// kRight on the right.
template <class Lanes, int kKernel, int kStride, int kPixels, int kLeft, int kRight, class Load,
          class Store>
EDGEFRONT_INLINE void run_strip(const BlockF32& b, int32_t c, const Load& load,
                                const Store& store) {
  constexpr int kColumns = (kPixels - 1) * kStride + kKernel;
  typename Lanes::Float sums[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) sums[p] = Lanes::load(b.bias + c);
  const float* row = b.input + c;
  const float* weights = b.weights + c;
  EDGEFRONT_KEEP_LOOP
  for (int32_t ky = 0; ky < b.rows; ++ky) {
    typename Lanes::Float w[kKernel];
    EDGEFRONT_UNROLL
    for (int kx = 0; kx < kKernel; ++kx) {
      w[kx] = Lanes::load(weights);
      weights += b.weight_stride;
    }
    const float* from = row;
    EDGEFRONT_UNROLL
    for (int column = kLeft; column < kColumns - kRight; ++column) {
      const typename Lanes::Float a = load(from);
      from += b.channels;
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const int kx = column - p * kStride;
        if (kx >= 0 && kx < kKernel) sums[p] = Lanes::multiply_add(a, w[kx], sums[p]);
      }
    }
    row += b.row_stride;
  }
  float* out = b.output + c;
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    store(out, Lanes::activate(sums[p], b.activation));
    out += b.channels;
  }
}

/// One output anywhere, `kCount` or fewer channels.
template <class Lanes>
void run_pixel(const ConvGeometry& g, const RowF32& row, int32_t x, int32_t c) {
  const typename Lanes::Mask mask = Lanes::mask(g.out_channels - c);
  const int32_t left = x * g.stride - g.pad;
  const int32_t kx_begin = left < 0 ? -left : 0;
  const int32_t kx_end = left + g.kernel > g.in_width ? g.in_width - left : g.kernel;
  typename Lanes::Float sum = Lanes::load(row.bias + c);
  for (int32_t ky = row.ky_begin; ky < row.ky_end; ++ky) {
    const int64_t first = (int64_t{row.first_y} + ky) * g.in_width + left;
    for (int32_t kx = kx_begin; kx < kx_end; ++kx) {
      const float* weights = row.weights + (ky * g.kernel + kx) * row.weight_stride + c;
      const float* a = row.input + (first + kx) * g.in_channels + c;
      sum = Lanes::multiply_add(Lanes::load(a, mask), Lanes::load(weights), sum);
    }
  }
  float* out = row.output + int64_t{x} * g.out_channels + c;
  Lanes::store(out, Lanes::activate(sum, row.activation), mask);
}

/// All channels of a block. Masked loads stay loads: GCC would give plain ones to every
/// multiply-add that uses them, and wide vectors often cross cache lines.
template <class Lanes, int kKernel, int kStride, int kPixels, int kLeft, int kRight>
void run_block(const ConvGeometry& g, const RowF32& row, int32_t x) {
  const int32_t channels = g.out_channels;
  const BlockF32 block = make_block(g, row, x, kLeft);
  int32_t c = 0;
  if (Lanes::kMaskedBlocks) {
    for (; c < channels; c += Lanes::kCount) {
      const typename Lanes::Mask mask = Lanes::mask(channels - c);
      run_strip<Lanes, kKernel, kStride, kPixels, kLeft, kRight>(
          block, c, [mask](const float* from) { return Lanes::load(from, mask); },
          [mask](float* to, typename Lanes::Float value) { Lanes::store(to, value, mask); });
    }
    return;
  }
  for (; c + Lanes::kCount <= channels; c += Lanes::kCount) {
    run_strip<Lanes, kKernel, kStride, kPixels, kLeft, kRight>(
        block, c, [](const float* from) { return Lanes::load(from); },
        [](float* to, typename Lanes::Float value) { Lanes::store(to, value); });
  }
  for (int32_t p = 0; p < kPixels && c < channels; ++p) run_pixel<Lanes>(g, row, x + p, c);
}

/// Columns that the last output's kernel misses: all the padding, or one less where an even stride
/// leaves a column over.
inline int32_t missing_right(const ConvGeometry& g) {
  return (g.out_width - 1) * g.stride - g.pad + g.kernel - g.in_width;
}

/// Runs the block at x if its missing columns are none or those of the first or last output.
template <class Lanes, int kKernel, int kStride, int kPixels>
bool try_block(const ConvGeometry& g, const RowF32& row, int32_t x) {
  constexpr int kPad = kKernel / 2;
  constexpr int kLess = kStride == 2 && kPad > 0 ? kPad - 1 : kPad;
  const int32_t end = x + kPixels;
  if (x < 0 || end > g.out_width) return false;
  const bool first = x == 0, last = end == g.out_width;
  if (!first && x * kStride < kPad) return false;
  if (!last && (end - 1) * kStride - kPad + kKernel > g.in_width) return false;
  const int32_t right = last ? missing_right(g) : 0;
  using Block = void (*)(const ConvGeometry&, const RowF32&, int32_t);
  Block block = nullptr;
  if (right == 0) {
    block = first ? Block(run_block<Lanes, kKernel, kStride, kPixels, kPad, 0>)
                  : Block(run_block<Lanes, kKernel, kStride, kPixels, 0, 0>);
  } else if (right == kPad) {
    block = first ? Block(run_block<Lanes, kKernel, kStride, kPixels, kPad, kPad>)
                  : Block(run_block<Lanes, kKernel, kStride, kPixels, 0, kPad>);
  } else if (right == kLess) {
    block = first ? Block(run_block<Lanes, kKernel, kStride, kPixels, kPad, kLess>)
                  : Block(run_block<Lanes, kKernel, kStride, kPixels, 0, kLess>);
  }
  if (!block) return false;
  block(g, row, x);
  return true;
}

/// Blocks may overlap at the end of the row: an output computed twice has the same bits.
template <class Lanes, int kKernel, int kStride>
void run_row(const ConvGeometry& g, const RowF32& row) {
  int32_t x = 0;
  while (x < g.out_width) {
    if (try_block<Lanes, kKernel, kStride, 7>(g, row, x)) {
      x += 7;
    } else if (try_block<Lanes, kKernel, kStride, 4>(g, row, x)) {
      x += 4;
    } else if (g.out_width - x < 4 &&
               try_block<Lanes, kKernel, kStride, 4>(g, row, g.out_width - 4)) {
      return;
    } else {
      for (int32_t c = 0; c < g.out_channels; c += Lanes::kCount) run_pixel<Lanes>(g, row, x, c);
      ++x;
    }
  }
}

template <class Lanes, int kStride>
void run_row_of_kernel(const ConvGeometry& g, const RowF32& row) {
  switch (g.kernel) {
    case 1:
      return run_row<Lanes, 1, kStride>(g, row);
    case 3:
      return run_row<Lanes, 3, kStride>(g, row);
    case 5:
      return run_row<Lanes, 5, kStride>(g, row);
    default:
      return run_row<Lanes, 7, kStride>(g, row);
  }
}

/// `add_residual(row, values, residual)` adds to a finished row.
template <class Lanes, class AddResidual>
void run_depthwise_f32(const ConvArgsF32& args, const AddResidual& add_residual) {
  const ConvGeometry& g = args.geometry;
  RowF32 row;
  row.input = args.input;
  row.bias = static_cast<const float*>(args.packed);
  row.weight_stride = padded_channels(g);
  row.weights = row.bias + row.weight_stride;
  row.activation = args.activation;
  const int64_t row_values = int64_t{g.out_width} * g.out_channels;
  for (int32_t y = args.rows.begin; y < args.rows.end; ++y) {
    const int64_t first_value = (y - args.rows.output_row) * row_values;
    const int32_t top = y * g.stride - g.pad;
    row.output = args.output + first_value;
    row.ky_begin = top < 0 ? -top : 0;
    row.ky_end = top + g.kernel > g.in_height ? g.in_height - top : g.kernel;
    row.first_y = top - args.rows.input_row;
    if (g.stride == 1) {
      run_row_of_kernel<Lanes, 1>(g, row);
    } else {
      run_row_of_kernel<Lanes, 2>(g, row);
    }
    if (args.residual) add_residual(row.output, row_values, args.residual + first_value);
  }
}

}  // namespace
}  // namespace edgefront
