// int8 depthwise convolution with 3x3 kernels, 64 channels at a time and without scratch: one
// column of three rows is interleaved in registers ([channel][tap], the fourth tap's weights are
// zero) right before the outputs that meet it. The unpacks leave vector v with channels 16·i + 4·v
// … of a block in 128-bit lane i, and the packs that end in bytes put them back in order, so that
// only weights, bias and multipliers have to be brought into that order, once per call. Compiled
// into one file: everything has internal linkage.
#pragma once

#include <stdint.h>

#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/avx512/pack_bytes.h"
#include "runtime/kernels/layouts/depthwise_layout.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// Four vectors are the 64 channels of a block, in the order above.
struct Block3x3 {
  __m512i taps[3][4];  ///< [kx]
  __m512i bias[4];
  __m512 multipliers[4];
  int32_t channel;  ///< first
  __mmask64 mask;   ///< channels
};

/// Blocks that are prepared together; a row of the input is read through all of them.
constexpr int32_t kBlocks3x3 = 4;

/// 16 bytes for each lane: of channels `channel` + 16·lane on, zeros beyond the padded ones.
/// `channel_bytes(c)` is where those of channel c are.
template <class At>
EDGEFRONT_INLINE __m512i gather_lanes(int32_t channel, int32_t padded, const At& at) {
  __m128i lanes[4];
  EDGEFRONT_UNROLL
  for (int i = 0; i < 4; ++i) {
    const int32_t c = channel + 16 * i;
    lanes[i] =
        c < padded ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(at(c))) : _mm_setzero_si128();
  }
  __m512i all = _mm512_castsi128_si512(lanes[0]);
  all = _mm512_inserti32x4(all, lanes[1], 1);
  all = _mm512_inserti32x4(all, lanes[2], 2);
  return _mm512_inserti32x4(all, lanes[3], 3);
}

/// `channel` is a multiple of four.
inline void prepare_block(const ConvArgsS8& args, int32_t channel, Block3x3* block) {
  const ConvGeometry& g = args.geometry;
  const int32_t padded = static_cast<int32_t>(padded_channels(g));
  const int8_t* bias = static_cast<const int8_t*>(args.packed);
  const int8_t* weights = bias + 4 * int64_t{padded};
  const int64_t panel_bytes = 2 * depthwise_panel_row_bytes(g, kQuadTaps);
  block->channel = channel;
  block->mask = mask64(g.out_channels - channel);
  EDGEFRONT_UNROLL
  for (int v = 0; v < 4; ++v) {
    const int32_t first = channel + 4 * v;
    EDGEFRONT_UNROLL
    for (int kx = 0; kx < 3; ++kx) {
      block->taps[kx][v] = gather_lanes(first, padded, [&](int32_t c) {
        return weights + c / kPanelChannels * panel_bytes + 4 * kPanelChannels * kx +
               4 * (c % kPanelChannels);
      });
    }
    block->bias[v] = gather_lanes(first, padded, [&](int32_t c) { return bias + 4 * int64_t{c}; });
    // Multipliers are not padded: the last full four before the end, or fewer.
    float lanes[16];
    for (int i = 0; i < 16; i += 4) {
      const __mmask16 mask =
          mask16(g.out_channels - (first + 4 * i) > 0 ? g.out_channels - (first + 4 * i) : 0);
      const __mmask8 four = static_cast<__mmask8>(mask & 15);
      _mm_storeu_ps(lanes + i,
                    _mm_maskz_loadu_ps(four, args.requantize.multipliers + first + 4 * i));
    }
    block->multipliers[v] = _mm512_loadu_ps(lanes);
  }
}

/// The three rows of the input under an output row, from a block's first channel on; a row outside
/// of the image is zero points again and again (step 0).
struct Rows3x3 {
  const int8_t* data[3];
  int64_t step[3];
};

struct Column3x3 {
  __m512i v[4];
};

template <bool kMasked>
EDGEFRONT_INLINE Column3x3 load_column(const Rows3x3& rows, int32_t x, __mmask64 mask) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
  __m512i r[3];
  EDGEFRONT_UNROLL
  for (int t = 0; t < 3; ++t) {
    const int8_t* from = rows.data[t] + x * rows.step[t];
    r[t] = kMasked ? _mm512_maskz_loadu_epi8(mask, from) : _mm512_loadu_si512(from);
    r[t] = _mm512_xor_si512(r[t], flip);
  }
  const __m512i low01 = _mm512_unpacklo_epi8(r[0], r[1]);
  const __m512i high01 = _mm512_unpackhi_epi8(r[0], r[1]);
  const __m512i low2 = _mm512_unpacklo_epi8(r[2], r[2]);
  const __m512i high2 = _mm512_unpackhi_epi8(r[2], r[2]);
  return {{_mm512_unpacklo_epi16(low01, low2), _mm512_unpackhi_epi16(low01, low2),
           _mm512_unpacklo_epi16(high01, high2), _mm512_unpackhi_epi16(high01, high2)}};
}

/// One output row of one block.
template <int kStride, bool kMasked>
void run_row_3x3(const ConvGeometry& g, const Rows3x3& rows, const Block3x3& block,
                 const PackBytes512& bytes, int32_t input_zero_point, int8_t* out) {
  const __m512i padding = _mm512_set1_epi8(static_cast<char>(input_zero_point ^ 0x80));
  const Column3x3 outside = {{padding, padding, padding, padding}};
  const __mmask64 mask = block.mask;
  const int32_t in_width = g.in_width, out_width = g.out_width;
  const int64_t channels = g.out_channels;
  const int8_t* end = channels < 64 ? out + out_width * channels : out;
  __m512i w[3][4];
  EDGEFRONT_UNROLL
  for (int i = 0; i < 12; ++i) w[i / 4][i % 4] = block.taps[i / 4][i % 4];
  const auto column = [&](int32_t x) {
    return x < in_width ? load_column<kMasked>(rows, x, mask) : outside;
  };
  Column3x3 left = outside;
  Column3x3 middle = column(0);
  for (int32_t x = 0; x < out_width; ++x) {
    const Column3x3 right = column(x * kStride + 1);
    __m512 scaled[4];
    EDGEFRONT_UNROLL
    for (int v = 0; v < 4; ++v) {
      __m512i sum = _mm512_dpbusd_epi32(block.bias[v], left.v[v], w[0][v]);
      sum = _mm512_dpbusd_epi32(sum, middle.v[v], w[1][v]);
      sum = _mm512_dpbusd_epi32(sum, right.v[v], w[2][v]);
      scaled[v] = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), block.multipliers[v]);
    }
    const __m512i result = bytes.pack_lanes(scaled);
    // Masked stores of bytes are slow: where the row goes on and has one block, what lies beyond
    // the channels is written too, and then overwritten by the next pixels.
    if (!kMasked || end - out >= 64) {
      _mm512_storeu_si512(out, result);
    } else {
      _mm512_mask_storeu_epi8(out, mask, result);
    }
    out += channels;
    left = kStride == 1 ? middle : right;
    middle = kStride == 1 ? right : column(x * kStride + 2);
  }
}

template <int kStride>
void run_blocks_3x3(const ConvArgsS8& args, const Block3x3* blocks, int32_t count) {
  const ConvGeometry& g = args.geometry;
  const PackBytes512 bytes(args.requantize.zero_point, args.requantize.qmin, args.requantize.qmax);
  const int64_t channels = g.out_channels;
  int8_t zero_points[64];
  _mm512_storeu_si512(zero_points, _mm512_set1_epi8(static_cast<char>(args.input_zero_point)));
  for (int32_t y = args.rows.begin; y < args.rows.end; ++y) {
    int8_t* out = args.output + (y - args.rows.output_row) * g.out_width * channels;
    for (int32_t i = 0; i < count; ++i) {
      const Block3x3& block = blocks[i];
      Rows3x3 rows;
      for (int t = 0; t < 3; ++t) {
        const int32_t from = y * kStride - 1 + t;
        const bool inside = from >= 0 && from < g.in_height;
        const int64_t row = from - args.rows.input_row;
        rows.data[t] =
            inside ? args.input + row * g.in_width * channels + block.channel : zero_points;
        rows.step[t] = inside ? channels : 0;
      }
      if (block.mask == ~static_cast<__mmask64>(0)) {
        run_row_3x3<kStride, false>(g, rows, block, bytes, args.input_zero_point,
                                    out + block.channel);
      } else {
        run_row_3x3<kStride, true>(g, rows, block, bytes, args.input_zero_point,
                                   out + block.channel);
      }
    }
  }
}

template <int kStride>
void run_depthwise_3x3(const ConvArgsS8& args) {
  const ConvGeometry& g = args.geometry;
  const int32_t channels = g.out_channels;
  Block3x3 blocks[kBlocks3x3];
  int32_t count = 0;
  for (int32_t c = 0; c < channels; c += 64) {
    // The last block may overlap the one before: an output computed twice has the same bits.
    const bool overlap = c > 0 && channels - c < 64 && channels % 4 == 0;
    prepare_block(args, overlap ? channels - 64 : c, &blocks[count++]);
    if (count < kBlocks3x3 && c + 64 < channels) continue;
    run_blocks_3x3<kStride>(args, blocks, count);
    count = 0;
  }
  const int64_t row_values = int64_t{g.out_width} * channels;
  const int64_t first = (args.rows.begin - args.rows.output_row) * row_values;
  finish_span_s8(args.output + first, first, (args.rows.end - args.rows.begin) * row_values,
                 &args.requantize);
}

}  // namespace
}  // namespace edgefront
