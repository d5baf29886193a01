// int8 matrix kernel of the AVX-512 sets: a register tile of pixels × panels of 16 channels, four
// inputs per step. `Dot` is how a set multiplies them:
//   kUnsignedWeights           weights are stored as w + 128 (gemm_pack_u8), so that activations
//                              stay as they are; 128·Σ inputs of a pixel is subtracted instead
//   kSumInTile                 whether tiles may add the residual (more code) or spans do
//   kPixels[panels]            pixels of the largest tile for one to four panels
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

constexpr int kMaxPanels = 4;
constexpr int64_t kPixelBlock = 48;  ///< pixels that pass over the weights of one panel group
constexpr int kPixelsPerBase = 3;    ///< what one base register and the stride can address

/// One group of at most four panels.
struct Tile {
  const int8_t* input;
  int64_t input_stride;
  const int32_t* input_sums;  ///< 128·Σ inputs of each pixel, for unsigned weights
  int32_t depth, segments;    ///< of GemmArgsS8
  int64_t segment_step;       ///< from the end of a segment to the next
  const int8_t* weights;
  int64_t panel_bytes;
  const int32_t* bias;
  const float* multipliers;
  int8_t* output;
  const int8_t* residual;
  int64_t output_stride;
  __mmask16 last_mask;  ///< channels of the last panel
  const Clamp512* clamp;
  const Sum512* sum;
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

/// What follows the product: clamp only, or clamp and residual add.
enum class Finish { kClamp, kSum };

template <class Dot, Quad kQuad, int kPixels, int kPanels>
EDGEFRONT_INLINE void multiply_quad(const Tile& t, const int8_t* const* base, const int8_t* weights,
                                    __mmask16 rest, __m512i acc[kPixels][kPanels]) {
  __m512i w[kPanels];
  EDGEFRONT_UNROLL
  for (int v = 0; v < kPanels; ++v) w[v] = _mm512_loadu_si512(weights + v * t.panel_bytes);
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const int8_t* q = base[p / kPixelsPerBase] + (p % kPixelsPerBase) * t.input_stride;
    const typename Dot::Input a =
        Dot::input(kQuad == Quad::kWhole ? whole_quad(q) : part_quad(q, rest));
    EDGEFRONT_UNROLL
    for (int v = 0; v < kPanels; ++v) acc[p][v] = Dot::add(acc[p][v], a, w[v]);
  }
}

/// Whether the last panel has all of its sixteen channels: masked stores and loads cost more.
enum class Last { kWhole, kPart };

/// Stores the first `kPanels` panels of 64 finished bytes, one of `4 / kPanels` pixels after the
/// other.
template <Last kLast, int kPanels>
EDGEFRONT_INLINE void store_chunk(int8_t* out, int64_t stride, __mmask16 last_mask, __m512i bytes) {
  const __mmask16 mask = kLast == Last::kWhole ? static_cast<__mmask16>(0xffff) : last_mask;
  if constexpr (kPanels == 4 && kLast == Last::kWhole) {
    _mm512_storeu_si512(out, bytes);
  } else if constexpr (kPanels >= 3) {
    _mm512_mask_storeu_epi8(out, chunk_mask(kPanels, mask), bytes);
  } else if constexpr (kPanels == 2) {
    const __m256i low = _mm512_castsi512_si256(bytes);
    const __m256i high = _mm512_extracti64x4_epi64(bytes, 1);
    if constexpr (kLast == Last::kWhole) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), low);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + stride), high);
    } else {
      _mm256_mask_storeu_epi8(out, static_cast<__mmask32>(chunk_mask(2, mask)), low);
      _mm256_mask_storeu_epi8(out + stride, static_cast<__mmask32>(chunk_mask(2, mask)), high);
    }
  } else if (kLast == Last::kWhole && stride == kPanelChannels) {
    _mm512_storeu_si512(out, bytes);
  } else {
    store16(out, _mm512_castsi512_si128(bytes), mask);
    store16(out + stride, _mm512_extracti32x4_epi32(bytes, 1), mask);
    store16(out + 2 * stride, _mm512_extracti32x4_epi32(bytes, 2), mask);
    store16(out + 3 * stride, _mm512_extracti32x4_epi32(bytes, 3), mask);
  }
}

/// Sixteen channels of the residual.
template <Last kLast>
EDGEFRONT_INLINE __m512i load_residual(const int8_t* residual, __mmask16 mask) {
  if constexpr (kLast == Last::kWhole) {
    return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(residual)));
  }
  return _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(mask, residual));
}

/// Four accumulators at a time, of one pixel or of several, become 64 bytes.
template <Finish kFinish, Last kLast, int kPixels, int kPanels>
EDGEFRONT_INLINE void finish_tile(const Tile& t, const __m512i acc[kPixels][kPanels]) {
  constexpr int kChunkPixels = 4 / kPanels;
  // Hidden from the compiler until now, or it keeps their contents in registers that the products
  // need.
  const Clamp512* clamp = t.clamp;
  const Sum512* sum = t.sum;
  EDGEFRONT_KEEP_POINTER(clamp);
  EDGEFRONT_KEEP_POINTER(sum);
  __m512 multipliers[kPanels];
  EDGEFRONT_UNROLL
  for (int v = 0; v < kPanels; ++v) {
    const float* from = t.multipliers + v * kPanelChannels;
    multipliers[v] = kLast == Last::kWhole || v + 1 < kPanels
                         ? _mm512_loadu_ps(from)
                         : _mm512_maskz_loadu_ps(t.last_mask, from);
  }
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; p += kChunkPixels) {
    __m512i q[4];
    EDGEFRONT_UNROLL
    for (int i = 0; i < 4; ++i) {
      const int pixel = p + i / kPanels, v = i % kPanels;
      if (i >= kChunkPixels * kPanels || pixel >= kPixels) {
        q[i] = _mm512_setzero_si512();
        continue;
      }
      const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[pixel][v]), multipliers[v]);
      if constexpr (kFinish == Finish::kClamp) {
        q[i] = round_below_high(scaled, clamp->high);
      } else {
        const int8_t* from = t.residual + pixel * t.output_stride + v * kPanelChannels;
        const __m512i residual = v + 1 < kPanels ? load_residual<Last::kWhole>(from, 0)
                                                 : load_residual<kLast>(from, t.last_mask);
        q[i] = add_residual16(scaled, residual, clamp, sum);
      }
    }
    const __m512i bytes =
        pack64(q[0], q[1], q[2], q[3], kFinish == Finish::kClamp ? clamp : &sum->clamp);
    int8_t* out = t.output + p * t.output_stride;
    if constexpr (kPixels < kChunkPixels) {
      // Fewer pixels than a chunk holds: only single ones.
      static_assert(kPixels == 1);
      _mm512_mask_storeu_epi8(out, chunk_mask(kPanels, t.last_mask), bytes);
    } else {
      store_chunk<kLast, kPanels>(out, t.output_stride, t.last_mask, bytes);
    }
  }
}

template <class Dot, Depth kDepth, Finish kFinish, int kPixels, int kPanels>
void run_tile(const Tile& t) {
  constexpr int kBases = (kPixels + kPixelsPerBase - 1) / kPixelsPerBase;
  __m512i acc[kPixels][kPanels];
  EDGEFRONT_UNROLL
  for (int v = 0; v < kPanels; ++v) {
    const __m512i bias = _mm512_loadu_si512(t.bias + v * kPanelChannels);
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      acc[p][v] = bias;
      if constexpr (Dot::kUnsignedWeights) {
        acc[p][v] = _mm512_sub_epi32(bias, _mm512_set1_epi32(t.input_sums[p]));
      }
    }
  }
  const int8_t* base[kBases];
  EDGEFRONT_UNROLL
  for (int i = 0; i < kBases; ++i) {
    base[i] = t.input + i * kPixelsPerBase * t.input_stride;
    EDGEFRONT_KEEP_POINTER(base[i]);
  }
  const int8_t* weights = t.weights;
  for (int32_t segment = t.segments; segment > 0; --segment) {
    for (int32_t quads = t.depth / 4; quads > 0; --quads) {
      multiply_quad<Dot, Quad::kWhole, kPixels, kPanels>(t, base, weights, 0, acc);
      weights += 4 * kPanelChannels;
      EDGEFRONT_UNROLL
      for (int i = 0; i < kBases; ++i) base[i] += 4;
    }
    // Only whole segments follow one another; a rest comes from the end of the only one.
    if constexpr (kDepth == Depth::kQuads) {
      EDGEFRONT_UNROLL
      for (int i = 0; i < kBases; ++i) base[i] += t.segment_step;
    }
  }
  if constexpr (kDepth == Depth::kQuadsAndRest) {
    multiply_quad<Dot, Quad::kPart, kPixels, kPanels>(t, base, weights, mask16(t.depth % 4), acc);
  }
  if (t.last_mask == 0xffff) {
    finish_tile<kFinish, Last::kWhole, kPixels, kPanels>(t, acc);
  } else {
    finish_tile<kFinish, Last::kPart, kPixels, kPanels>(t, acc);
  }
}

template <class Dot, Depth kDepth, Finish kFinish, int kPixels, int kPanels>
void run_tiles(Tile* t, int64_t* pixels) {
  for (; *pixels >= kPixels; *pixels -= kPixels) {
    run_tile<Dot, kDepth, kFinish, kPixels, kPanels>(*t);
    t->input += kPixels * t->input_stride;
    t->input_sums += kPixels;
    t->output += kPixels * t->output_stride;
    t->residual += kPixels * t->output_stride;
  }
}

/// The largest tile, then 4 pixels, then single ones.
template <class Dot, Finish kFinish, int kPanels>
void run_panels(Tile t, int64_t pixels) {
  if constexpr (kFinish == Finish::kClamp) {
    if (t.depth % 4 != 0) {
      run_tiles<Dot, Depth::kQuadsAndRest, kFinish, 4, kPanels>(&t, &pixels);
      run_tiles<Dot, Depth::kQuadsAndRest, kFinish, 1, kPanels>(&t, &pixels);
      return;
    }
  }
  run_tiles<Dot, Depth::kQuads, kFinish, Dot::kPixels[kPanels - 1], kPanels>(&t, &pixels);
  // Rows of 28 pixels are 16 and 12.
  if constexpr (kPanels == 1) run_tiles<Dot, Depth::kQuads, kFinish, 12, 1>(&t, &pixels);
  run_tiles<Dot, Depth::kQuads, kFinish, 4, kPanels>(&t, &pixels);
  run_tiles<Dot, Depth::kQuads, kFinish, 1, kPanels>(&t, &pixels);
}

template <class Dot, Finish kFinish>
void run_group(const Tile& t, int panels, int64_t pixels) {
  switch (panels) {
    case 1:
      return run_panels<Dot, kFinish, 1>(t, pixels);
    case 2:
      return run_panels<Dot, kFinish, 2>(t, pixels);
    case 3:
      return run_panels<Dot, kFinish, 3>(t, pixels);
    default:
      return run_panels<Dot, kFinish, 4>(t, pixels);
  }
}

/// All channels of `pixels` pixels; the panels are split into groups of nearly equal size.
template <class Dot, Finish kFinish>
void run_block(const GemmArgsS8& args, const Clamp512& clamp, const Sum512& sum, int64_t first,
               int64_t pixels) {
  const int32_t panels = (args.channels + kPanelChannels - 1) / kPanelChannels;
  const int32_t groups = (panels + kMaxPanels - 1) / kMaxPanels;
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
  t.panel_bytes = panel_bytes;
  t.output_stride = args.channels;
  t.clamp = &clamp;
  t.sum = &sum;
  for (int32_t group = 0; group < groups; ++group) {
    const int32_t panel = group * panels / groups;
    const int32_t end = (group + 1) * panels / groups;
    const int32_t channel = panel * kPanelChannels;
    const int64_t element = first * args.channels + channel;
    t.weights = weights + panel * panel_bytes;
    t.bias = bias + channel;
    t.multipliers = args.requantize->multipliers + channel;
    t.output = args.output + element;
    t.residual = residual + element;
    t.last_mask = mask16(args.channels - (end - 1) * kPanelChannels);
    run_group<Dot, kFinish>(t, end - panel, pixels);
  }
}

template <class Dot>
void run_gemm_s8(const GemmArgsS8& args) {
  const RequantizeS8* r = args.requantize;
  const Clamp512 clamp = make_clamp512(r->zero_point, r->qmin, r->qmax);
  const bool sum_in_tile = Dot::kSumInTile && r->residual && !r->table && args.depth % 4 == 0;
  Sum512 sum;  // left as it is where it is not read: a row of an image is short
  if (sum_in_tile) sum = make_sum512(r);
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
