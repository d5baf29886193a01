// int8 matrix kernel of the AVX2 sets: a register tile of pixels × one panel of
// 16 channels, or × its first half where the second has none, four inputs per
// step. `Dot` is how a set multiplies them:
//   kUnsignedWeights           weights are stored as w + 128 (gemm_pack_u8), so
//   that activations
//                              stay as they are; 128·Σ inputs of a pixel is
//                              subtracted instead
//   kSumInTile                 whether tiles may add the residual (more code)
//   or spans do kPixels, kHalfPixels       pixels of the largest tiles;
//   temporaries decide Input                      one quad of a pixel, prepared
//   once and used for both halves input(quads)               from the quad of
//   raw int8 in every lane add(sums, input, weights)  adds the four products in
//   each of eight lanes
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
  const int8_t *input;
  int64_t input_stride;
  const int32_t *input_sums;  ///< 128·Σ inputs of each pixel, for unsigned weights
  int32_t depth, segments;    ///< of GemmArgsS8
  int64_t segment_step;       ///< from the end of a segment to the next
  const int8_t *weights;
  const int32_t *bias;
  const float *multipliers;
  int8_t *output;
  const int8_t *residual;
  int64_t output_stride;
  int32_t channels;  ///< of this panel, at most 16
  const Clamp256 *clamp;
  const Sum256 *sum;
};

/// What follows the product: clamp only, or clamp and residual add; the latter
/// for channels in whole halves of panels only.
enum class Finish { kClamp, kSum };

template <class Dot, int kPixels, int kHalves>
EDGEFRONT_INLINE void multiply_quad(const int8_t *w, const int32_t quads[kPixels],
                                    __m256i acc[kPixels][kHalves]) {
  __m256i weights[kHalves];
  EDGEFRONT_UNROLL
  for (int h = 0; h < kHalves; ++h) {
    weights[h] = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(w) + h);
  }
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const typename Dot::Input a = Dot::input(_mm256_set1_epi32(quads[p]));
    EDGEFRONT_UNROLL
    for (int h = 0; h < kHalves; ++h) acc[p][h] = Dot::add(acc[p][h], a, weights[h]);
  }
}

/// The inputs of each pixel beyond the last whole quad, with zeros behind. Done
/// before accumulators are live: a call to memcpy would spill them.
template <int kPixels>
EDGEFRONT_INLINE void load_rests(const Tile &t, int32_t rests[kPixels]) {
  const int32_t whole = t.depth / 4 * 4;
  for (int p = 0; p < kPixels; ++p) {
    rests[p] = 0;
    memcpy(&rests[p], t.input + p * t.input_stride + whole, static_cast<size_t>(t.depth - whole));
  }
}

/// Whether the depth is a multiple of four. Separate kernels: a second use of
/// the accumulators after the loop makes GCC move them through memory in every
/// step.
enum class Depth { kQuads, kQuadsAndRest };

/// Whether the panel (or half) has all of its channels.
enum class Channels { kWhole, kPart };

template <Finish kFinish>
EDGEFRONT_INLINE __m256i finish8(const Tile &t, const Clamp256 *clamp, const Sum256 *sum,
                                 __m256i sums, __m256 multipliers, int64_t at) {
  const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), multipliers);
  if constexpr (kFinish == Finish::kClamp) return round_below_high(scaled, clamp->high);
  const __m128i residual = _mm_loadl_epi64(reinterpret_cast<const __m128i *>(t.residual + at));
  return add_residual8(scaled, residual, clamp, sum);
}

/// Four accumulators at a time, of two pixels or (halves) of four, become 32
/// bytes.
template <Finish kFinish, Channels kChannels, int kPixels, int kHalves>
EDGEFRONT_INLINE void finish_tile(const Tile &t, const __m256i acc[kPixels][kHalves]) {
  constexpr int kChunkPixels = 4 / kHalves;
  const int32_t channels = kChannels == Channels::kWhole ? 8 * kHalves : t.channels;
  __m256 multipliers[2];
  load_multipliers(t.multipliers, channels, &multipliers[0], &multipliers[1]);
  // Hidden from the compiler until now, or it keeps their contents in registers
  // that the products need.
  const Clamp256 *clamp = t.clamp;
  const Sum256 *sum = t.sum;
  EDGEFRONT_KEEP_POINTER(clamp);
  EDGEFRONT_KEEP_POINTER(sum);
  const Clamp256 *last = kFinish == Finish::kClamp ? clamp : &sum->clamp;
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; p += kChunkPixels) {
    __m256i q[4];
    EDGEFRONT_UNROLL
    for (int i = 0; i < 4; ++i) {
      const int pixel = p + i / kHalves, h = i % kHalves;
      if (pixel >= kPixels) {
        q[i] = _mm256_setzero_si256();
        continue;
      }
      const int64_t at = pixel * t.output_stride + 8 * h;
      q[i] = finish8<kFinish>(t, clamp, sum, acc[pixel][h], multipliers[h], at);
    }
    const __m256i bytes = pack32(q[0], q[1], q[2], q[3], last);
    const __m128i parts[2] = {_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)};
    EDGEFRONT_UNROLL
    for (int i = 0; i < kChunkPixels; ++i) {
      if (p + i >= kPixels) continue;
      const __m128i part = parts[i * kHalves / 2];
      int8_t *out = t.output + (p + i) * t.output_stride;
      store_bytes(out, i * kHalves % 2 == 0 ? part : _mm_unpackhi_epi64(part, part), channels);
    }
  }
}

template <class Dot, Depth kDepth, Finish kFinish, int kPixels, int kHalves>
void run_tile(const Tile &t) {
  constexpr int kBases = (kPixels + kPixelsPerBase - 1) / kPixelsPerBase;
  int32_t rests[kPixels];
  if constexpr (kDepth == Depth::kQuadsAndRest) load_rests<kPixels>(t, rests);
  __m256i acc[kPixels][kHalves];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    EDGEFRONT_UNROLL
    for (int h = 0; h < kHalves; ++h) {
      acc[p][h] = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(t.bias) + h);
      if constexpr (Dot::kUnsignedWeights) {
        acc[p][h] = _mm256_sub_epi32(acc[p][h], _mm256_set1_epi32(t.input_sums[p]));
      }
    }
  }
  const int8_t *base[kBases];
  EDGEFRONT_UNROLL
  for (int i = 0; i < kBases; ++i) {
    base[i] = t.input + i * kPixelsPerBase * t.input_stride;
    EDGEFRONT_KEEP_POINTER(base[i]);
  }
  const int8_t *w = t.weights;
  for (int32_t segment = t.segments; segment > 0; --segment) {
    for (int32_t n = t.depth / 4; n > 0; --n) {
      int32_t quads[kPixels];
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        memcpy(&quads[p], base[p / kPixelsPerBase] + (p % kPixelsPerBase) * t.input_stride, 4);
      }
      multiply_quad<Dot, kPixels, kHalves>(w, quads, acc);
      w += 4 * kPanelChannels;
      EDGEFRONT_UNROLL
      for (int i = 0; i < kBases; ++i) base[i] += 4;
    }
    EDGEFRONT_UNROLL
    for (int i = 0; i < kBases; ++i) base[i] += t.segment_step;
  }
  if constexpr (kDepth == Depth::kQuadsAndRest) multiply_quad<Dot, kPixels, kHalves>(w, rests, acc);
  if constexpr (kFinish == Finish::kSum) {
    finish_tile<kFinish, Channels::kWhole, kPixels, kHalves>(t, acc);
  } else if (t.channels == 8 * kHalves) {
    finish_tile<kFinish, Channels::kWhole, kPixels, kHalves>(t, acc);
  } else {
    finish_tile<Finish::kClamp, Channels::kPart, kPixels, kHalves>(t, acc);
  }
}

template <class Dot, Depth kDepth, Finish kFinish, int kPixels, int kHalves>
void run_tiles(Tile *t, int64_t *pixels) {
  for (; *pixels >= kPixels; *pixels -= kPixels) {
    run_tile<Dot, kDepth, kFinish, kPixels, kHalves>(*t);
    t->input += kPixels * t->input_stride;
    t->input_sums += kPixels;
    t->output += kPixels * t->output_stride;
    t->residual += kPixels * t->output_stride;
  }
}

template <class Dot, Depth kDepth, Finish kFinish>
void run_panel(Tile t, int64_t pixels) {
  if (kDepth == Depth::kQuads && t.channels <= 8) {
    run_tiles<Dot, Depth::kQuads, kFinish, Dot::kHalfPixels, 1>(&t, &pixels);
    run_tiles<Dot, Depth::kQuads, kFinish, 1, 1>(&t, &pixels);
    return;
  }
  if constexpr (Dot::kPixels > 4) run_tiles<Dot, kDepth, kFinish, Dot::kPixels, 2>(&t, &pixels);
  run_tiles<Dot, kDepth, kFinish, 4, 2>(&t, &pixels);
  run_tiles<Dot, kDepth, kFinish, 1, 2>(&t, &pixels);
}

/// One pixel meets four panels at once: the products of a single one would wait
/// for each other, and weights come from far.
template <class Dot>
void run_pixel(const Tile &first, int64_t panel_bytes) {
  __m256i acc[4][2];
  EDGEFRONT_UNROLL
  for (int v = 0; v < 4; ++v) {
    EDGEFRONT_UNROLL
    for (int h = 0; h < 2; ++h) {
      acc[v][h] = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(first.bias) + 2 * v + h);
      if constexpr (Dot::kUnsignedWeights) {
        acc[v][h] = _mm256_sub_epi32(acc[v][h], _mm256_set1_epi32(*first.input_sums));
      }
    }
  }
  for (int32_t k = 0; k < first.depth; k += 4) {
    int32_t quad;
    memcpy(&quad, first.input + k, 4);
    const typename Dot::Input a = Dot::input(_mm256_set1_epi32(quad));
    const int8_t *w = first.weights + k * kPanelChannels;
    EDGEFRONT_UNROLL
    for (int v = 0; v < 4; ++v) {
      const __m256i *panel = reinterpret_cast<const __m256i *>(w + v * panel_bytes);
      EDGEFRONT_UNROLL
      for (int h = 0; h < 2; ++h) acc[v][h] = Dot::add(acc[v][h], a, _mm256_loadu_si256(panel + h));
    }
  }
  Tile t = first;
  EDGEFRONT_UNROLL
  for (int v = 0; v < 4; ++v) {
    finish_tile<Finish::kClamp, Channels::kWhole, 1, 2>(t, acc + v);
    t.multipliers += kPanelChannels;
    t.output += kPanelChannels;
  }
}

template <class Dot, Finish kFinish>
void run_block(const GemmArgsS8 &args, const Clamp256 &clamp, const Sum256 &sum, int64_t first,
               int64_t pixels) {
  const int32_t panels = (args.channels + kPanelChannels - 1) / kPanelChannels;
  const int64_t panel_bytes = args.segments * round_up_to(args.depth, 4) * kPanelChannels;
  const int32_t *bias = static_cast<const int32_t *>(args.packed);
  const int8_t *weights = reinterpret_cast<const int8_t *>(bias + panels * kPanelChannels);
  const int8_t *residual =
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
  const bool by_pixel =
      kFinish == Finish::kClamp && pixels == 1 && args.segments == 1 && args.depth % 4 == 0;
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
    if (by_pixel && rest >= 4 * kPanelChannels) {
      run_pixel<Dot>(t, panel_bytes);
      panel += 3;
    } else if (args.depth % 4 == 0) {
      run_panel<Dot, Depth::kQuads, kFinish>(t, pixels);
    } else if constexpr (kFinish == Finish::kClamp) {
      run_panel<Dot, Depth::kQuadsAndRest, kFinish>(t, pixels);
    }
  }
}

template <class Dot>
void run_gemm_s8(const GemmArgsS8 &args) {
  const RequantizeS8 *r = args.requantize;
  const Clamp256 clamp = make_clamp256(r->zero_point, r->qmin, r->qmax);
  const bool sum_in_tile =
      Dot::kSumInTile && r->residual && !r->table && args.depth % 4 == 0 && args.channels % 8 == 0;
  Sum256 sum;  // left as it is where it is not read: a row of an image is short
  if (sum_in_tile) sum = make_sum256(r);
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
