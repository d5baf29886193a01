// int8 depthwise convolution with 3x3 kernels, 64 channels at a time and without scratch: one
// column of three rows is interleaved in registers ([channel][tap], the fourth tap's weights are
// zero) right before the outputs that meet it. The unpacks leave vector v with channels 16·i + 4·v
// … of a block in 128-bit lane i, and the packs that end in bytes put them back in order, so that
// only weights, bias and multipliers have to be brought into that order, once per call. Where 32
// or 16 channels are left, a block is these channels of two or four output rows, by lanes. Compiled
// into one file: everything has internal linkage.
#pragma once

#include <stdint.h>

#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/avx512/pack_bytes.h"
#include "runtime/kernels/layouts/depthwise_layout.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// Four vectors are the channels of a block, in the order above.
struct Block3x3 {
  __m512i taps[3][4];  ///< [kx]
  __m512i bias[4];
  __m512 multipliers[4];
  int32_t channel;  ///< first
  int32_t rows;     ///< 1, 2 or 4
  __mmask64 mask;   ///< channels, of 64/rows
  bool masked;
};

/// Blocks that are prepared together; rows of the input are read through all of them.
constexpr int32_t kBlocks3x3 = 4;

/// Output rows that are computed together: the most of a block.
constexpr int32_t kRows3x3 = 4;

EDGEFRONT_INLINE __m128i load_lane(const int8_t* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

/// 16 bytes for each lane: load(c) of its first channel c.
template <class Load>
EDGEFRONT_INLINE __m512i gather_lanes(const int32_t channels[4], const Load& load) {
  __m512i all = _mm512_castsi128_si512(load(channels[0]));
  all = _mm512_inserti32x4(all, load(channels[1]), 1);
  all = _mm512_inserti32x4(all, load(channels[2]), 2);
  return _mm512_inserti32x4(all, load(channels[3]), 3);
}

/// `channel` is a multiple of four.
inline void prepare_block(const ConvArgsS8& args, int32_t channel, int32_t rows, Block3x3* block) {
  const ConvGeometry& g = args.geometry;
  const int32_t channels = g.out_channels, padded = static_cast<int32_t>(padded_channels(g));
  const int32_t size = 64 / rows;
  const int8_t* bias = static_cast<const int8_t*>(args.packed);
  const int8_t* weights = bias + 4 * int64_t{padded};
  const int64_t panel_bytes = 2 * depthwise_panel_row_bytes(g, kQuadTaps);
  block->channel = channel;
  block->rows = rows;
  block->mask = mask64(channels - channel);
  block->masked = channels - channel < size;
  EDGEFRONT_UNROLL
  for (int v = 0; v < 4; ++v) {
    int32_t lanes[4];
    EDGEFRONT_UNROLL
    for (int i = 0; i < 4; ++i) lanes[i] = channel + 4 * v + (16 * i & (size - 1));
    block->multipliers[v] = _mm512_castsi512_ps(gather_lanes(lanes, [&](int32_t c) {
      const __mmask8 four = static_cast<__mmask8>(mask64(c < channels ? channels - c : 0));
      return _mm_maskz_loadu_epi32(four, args.requantize.multipliers + c);
    }));
    block->bias[v] = gather_lanes(lanes, [&](int32_t c) {
      return c < padded ? load_lane(bias + 4 * int64_t{c}) : _mm_setzero_si128();
    });
    EDGEFRONT_UNROLL
    for (int kx = 0; kx < 3; ++kx) {
      block->taps[kx][v] = gather_lanes(lanes, [&](int32_t c) {
        const int64_t from =
            c / kPanelChannels * panel_bytes + 4 * (kPanelChannels * kx + c % kPanelChannels);
        return c < padded ? load_lane(weights + from) : _mm_setzero_si128();
      });
    }
  }
}

/// Vectors of 64/kRows bytes of each of kRows rows.
template <int kRows>
struct RowBytes3x3;

template <>
struct RowBytes3x3<1> {
  static EDGEFRONT_INLINE __m512i load(const int8_t* const from[1]) {
    return _mm512_loadu_si512(from[0]);
  }
  static EDGEFRONT_INLINE __m512i load(const int8_t* const from[1], __mmask64 mask) {
    return _mm512_maskz_loadu_epi8(mask, from[0]);
  }
  static EDGEFRONT_INLINE void store(int8_t* const to[1], __m512i x) {
    _mm512_storeu_si512(to[0], x);
  }
  static EDGEFRONT_INLINE void store(int8_t* const to[1], __m512i x, __mmask64 mask) {
    _mm512_mask_storeu_epi8(to[0], mask, x);
  }
};

template <>
struct RowBytes3x3<2> {
  static EDGEFRONT_INLINE __m512i load(const int8_t* const from[2]) {
    return combine(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from[0])),
                   _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from[1])));
  }
  static EDGEFRONT_INLINE __m512i load(const int8_t* const from[2], __mmask64 mask) {
    const __mmask32 m = static_cast<__mmask32>(mask);
    return combine(_mm256_maskz_loadu_epi8(m, from[0]), _mm256_maskz_loadu_epi8(m, from[1]));
  }
  static EDGEFRONT_INLINE void store(int8_t* const to[2], __m512i x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to[0]), _mm512_castsi512_si256(x));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to[1]), _mm512_extracti64x4_epi64(x, 1));
  }
  static EDGEFRONT_INLINE void store(int8_t* const to[2], __m512i x, __mmask64 mask) {
    const __mmask32 m = static_cast<__mmask32>(mask);
    _mm256_mask_storeu_epi8(to[0], m, _mm512_castsi512_si256(x));
    _mm256_mask_storeu_epi8(to[1], m, _mm512_extracti64x4_epi64(x, 1));
  }
  static EDGEFRONT_INLINE __m512i combine(__m256i low, __m256i high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
};

template <>
struct RowBytes3x3<4> {
  static EDGEFRONT_INLINE __m512i load(const int8_t* const from[4]) {
    __m128i x[4];
    EDGEFRONT_UNROLL
    for (int i = 0; i < 4; ++i) x[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from[i]));
    return combine(x);
  }
  static EDGEFRONT_INLINE __m512i load(const int8_t* const from[4], __mmask64 mask) {
    __m128i x[4];
    EDGEFRONT_UNROLL
    for (int i = 0; i < 4; ++i) {
      x[i] = _mm_maskz_loadu_epi8(static_cast<__mmask16>(mask), from[i]);
    }
    return combine(x);
  }
  static EDGEFRONT_INLINE void store(int8_t* const to[4], __m512i x) {
    store(to, x, static_cast<__mmask64>(0xffff));
  }
  static EDGEFRONT_INLINE void store(int8_t* const to[4], __m512i x, __mmask64 mask) {
    const __mmask16 m = static_cast<__mmask16>(mask);
    store16(to[0], _mm512_castsi512_si128(x), m);
    store16(to[1], _mm512_extracti32x4_epi32(x, 1), m);
    store16(to[2], _mm512_extracti32x4_epi32(x, 2), m);
    store16(to[3], _mm512_extracti32x4_epi32(x, 3), m);
  }
  static EDGEFRONT_INLINE __m512i combine(const __m128i x[4]) {
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(x[0]), x[1], 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(x[2]), x[3], 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
};

/// The three rows of the input under each output row, from a block's first channel on. In a row
/// outside of the image every column is the same zero points: `keep` masks offsets.
template <int kRows>
struct Rows3x3 {
  const int8_t* input[3][kRows];
  int64_t keep[3][kRows];
  int8_t* output[kRows];
};

struct Column3x3 {
  __m512i v[4];
};

template <int kRows, bool kMasked>
EDGEFRONT_INLINE Column3x3 load_column(const Rows3x3<kRows>& rows, int64_t offset, __mmask64 mask) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
  __m512i r[3];
  EDGEFRONT_UNROLL
  for (int t = 0; t < 3; ++t) {
    const int8_t* from[kRows];
    EDGEFRONT_UNROLL
    for (int i = 0; i < kRows; ++i) from[i] = rows.input[t][i] + (offset & rows.keep[t][i]);
    r[t] = kMasked ? RowBytes3x3<kRows>::load(from, mask) : RowBytes3x3<kRows>::load(from);
    r[t] = _mm512_xor_si512(r[t], flip);
  }
  const __m512i low01 = _mm512_unpacklo_epi8(r[0], r[1]);
  const __m512i high01 = _mm512_unpackhi_epi8(r[0], r[1]);
  const __m512i low2 = _mm512_unpacklo_epi8(r[2], r[2]);
  const __m512i high2 = _mm512_unpackhi_epi8(r[2], r[2]);
  return {{_mm512_unpacklo_epi16(low01, low2), _mm512_unpackhi_epi16(low01, low2),
           _mm512_unpacklo_epi16(high01, high2), _mm512_unpackhi_epi16(high01, high2)}};
}

/// kRows output rows of one block.
template <int kStride, int kRows, bool kMasked>
__attribute__((noinline)) void run_rows_3x3(const ConvGeometry& g, const Rows3x3<kRows>& from,
                                            const Block3x3& block, const PackBytes512& pack,
                                            int32_t input_zero_point) {
  // Copies: the compiler takes every vector store for one to any memory.
  const Rows3x3<kRows> rows = from;
  const PackBytes512 bytes = pack;
  const __m512i padding = _mm512_set1_epi8(static_cast<char>(input_zero_point ^ 0x80));
  const Column3x3 outside = {{padding, padding, padding, padding}};
  const __mmask64 mask = block.mask;
  const int32_t in_width = g.in_width, out_width = g.out_width;
  const int64_t channels = g.out_channels, row_values = out_width * channels;
  // Masked stores of bytes are slow: where the row goes on and has one block, what lies beyond the
  // channels is written too, and then overwritten by the next pixels.
  const int64_t whole = !kMasked                 ? row_values
                        : channels <= 64 / kRows ? row_values - 64 / kRows + 1
                                                 : 0;
  __m512i w[3][4];
  EDGEFRONT_UNROLL
  for (int i = 0; i < 12; ++i) w[i / 4][i % 4] = block.taps[i / 4][i % 4];
  const auto column = [&](int32_t x) __attribute__((always_inline)) {
    return x < in_width ? load_column<kRows, kMasked>(rows, x * channels, mask) : outside;
  };
  Column3x3 left = outside;
  Column3x3 middle = column(0);
  int64_t offset = 0;
  for (int32_t x = 0; x < out_width; ++x, offset += channels) {
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
    int8_t* out[kRows];
    EDGEFRONT_UNROLL
    for (int i = 0; i < kRows; ++i) out[i] = rows.output[i] + offset;
    if (!kMasked || offset < whole) {
      RowBytes3x3<kRows>::store(out, result);
    } else {
      RowBytes3x3<kRows>::store(out, result, mask);
    }
    left = kStride == 1 ? middle : right;
    middle = kStride == 1 ? right : column(x * kStride + 2);
  }
}

/// One block of the output rows begin … end − 1; the last ones may be computed twice.
template <int kStride, int kRows>
void run_block_3x3(const ConvArgsS8& args, const Block3x3& block, const PackBytes512& bytes,
                   const int8_t* zero_points, int32_t begin, int32_t end) {
  const ConvGeometry& g = args.geometry;
  const int64_t channels = g.out_channels;
  for (int32_t first = begin; first < end; first += kRows) {
    Rows3x3<kRows> rows;
    for (int i = 0; i < kRows; ++i) {
      const int32_t y = first + i < end ? first + i : end - 1;
      rows.output[i] =
          args.output + (y - args.rows.output_row) * g.out_width * channels + block.channel;
      for (int t = 0; t < 3; ++t) {
        const int32_t from = y * kStride - 1 + t;
        const bool inside = from >= 0 && from < g.in_height;
        const int64_t row = from - args.rows.input_row;
        rows.input[t][i] =
            inside ? args.input + row * g.in_width * channels + block.channel : zero_points;
        rows.keep[t][i] = inside ? -1 : 0;
      }
    }
    if (block.masked) {
      run_rows_3x3<kStride, kRows, true>(g, rows, block, bytes, args.input_zero_point);
    } else {
      run_rows_3x3<kStride, kRows, false>(g, rows, block, bytes, args.input_zero_point);
    }
  }
}

/// Some blocks of all rows. Rows that the last block completes are finished at once.
template <int kStride>
void run_blocks_3x3(const ConvArgsS8& args, const Block3x3* blocks, int32_t count) {
  const ConvGeometry& g = args.geometry;
  const Block3x3& end_block = blocks[count - 1];
  const bool completes = end_block.channel + 64 / end_block.rows >= g.out_channels;
  const int64_t row_values = int64_t{g.out_width} * g.out_channels;
  const PackBytes512 bytes(args.requantize.zero_point, args.requantize.qmin, args.requantize.qmax);
  int8_t zero_points[64];
  _mm512_storeu_si512(zero_points, _mm512_set1_epi8(static_cast<char>(args.input_zero_point)));
  for (int32_t y = args.rows.begin; y < args.rows.end; y += kRows3x3) {
    const int32_t end = y + kRows3x3 < args.rows.end ? y + kRows3x3 : args.rows.end;
    for (int32_t i = 0; i < count; ++i) {
      if (blocks[i].rows == 1) {
        run_block_3x3<kStride, 1>(args, blocks[i], bytes, zero_points, y, end);
      } else if (blocks[i].rows == 2) {
        run_block_3x3<kStride, 2>(args, blocks[i], bytes, zero_points, y, end);
      } else {
        run_block_3x3<kStride, 4>(args, blocks[i], bytes, zero_points, y, end);
      }
    }
    if (!completes) continue;
    const int64_t first = (y - args.rows.output_row) * row_values;
    finish_span_s8(args.output + first, first, (end - y) * row_values, &args.requantize);
  }
}

template <int kStride>
void run_depthwise_3x3(const ConvArgsS8& args) {
  const ConvGeometry& g = args.geometry;
  const int32_t channels = g.out_channels;
  Block3x3 blocks[kBlocks3x3];
  int32_t count = 0;
  for (int32_t c = 0; c < channels; c += 64) {
    const int32_t rows = channels - c > 32 ? 1 : channels - c > 16 ? 2 : 4;
    const int32_t size = 64 / rows;
    // The last block may overlap the one before: an output computed twice has the same bits.
    const bool overlap = c > 0 && channels - c < size && channels % 4 == 0;
    prepare_block(args, overlap ? channels - size : c, rows, &blocks[count++]);
    if (count < kBlocks3x3 && c + 64 < channels) continue;
    run_blocks_3x3<kStride>(args, blocks, count);
    count = 0;
  }
}

}  // namespace
}  // namespace edgefront
