// int8 matrix kernel of the AVX-512 sets: a register tile of pixels × panels of 16 channels, four
// inputs per step. `Dot` is how a set multiplies them:
//   Input                      one quad of a pixel, prepared once and used for all panels
//   input(quads)               from the quad of raw int8 in every lane
//   add(sums, input, weights)  adds the four products in each of sixteen lanes
// Compiled into each set's own file: everything has internal linkage.
#pragma once

#include <stdint.h>
#include <string.h>

#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/layouts/gemm_layout.h"
#include "runtime/kernels/requantize.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

constexpr int kMaxPanels = 2;
constexpr int64_t kPixelBlock = 48;  ///< pixels that pass over the weights of one panel group

/// One group of at most two panels.
struct Tile {
  const int8_t* input;
  int64_t input_stride;
  int32_t depth;
  const int8_t* weights;
  int64_t panel_bytes;
  const int32_t* bias;
  const float* multipliers;
  int8_t* output;
  int64_t output_stride;
  __mmask16 last_mask;  ///< channels of the last panel
  Clamp512 clamp;
};

/// Four inputs in every lane: a whole quad, or the rest of a pixel with zeros behind.
EDGEFRONT_INLINE __m512i whole_quad(const int8_t* q) {
  int32_t quad;
  memcpy(&quad, q, sizeof quad);
  return _mm512_set1_epi32(quad);
}

EDGEFRONT_INLINE __m512i part_quad(const int8_t* q, __mmask16 mask) {
  return _mm512_broadcastd_epi32(_mm_maskz_loadu_epi8(mask, q));
}

/// Whether the depth is a multiple of four. Separate kernels: a second use of the accumulators
/// after the loop makes GCC move them through memory in every step.
enum class Depth { kQuads, kQuadsAndRest };

enum class Quad { kWhole, kPart };

template <class Dot, Quad kQuad, int kPixels, int kPanels>
EDGEFRONT_INLINE void multiply_quad(const Tile& t, int32_t k, __m512i acc[kPixels][kPanels]) {
  __m512i w[kPanels];
  EDGEFRONT_UNROLL
  for (int v = 0; v < kPanels; ++v) {
    w[v] = _mm512_loadu_si512(t.weights + v * t.panel_bytes + int64_t{k} * kPanelChannels);
  }
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const int8_t* q = t.input + p * t.input_stride + k;
    const typename Dot::Input a =
        Dot::input(kQuad == Quad::kWhole ? whole_quad(q) : part_quad(q, mask16(t.depth - k)));
    EDGEFRONT_UNROLL
    for (int v = 0; v < kPanels; ++v) acc[p][v] = Dot::add(acc[p][v], a, w[v]);
  }
}

template <class Dot, Depth kDepth, int kPixels, int kPanels>
void run_tile(const Tile& t) {
  __m512i acc[kPixels][kPanels];
  EDGEFRONT_UNROLL
  for (int v = 0; v < kPanels; ++v) {
    const __m512i bias = _mm512_loadu_si512(t.bias + v * kPanelChannels);
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) acc[p][v] = bias;
  }
  int32_t k = 0;
  for (; k + 4 <= t.depth; k += 4) multiply_quad<Dot, Quad::kWhole, kPixels, kPanels>(t, k, acc);
  if constexpr (kDepth == Depth::kQuadsAndRest) {
    multiply_quad<Dot, Quad::kPart, kPixels, kPanels>(t, k, acc);
  }
  EDGEFRONT_UNROLL
  for (int v = 0; v < kPanels; ++v) {
    const __mmask16 mask = v + 1 < kPanels ? static_cast<__mmask16>(0xffff) : t.last_mask;
    const __m512 multiplier = _mm512_maskz_loadu_ps(mask, t.multipliers + v * kPanelChannels);
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[p][v]), multiplier);
      store16(t.output + p * t.output_stride + v * kPanelChannels, requantize16(scaled, &t.clamp),
              mask);
    }
  }
}

template <class Dot, Depth kDepth, int kPixels, int kPanels>
void run_tiles(Tile* t, int64_t* pixels) {
  for (; *pixels >= kPixels; *pixels -= kPixels) {
    run_tile<Dot, kDepth, kPixels, kPanels>(*t);
    t->input += kPixels * t->input_stride;
    t->output += kPixels * t->output_stride;
  }
}

/// Sixteen accumulators hide the latency of the products; with 24 (8×3, 6×4) GCC 12 spills and the
/// int8 kernel runs at half the speed.
template <class Dot, Depth kDepth>
void run_panels(Tile t, int panels, int64_t pixels) {
  if (panels == 1) {
    run_tiles<Dot, kDepth, 12, 1>(&t, &pixels);
    run_tiles<Dot, kDepth, 4, 1>(&t, &pixels);
    run_tiles<Dot, kDepth, 2, 1>(&t, &pixels);
    run_tiles<Dot, kDepth, 1, 1>(&t, &pixels);
  } else {
    run_tiles<Dot, kDepth, 8, 2>(&t, &pixels);
    run_tiles<Dot, kDepth, 4, 2>(&t, &pixels);
    run_tiles<Dot, kDepth, 2, 2>(&t, &pixels);
    run_tiles<Dot, kDepth, 1, 2>(&t, &pixels);
  }
}

/// All channels of `pixels` pixels; the panels are split into groups of nearly equal size.
template <class Dot>
void run_block(const GemmArgsS8& args, const Clamp512& clamp, int64_t first, int64_t pixels) {
  const int32_t panels = (args.channels + kPanelChannels - 1) / kPanelChannels;
  const int32_t groups = (panels + kMaxPanels - 1) / kMaxPanels;
  const int64_t panel_bytes = round_up_to(args.depth, 4) * kPanelChannels;
  const int32_t* bias = static_cast<const int32_t*>(args.packed);
  const int8_t* weights = reinterpret_cast<const int8_t*>(bias + panels * kPanelChannels);
  for (int32_t group = 0; group < groups; ++group) {
    const int32_t panel = group * panels / groups;
    const int32_t end = (group + 1) * panels / groups;
    const int32_t channel = panel * kPanelChannels;
    Tile t;
    t.input = args.input + first * args.input_stride;
    t.input_stride = args.input_stride;
    t.depth = args.depth;
    t.weights = weights + panel * panel_bytes;
    t.panel_bytes = panel_bytes;
    t.bias = bias + channel;
    t.multipliers = args.requantize->multipliers + channel;
    t.output = args.output + first * args.channels + channel;
    t.output_stride = args.channels;
    t.last_mask = mask16(args.channels - (end - 1) * kPanelChannels);
    t.clamp = clamp;
    if (args.depth % 4 == 0) {
      run_panels<Dot, Depth::kQuads>(t, end - panel, pixels);
    } else {
      run_panels<Dot, Depth::kQuadsAndRest>(t, end - panel, pixels);
    }
  }
}

template <class Dot>
void run_gemm_s8(const GemmArgsS8& args) {
  const RequantizeS8* r = args.requantize;
  const Clamp512 clamp = make_clamp512(r->zero_point, r->qmin, r->qmax);
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
