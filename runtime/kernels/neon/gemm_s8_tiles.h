// int8 matrix kernel of the ARM sets: a register tile of pixels × 16 channels (one panel) or 8
// (half of one). `Dot` is how a set multiplies:
//   kPixels, kHalves  the largest tile
//   kHalfBytes        from the weights of a panel's first half to those of the second
//   kBlock            inputs per step of the main loop, a multiple of 4
//   Inputs            kBlock inputs of one pixel
//   load(p), quad(q)  of a whole block, or of one quad in the first place
//   multiply<kQuad, kPixels, kHalves>(weights, inputs, acc)
//                     adds the products of the kQuad-th four inputs of every pixel to all channels
// Compiled into each set's own file: everything has internal linkage.
#pragma once

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "runtime/kernels/layouts/gemm_layout.h"
#include "runtime/kernels/neon/epilogue.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

constexpr int64_t kPixelBlock = 48;  ///< pixels that pass over the weights of one panel
constexpr int32_t kHalfChannels = 8;
constexpr int64_t kQuadBytes = 4 * kPanelChannels;  ///< weights of one panel for four inputs

struct Tile {
  const int8_t* input;
  int64_t input_stride;
  int32_t depth;
  const int8_t* weights;
  const int32_t* bias;
  const float* multipliers;
  int8_t* output;
  int64_t output_stride;
  int32_t channels;  ///< of this tile
  Clamp clamp;
};

/// The inputs of each pixel beyond the last whole quad, with zeros behind. Done before accumulators
/// are live: a call to memcpy would spill them.
template <int kPixels>
EDGEFRONT_INLINE void load_rests(const Tile& t, int32_t rests[kPixels]) {
  const int32_t whole = t.depth / 4 * 4;
  for (int p = 0; p < kPixels; ++p) {
    rests[p] = 0;
    memcpy(&rests[p], t.input + p * t.input_stride + whole, static_cast<size_t>(t.depth - whole));
  }
}

template <class Dot, int kPixels, int kHalves>
EDGEFRONT_INLINE void multiply_block(const Tile& t, int32_t k, const int8_t* weights,
                                     int32x4_t (*acc)[2 * kHalves]) {
  typename Dot::Inputs inputs[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) inputs[p] = Dot::load(t.input + p * t.input_stride + k);
  Dot::template multiply<0, kPixels, kHalves>(weights, inputs, acc);
  Dot::template multiply<1, kPixels, kHalves>(weights + kQuadBytes, inputs, acc);
  if constexpr (Dot::kBlock == 16) {
    Dot::template multiply<2, kPixels, kHalves>(weights + 2 * kQuadBytes, inputs, acc);
    Dot::template multiply<3, kPixels, kHalves>(weights + 3 * kQuadBytes, inputs, acc);
  }
}

template <class Dot, int kPixels, int kHalves>
EDGEFRONT_INLINE void multiply_quads(const int32_t quads[kPixels], const int8_t* weights,
                                     int32x4_t (*acc)[2 * kHalves]) {
  typename Dot::Inputs inputs[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) inputs[p] = Dot::quad(quads[p]);
  Dot::template multiply<0, kPixels, kHalves>(weights, inputs, acc);
}

template <int kPixels, int kHalves>
EDGEFRONT_INLINE void store_tile(const Tile& t, int32x4_t (*acc)[2 * kHalves]) {
  float32x4_t multipliers[2 * kHalves];
  load_some_f32<2 * kHalves>(t.multipliers, t.channels, multipliers);
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    EDGEFRONT_UNROLL
    for (int h = 0; h < kHalves; ++h) {
      const int8x8_t bytes =
          requantize8(scale4(acc[p][2 * h], multipliers[2 * h]),
                      scale4(acc[p][2 * h + 1], multipliers[2 * h + 1]), t.clamp);
      store_some8(t.output + p * t.output_stride + h * kHalfChannels, bytes,
                  t.channels - h * kHalfChannels);
    }
  }
}

template <class Dot, int kPixels, int kHalves>
void run_tile(const Tile& t) {
  int32_t rests[kPixels];
  if (t.depth % 4 != 0) load_rests<kPixels>(t, rests);
  int32x4_t acc[kPixels][2 * kHalves];
  EDGEFRONT_UNROLL
  for (int v = 0; v < 2 * kHalves; ++v) {
    const int32x4_t bias = vld1q_s32(t.bias + 4 * v);
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) acc[p][v] = bias;
  }
  const int8_t* weights = t.weights;
  int32_t k = 0;
  for (; k + Dot::kBlock <= t.depth; k += Dot::kBlock, weights += Dot::kBlock * kPanelChannels) {
    multiply_block<Dot, kPixels, kHalves>(t, k, weights, acc);
  }
  for (; k + 4 <= t.depth; k += 4, weights += kQuadBytes) {
    int32_t quads[kPixels];
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) memcpy(&quads[p], t.input + p * t.input_stride + k, 4);
    multiply_quads<Dot, kPixels, kHalves>(quads, weights, acc);
  }
  if (k < t.depth) multiply_quads<Dot, kPixels, kHalves>(rests, weights, acc);
  store_tile<kPixels, kHalves>(t, acc);
}

template <class Dot, int kPixels, int kHalves>
void run_tiles(Tile* t, int64_t* pixels) {
  for (; *pixels >= kPixels; *pixels -= kPixels) {
    run_tile<Dot, kPixels, kHalves>(*t);
    t->input += kPixels * t->input_stride;
    t->output += kPixels * t->output_stride;
  }
}

template <class Dot, int kHalves>
void run_columns(Tile t, int64_t pixels) {
  if constexpr (Dot::kPixels > 4) run_tiles<Dot, Dot::kPixels, kHalves>(&t, &pixels);
  run_tiles<Dot, 4, kHalves>(&t, &pixels);
  run_tiles<Dot, 2, kHalves>(&t, &pixels);
  run_tiles<Dot, 1, kHalves>(&t, &pixels);
}

/// One panel: whole, or half by half; a second half without channels is left out.
template <class Dot>
void run_panel(Tile t, int64_t pixels) {
  if (Dot::kHalves == 2 && t.channels > kHalfChannels) return run_columns<Dot, 2>(t, pixels);
  const int32_t channels = t.channels;
  for (int32_t c = 0; c < channels; c += kHalfChannels) {
    t.channels = channels - c < kHalfChannels ? channels - c : kHalfChannels;
    run_columns<Dot, 1>(t, pixels);
    t.weights += Dot::kHalfBytes;
    t.bias += kHalfChannels;
    t.multipliers += kHalfChannels;
    t.output += kHalfChannels;
  }
}

template <class Dot>
void run_block(const GemmArgsS8& args, const Clamp& clamp, int64_t first, int64_t pixels) {
  const int32_t panels = (args.channels + kPanelChannels - 1) / kPanelChannels;
  const int64_t panel_bytes = round_up_to(args.depth, 4) * kPanelChannels;
  const int32_t* bias = static_cast<const int32_t*>(args.packed);
  const int8_t* weights = reinterpret_cast<const int8_t*>(bias + panels * kPanelChannels);
  for (int32_t panel = 0; panel < panels; ++panel) {
    const int32_t channel = panel * kPanelChannels;
    const int32_t rest = args.channels - channel;
    Tile t;
    t.input = args.input + first * args.input_stride;
    t.input_stride = args.input_stride;
    t.depth = args.depth;
    t.weights = weights + panel * panel_bytes;
    t.bias = bias + channel;
    t.multipliers = args.requantize->multipliers + channel;
    t.output = args.output + first * args.channels + channel;
    t.output_stride = args.channels;
    t.channels = rest < kPanelChannels ? rest : kPanelChannels;
    t.clamp = clamp;
    run_panel<Dot>(t, pixels);
  }
}

template <class Dot>
void run_gemm_s8(const GemmArgsS8& args) {
  const RequantizeS8& r = *args.requantize;
  const Clamp clamp = make_clamp(r.zero_point, r.qmin, r.qmax);
  for (int64_t first = 0; first < args.pixels; first += kPixelBlock) {
    const int64_t rest = args.pixels - first;
    const int64_t pixels = rest < kPixelBlock ? rest : kPixelBlock;
    run_block<Dot>(args, clamp, first, pixels);
    const int64_t element = first * args.channels;
    finish_span_s8(args.output + element, args.first_element + element, pixels * args.channels, r);
  }
}

}  // namespace
}  // namespace edgefront
