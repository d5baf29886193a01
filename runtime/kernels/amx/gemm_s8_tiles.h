// int8 matrix kernel on tile registers: two tiles of 16 pixels times two panels of 16 channels,
// four tiles of sums, a block of at most 64 inputs per step. `Tiles` are the operations on the
// registers; registers are template arguments, T stands for one of 0 to 7:
//   configure(config)      shapes of all tiles (LDTILECFG); their contents are lost
//   load<T>(from, stride)  one row every `stride` bytes, with stride 0 the same row for all
//   store<T>(to, stride)
//   dot<C, A, B>()         C[m][n] += Σ_k Σ_i A[m][4k + i]·B[k][4n + i], bytes signed (TDPBSSD)
//   release()              gives the registers back to the system
// The processor's stand in gemm_s8.cpp; tests compile this file with an emulation too.
// Everything has internal linkage.
#pragma once

#include <stdint.h>
#include <string.h>

#include "runtime/kernels/amx/tile_config.h"
#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/layouts/amx_layout.h"
#include "runtime/kernels/requantize.h"

namespace edgefront {
namespace {

constexpr int32_t kTileRows = 16;    ///< pixels of one tile
constexpr int32_t kTileBytes = 64;   ///< of one row
constexpr int64_t kPixelBlock = 64;  ///< pixels that pass over the weights of one pair of panels
constexpr int64_t kPixelsAtOnce = 2 * kTileRows;

/// What a pair of panels and all pixels have in common.
struct Panels {
  int32_t channel;  ///< the first one
  int32_t count;    ///< 1 or 2
  const int32_t* bias;
  const int8_t* weights;
  int64_t panel_bytes;
};

/// At most 32 pixels: where their two tiles of inputs are read, block after block.
struct Pixels {
  int64_t first;
  int32_t rows[2];  ///< pixels of each tile; rows[1] may be 0
  bool at_end;      ///< the last block reaches beyond the inputs of the call
};

/// Tiles 2·p + v are sums of pixel tile p and panel v, 4 + p inputs, 6 + v weights.
template <class Tiles>
void configure(const int32_t rows[2], int32_t block) {
  TileConfig config;
  memset(&config, 0, sizeof config);
  config.palette = 1;
  for (int p = 0; p < 2; ++p) {
    if (rows[p] == 0) continue;
    for (int v = 0; v < 2; ++v) {
      config.rows[2 * p + v] = static_cast<uint8_t>(rows[p]);
      config.column_bytes[2 * p + v] = kTileBytes;
    }
    config.rows[4 + p] = static_cast<uint8_t>(rows[p]);
    config.column_bytes[4 + p] = static_cast<uint16_t>(block);
  }
  for (int v = 0; v < 2; ++v) {
    config.rows[6 + v] = static_cast<uint8_t>(block / 4);
    config.column_bytes[6 + v] = kTileBytes;
  }
  Tiles::configure(&config);
}

/// Copies of the last block's inputs, where a tile would read beyond the end of the tensor; what
/// is beyond meets zero weights.
struct EdgeBlock {
  alignas(64) int8_t bytes[kPixelsAtOnce * kTileBytes];
};

void copy_edge(const GemmArgsS8& args, const Pixels& pixels, int32_t from, EdgeBlock* edge) {
  const int32_t count = pixels.rows[0] + pixels.rows[1];
  memset(edge->bytes, 0, sizeof edge->bytes);
  for (int32_t p = 0; p < count; ++p) {
    const int8_t* pixel = args.input + (pixels.first + p) * args.input_stride;
    memcpy(edge->bytes + p * kTileBytes, pixel + from, static_cast<size_t>(args.depth - from));
  }
}

/// Adds one block of inputs to all sums.
template <class Tiles, int kPixelTiles, int kPanels>
void add_block(const int8_t* input, int64_t stride, const int8_t* weights, int64_t panel_bytes) {
  Tiles::template load<6>(weights, kTileBytes);
  if constexpr (kPanels == 2) Tiles::template load<7>(weights + panel_bytes, kTileBytes);
  Tiles::template load<4>(input, stride);
  Tiles::template dot<0, 4, 6>();
  if constexpr (kPanels == 2) Tiles::template dot<1, 4, 7>();
  if constexpr (kPixelTiles == 2) {
    Tiles::template load<5>(input + kTileRows * stride, stride);
    Tiles::template dot<2, 5, 6>();
    if constexpr (kPanels == 2) Tiles::template dot<3, 5, 7>();
  }
}

/// Sums of `kPixelTiles` · 16 pixels and `kPanels` · 16 channels; a row of `sums` is a pixel.
template <class Tiles, int kPixelTiles, int kPanels>
void add_products(const GemmArgsS8& args, const Panels& panels, const Pixels& pixels,
                  int32_t* sums) {
  Tiles::template load<0>(panels.bias, 0);
  if constexpr (kPanels == 2) Tiles::template load<1>(panels.bias + kPanelChannels, 0);
  if constexpr (kPixelTiles == 2) {
    Tiles::template load<2>(panels.bias, 0);
    if constexpr (kPanels == 2) Tiles::template load<3>(panels.bias + kPanelChannels, 0);
  }
  const AmxDepth depth = amx_depth(args.depth);
  const int32_t plain = depth.blocks - (pixels.at_end ? 1 : 0);
  const int8_t* input = args.input + pixels.first * args.input_stride;
  const int8_t* weights = panels.weights;
  for (int32_t b = 0; b < plain; ++b) {
    add_block<Tiles, kPixelTiles, kPanels>(input, args.input_stride, weights, panels.panel_bytes);
    input += depth.block;
    weights += int64_t{depth.block} * kPanelChannels;
  }
  if (pixels.at_end) {
    EdgeBlock edge;
    copy_edge(args, pixels, plain * depth.block, &edge);
    add_block<Tiles, kPixelTiles, kPanels>(edge.bytes, kTileBytes, weights, panels.panel_bytes);
  }
  constexpr int64_t row = 2 * kPanelChannels;
  constexpr int64_t row_bytes = row * 4;
  Tiles::template store<0>(sums, row_bytes);
  if constexpr (kPanels == 2) Tiles::template store<1>(sums + kPanelChannels, row_bytes);
  if constexpr (kPixelTiles == 2) {
    Tiles::template store<2>(sums + kTileRows * row, row_bytes);
    if constexpr (kPanels == 2) {
      Tiles::template store<3>(sums + kTileRows * row + kPanelChannels, row_bytes);
    }
  }
}

/// Sums to clamped bytes.
void store_pixels(const GemmArgsS8& args, const Panels& panels, const Pixels& pixels,
                  const Clamp512& clamp, const int32_t* sums) {
  for (int32_t v = 0; v < panels.count; ++v) {
    const int32_t channel = panels.channel + v * kPanelChannels;
    const __mmask16 mask = mask16(args.channels - channel);
    const __m512 multiplier = _mm512_maskz_loadu_ps(mask, args.requantize->multipliers + channel);
    int8_t* output = args.output + pixels.first * args.channels + channel;
    const int32_t* from = sums + v * kPanelChannels;
    for (int32_t p = 0; p < pixels.rows[0] + pixels.rows[1]; ++p) {
      const __m512 sum = _mm512_cvtepi32_ps(_mm512_load_si512(from));
      store16(output, requantize16(_mm512_mul_ps(sum, multiplier), &clamp), mask);
      from += 2 * kPanelChannels;
      output += args.channels;
    }
  }
}

template <class Tiles>
void run_tiles(const GemmArgsS8& args, const Panels& panels, const Pixels& pixels,
               const Clamp512& clamp) {
  alignas(64) int32_t sums[kPixelsAtOnce * 2 * kPanelChannels];
  if (pixels.rows[1] == 0) {
    if (panels.count == 1) {
      add_products<Tiles, 1, 1>(args, panels, pixels, sums);
    } else {
      add_products<Tiles, 1, 2>(args, panels, pixels, sums);
    }
  } else if (panels.count == 1) {
    add_products<Tiles, 2, 1>(args, panels, pixels, sums);
  } else {
    add_products<Tiles, 2, 2>(args, panels, pixels, sums);
  }
  store_pixels(args, panels, pixels, clamp, sums);
}

/// All channels of the pixels [first, end): pairs of tiles of rows[0] and rows[1] pixels, as
/// configured.
template <class Tiles>
void run_pixels(const GemmArgsS8& args, const Clamp512& clamp, int64_t first, int64_t end,
                const int32_t rows[2]) {
  const AmxDepth depth = amx_depth(args.depth);
  const int64_t padded = int64_t{depth.blocks} * depth.block;
  const int64_t input_end = (args.pixels - 1) * args.input_stride + args.depth;
  const int32_t panels = (args.channels + kPanelChannels - 1) / kPanelChannels;
  const int32_t* bias = static_cast<const int32_t*>(args.packed);
  const int8_t* weights = reinterpret_cast<const int8_t*>(bias + panels * kPanelChannels);
  for (int32_t panel = 0; panel < panels; panel += 2) {
    Panels pair;
    pair.channel = panel * kPanelChannels;
    pair.count = panels - panel < 2 ? 1 : 2;
    pair.bias = bias + pair.channel;
    pair.panel_bytes = padded * kPanelChannels;
    pair.weights = weights + panel * pair.panel_bytes;
    for (int64_t p = first; p < end; p += rows[0] + rows[1]) {
      const int64_t last = p + rows[0] + rows[1] - 1;
      const bool at_end = last * args.input_stride + padded > input_end;
      run_tiles<Tiles>(args, pair, {p, {rows[0], rows[1]}, at_end}, clamp);
    }
  }
  const int64_t element = first * args.channels;
  finish_span_s8(args.output + element, args.first_element + element, (end - first) * args.channels,
                 args.requantize);
}

/// Whole pairs of tiles under one configuration, then what is left under one of its own.
template <class Tiles>
void run_gemm_s8(const GemmArgsS8& args) {
  const RequantizeS8* r = args.requantize;
  const Clamp512 clamp = make_clamp512(r->zero_point, r->qmin, r->qmax);
  const int32_t block = amx_depth(args.depth).block;
  const int64_t whole = args.pixels / kPixelsAtOnce * kPixelsAtOnce;
  if (whole > 0) {
    const int32_t rows[2] = {kTileRows, kTileRows};
    configure<Tiles>(rows, block);
    for (int64_t first = 0; first < whole; first += kPixelBlock) {
      const int64_t end = first + kPixelBlock < whole ? first + kPixelBlock : whole;
      run_pixels<Tiles>(args, clamp, first, end, rows);
    }
  }
  const int32_t rest = static_cast<int32_t>(args.pixels - whole);
  if (rest > 0) {
    const int32_t rows[2] = {rest < kTileRows ? rest : kTileRows,
                             rest < kTileRows ? 0 : rest - kTileRows};
    // Sixteen pixels left fill the first tile as it is configured already.
    if (whole == 0 || rest != kTileRows) configure<Tiles>(rows, block);
    run_pixels<Tiles>(args, clamp, whole, args.pixels, rows);
  }
  Tiles::release();
}

}  // namespace
}  // namespace edgefront
