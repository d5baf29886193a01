// int8 matrix kernel of the AVX2 sets: a register tile of pixels × one panel of 16 channels, four
// inputs per step. `Dot` is how a set multiplies them:
//   kPixels                    pixels of the largest tile; its temporaries decide
//   Input                      one quad of a pixel, prepared once and used for both halves
//   input(quads)               from the quad of raw int8 in every lane
//   add(sums, input, weights)  adds the four products in each of eight lanes
// Compiled into each set's own file: everything has internal linkage.
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "runtime/kernels/avx2/epilogue.h"
#include "runtime/kernels/layouts/gemm_layout.h"
#include "runtime/kernels/requantize.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

constexpr int64_t kPixelBlock = 48;  ///< pixels that pass over the weights of one panel

struct Tile {
  const int8_t* input;
  int64_t input_stride;
  int32_t depth;
  const int8_t* weights;
  const int32_t* bias;
  const float* multipliers;
  int8_t* output;
  int64_t output_stride;
  int32_t channels;  ///< of this panel, at most 16
  Clamp256 clamp;
};

template <class Dot, int kPixels>
EDGEFRONT_INLINE void multiply_quad(const int8_t* w, const int32_t quads[kPixels],
                                    __m256i low[kPixels], __m256i high[kPixels]) {
  const __m256i w_low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
  const __m256i w_high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 32));
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const typename Dot::Input a = Dot::input(_mm256_set1_epi32(quads[p]));
    low[p] = Dot::add(low[p], a, w_low);
    high[p] = Dot::add(high[p], a, w_high);
  }
}

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

/// Whether the depth is a multiple of four. Separate kernels: a second use of the accumulators
/// after the loop makes GCC move them through memory in every step.
enum class Depth { kQuads, kQuadsAndRest };

template <class Dot, Depth kDepth, int kPixels>
void run_tile(const Tile& t) {
  const __m256i* bias = reinterpret_cast<const __m256i*>(t.bias);
  int32_t rests[kPixels];
  if constexpr (kDepth == Depth::kQuadsAndRest) load_rests<kPixels>(t, rests);
  __m256i low[kPixels], high[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    low[p] = _mm256_loadu_si256(bias);
    high[p] = _mm256_loadu_si256(bias + 1);
  }
  const int8_t* w = t.weights;
  int32_t k = 0;
  for (; k + 4 <= t.depth; k += 4, w += 4 * kPanelChannels) {
    int32_t quads[kPixels];
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) memcpy(&quads[p], t.input + p * t.input_stride + k, 4);
    multiply_quad<Dot, kPixels>(w, quads, low, high);
  }
  if constexpr (kDepth == Depth::kQuadsAndRest) multiply_quad<Dot, kPixels>(w, rests, low, high);
  __m256 multiplier_low, multiplier_high;
  load_multipliers(t.multipliers, t.channels, &multiplier_low, &multiplier_high);
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const __m256 scaled_low = _mm256_mul_ps(_mm256_cvtepi32_ps(low[p]), multiplier_low);
    const __m256 scaled_high = _mm256_mul_ps(_mm256_cvtepi32_ps(high[p]), multiplier_high);
    const __m128i bytes =
        narrow16(requantize8(scaled_low, &t.clamp), requantize8(scaled_high, &t.clamp));
    store_bytes(t.output + p * t.output_stride, bytes, t.channels);
  }
}

template <class Dot, Depth kDepth, int kPixels>
void run_tiles(Tile* t, int64_t* pixels) {
  for (; *pixels >= kPixels; *pixels -= kPixels) {
    run_tile<Dot, kDepth, kPixels>(*t);
    t->input += kPixels * t->input_stride;
    t->output += kPixels * t->output_stride;
  }
}

template <class Dot, Depth kDepth>
void run_panel(Tile t, int64_t pixels) {
  if constexpr (Dot::kPixels > 4) run_tiles<Dot, kDepth, Dot::kPixels>(&t, &pixels);
  run_tiles<Dot, kDepth, 4>(&t, &pixels);
  run_tiles<Dot, kDepth, 2>(&t, &pixels);
  run_tiles<Dot, kDepth, 1>(&t, &pixels);
}

template <class Dot>
void run_block(const GemmArgsS8& args, const Clamp256& clamp, int64_t first, int64_t pixels) {
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
    if (args.depth % 4 == 0) {
      run_panel<Dot, Depth::kQuads>(t, pixels);
    } else {
      run_panel<Dot, Depth::kQuadsAndRest>(t, pixels);
    }
  }
}

template <class Dot>
void run_gemm_s8(const GemmArgsS8& args) {
  const RequantizeS8* r = args.requantize;
  const Clamp256 clamp = make_clamp256(r->zero_point, r->qmin, r->qmax);
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
