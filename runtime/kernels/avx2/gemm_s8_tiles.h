// int8 matrix kernel of the AVX2 sets: a register tile of pixels × one panel of 16 channels, four
// inputs per step. `Dot` is how a set multiplies them:
//   kUnsignedWeights           weights are stored as w + 128 (gemm_pack_u8), so that activations
//                              stay as they are; 128·Σ inputs of a pixel is subtracted instead
//   kSumInTile                 whether tiles may add the residual (more code) or spans do
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
constexpr int kPixelsPerBase = 3;    ///< what one base register and the stride can address

struct Tile {
  const int8_t* input;
  int64_t input_stride;
  const int32_t* input_sums;  ///< 128·Σ inputs of each pixel, for unsigned weights
  int32_t depth, segments;    ///< of GemmArgsS8
  int64_t segment_step;       ///< from the end of a segment to the next
  const int8_t* weights;
  const int32_t* bias;
  const float* multipliers;
  int8_t* output;
  const int8_t* residual;
  int64_t output_stride;
  int32_t channels;  ///< of this panel, at most 16
  const Clamp256* clamp;
  const Sum256* sum;
};

/// What follows the product: clamp only, or clamp and residual add.
enum class Finish { kClamp, kSum };

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

template <Finish kFinish>
EDGEFRONT_INLINE __m256i finish8(const Tile& t, __m256i sums, __m256 multipliers, int64_t at,
                                 int32_t channels) {
  const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), multipliers);
  if constexpr (kFinish == Finish::kClamp) return round_below_high(scaled, t.clamp->high);
  return add_residual8(scaled, load_bytes8(t.residual + at, channels), t.clamp, t.sum);
}

/// Two pixels at a time become 32 bytes.
template <Finish kFinish, int kPixels>
EDGEFRONT_INLINE void finish_tile(const Tile& t, const __m256i low[kPixels],
                                  const __m256i high[kPixels]) {
  __m256 low_multipliers, high_multipliers;
  load_multipliers(t.multipliers, t.channels, &low_multipliers, &high_multipliers);
  const Clamp256* last = kFinish == Finish::kClamp ? t.clamp : &t.sum->clamp;
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; p += 2) {
    const int second = p + 1 < kPixels ? p + 1 : p;
    __m256i q[4];
    EDGEFRONT_UNROLL
    for (int i = 0; i < 2; ++i) {
      const int pixel = i == 0 ? p : second;
      const int64_t at = pixel * t.output_stride;
      q[2 * i] = finish8<kFinish>(t, low[pixel], low_multipliers, at, t.channels);
      q[2 * i + 1] = finish8<kFinish>(t, high[pixel], high_multipliers, at + 8, t.channels - 8);
    }
    const __m256i bytes = pack32(q[0], q[1], q[2], q[3], last);
    int8_t* out = t.output + p * t.output_stride;
    store_bytes(out, _mm256_castsi256_si128(bytes), t.channels);
    if (second == p) break;
    store_bytes(out + t.output_stride, _mm256_extracti128_si256(bytes, 1), t.channels);
  }
}

template <class Dot, Depth kDepth, Finish kFinish, int kPixels>
void run_tile(const Tile& t) {
  constexpr int kBases = (kPixels + kPixelsPerBase - 1) / kPixelsPerBase;
  const __m256i* bias = reinterpret_cast<const __m256i*>(t.bias);
  int32_t rests[kPixels];
  if constexpr (kDepth == Depth::kQuadsAndRest) load_rests<kPixels>(t, rests);
  __m256i low[kPixels], high[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    low[p] = _mm256_loadu_si256(bias);
    high[p] = _mm256_loadu_si256(bias + 1);
    if constexpr (Dot::kUnsignedWeights) {
      const __m256i sum = _mm256_set1_epi32(t.input_sums[p]);
      low[p] = _mm256_sub_epi32(low[p], sum);
      high[p] = _mm256_sub_epi32(high[p], sum);
    }
  }
  const int8_t* base[kBases];
  EDGEFRONT_UNROLL
  for (int i = 0; i < kBases; ++i) {
    base[i] = t.input + i * kPixelsPerBase * t.input_stride;
    EDGEFRONT_KEEP_POINTER(base[i]);
  }
  const int8_t* w = t.weights;
  for (int32_t segment = t.segments; segment > 0; --segment) {
    for (int32_t n = t.depth / 4; n > 0; --n) {
      int32_t quads[kPixels];
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        memcpy(&quads[p], base[p / kPixelsPerBase] + (p % kPixelsPerBase) * t.input_stride, 4);
      }
      multiply_quad<Dot, kPixels>(w, quads, low, high);
      w += 4 * kPanelChannels;
      EDGEFRONT_UNROLL
      for (int i = 0; i < kBases; ++i) base[i] += 4;
    }
    EDGEFRONT_UNROLL
    for (int i = 0; i < kBases; ++i) base[i] += t.segment_step;
  }
  if constexpr (kDepth == Depth::kQuadsAndRest) multiply_quad<Dot, kPixels>(w, rests, low, high);
  finish_tile<kFinish, kPixels>(t, low, high);
}

template <class Dot, Depth kDepth, Finish kFinish, int kPixels>
void run_tiles(Tile* t, int64_t* pixels) {
  for (; *pixels >= kPixels; *pixels -= kPixels) {
    run_tile<Dot, kDepth, kFinish, kPixels>(*t);
    t->input += kPixels * t->input_stride;
    t->input_sums += kPixels;
    t->output += kPixels * t->output_stride;
    t->residual += kPixels * t->output_stride;
  }
}

template <class Dot, Depth kDepth, Finish kFinish>
void run_panel(Tile t, int64_t pixels) {
  if constexpr (Dot::kPixels > 4) run_tiles<Dot, kDepth, kFinish, Dot::kPixels>(&t, &pixels);
  run_tiles<Dot, kDepth, kFinish, 4>(&t, &pixels);
  run_tiles<Dot, kDepth, kFinish, 1>(&t, &pixels);
}

template <class Dot, Finish kFinish>
void run_block(const GemmArgsS8& args, const Clamp256& clamp, const Sum256& sum, int64_t first,
               int64_t pixels) {
  const int32_t panels = (args.channels + kPanelChannels - 1) / kPanelChannels;
  const int64_t panel_bytes = args.segments * round_up_to(args.depth, 4) * kPanelChannels;
  const int32_t* bias = static_cast<const int32_t*>(args.packed);
  const int8_t* weights = reinterpret_cast<const int8_t*>(bias + panels * kPanelChannels);
  const int8_t* residual =
      kFinish == Finish::kSum ? args.requantize->residual + args.first_element : args.output;
  int32_t input_sums[kPixelBlock];
  if constexpr (Dot::kUnsignedWeights) Dot::sum_inputs(args, first, pixels, input_sums);
  Tile t;
  t.input = args.input + first * args.input_stride;
  t.input_stride = args.input_stride;
  t.input_sums = input_sums;
  t.depth = args.depth;
  t.segments = args.segments;
  t.segment_step = args.segment_stride - args.depth;
  t.output_stride = args.channels;
  t.clamp = &clamp;
  t.sum = &sum;
  for (int32_t panel = 0; panel < panels; ++panel) {
    const int32_t channel = panel * kPanelChannels;
    const int32_t rest = args.channels - channel;
    const int64_t element = first * args.channels + channel;
    t.weights = weights + panel * panel_bytes;
    t.bias = bias + channel;
    t.multipliers = args.requantize->multipliers + channel;
    t.output = args.output + element;
    t.residual = residual + element;
    t.channels = rest < kPanelChannels ? rest : kPanelChannels;
    if (args.depth % 4 == 0) {
      run_panel<Dot, Depth::kQuads, kFinish>(t, pixels);
    } else if constexpr (kFinish == Finish::kClamp) {
      run_panel<Dot, Depth::kQuadsAndRest, kFinish>(t, pixels);
    }
  }
}

template <class Dot>
void run_gemm_s8(const GemmArgsS8& args) {
  const RequantizeS8* r = args.requantize;
  const Clamp256 clamp = make_clamp256(r->zero_point, r->qmin, r->qmax);
  const bool sum_in_tile = Dot::kSumInTile && r->residual && !r->table && args.depth % 4 == 0;
  const Sum256 sum = make_sum256(r);
  for (int64_t first = 0; first < args.pixels; first += kPixelBlock) {
    const int64_t rest = args.pixels - first;
    const int64_t pixels = rest < kPixelBlock ? rest : kPixelBlock;
    if constexpr (Dot::kSumInTile) {
      if (sum_in_tile) {
        run_block<Dot, Finish::kSum>(args, clamp, sum, first, pixels);
        continue;
      }
    }
    run_block<Dot, Finish::kClamp>(args, clamp, sum, first, pixels);
    const int64_t element = first * args.channels;
    finish_span_s8(args.output + element, args.first_element + element, pixels * args.channels, r);
  }
}

}  // namespace
}  // namespace edgefront
