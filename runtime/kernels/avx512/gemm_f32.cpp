// fp32 matrix kernel: a register tile of pixels × panels of 16 channels, one fused multiply-add per
// input, channel vector and pixel.
#include <math.h>
#include <stdint.h>

#include "runtime/kernels/avx512/avx512.h"
#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/layouts/gemm_layout.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

constexpr int kMaxPanels = 2;
constexpr int64_t kPixelBlock = 49;  ///< 7x7 and larger images of 7·2^n are whole numbers of blocks
constexpr int kPixelsPerBase = 3;    ///< what one base register and the stride can address

struct Tile {
  const float* input;
  int64_t input_stride;
  int32_t depth, segments;  ///< of GemmArgsF32
  int64_t segment_step;     ///< from the end of a segment to the next
  const float* weights;
  int64_t panel_stride;
  const float* bias;
  float* output;
  const float* residual;  ///< null: none, or added by finish_span_f32
  int64_t output_stride;
  float low, high;  ///< clamp of the activation, infinite where there is none
  __mmask16 last_mask;
};

template <int kPixels, int kPanels>
EDGEFRONT_INLINE void multiply_input(const Tile& t, const float* const* base, const float* weights,
                                     __m512 acc[kPixels][kPanels]) {
  __m512 w[kPanels];
  EDGEFRONT_UNROLL
  for (int v = 0; v < kPanels; ++v) w[v] = _mm512_loadu_ps(weights + v * t.panel_stride);
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const float* x = base[p / kPixelsPerBase] + (p % kPixelsPerBase) * t.input_stride;
    const __m512 a = _mm512_set1_ps(*x);
    EDGEFRONT_UNROLL
    for (int v = 0; v < kPanels; ++v) acc[p][v] = _mm512_fmadd_ps(a, w[v], acc[p][v]);
  }
}

template <int kPixels, int kPanels>
void run_tile(const Tile& t) {
  constexpr int kBases = (kPixels + kPixelsPerBase - 1) / kPixelsPerBase;
  __m512 acc[kPixels][kPanels];
  EDGEFRONT_UNROLL
  for (int v = 0; v < kPanels; ++v) {
    const __m512 bias = _mm512_loadu_ps(t.bias + v * kPanelChannels);
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) acc[p][v] = bias;
  }
  const float* base[kBases];
  EDGEFRONT_UNROLL
  for (int i = 0; i < kBases; ++i) {
    base[i] = t.input + i * kPixelsPerBase * t.input_stride;
    EDGEFRONT_KEEP_POINTER(base[i]);
  }
  const float* weights = t.weights;
  for (int32_t segment = t.segments; segment > 0; --segment) {
    for (int32_t k = t.depth; k > 0; --k) {
      multiply_input<kPixels, kPanels>(t, base, weights, acc);
      weights += kPanelChannels;
      EDGEFRONT_UNROLL
      for (int i = 0; i < kBases; ++i) ++base[i];
    }
    EDGEFRONT_UNROLL
    for (int i = 0; i < kBases; ++i) base[i] += t.segment_step;
  }
  const __m512 low = _mm512_set1_ps(t.low), high = _mm512_set1_ps(t.high);
  EDGEFRONT_UNROLL
  for (int v = 0; v < kPanels; ++v) {
    const __mmask16 mask = v + 1 < kPanels ? static_cast<__mmask16>(0xffff) : t.last_mask;
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      const int64_t at = p * t.output_stride + v * kPanelChannels;
      // In this order a NaN stays one.
      __m512 x = _mm512_min_ps(high, _mm512_max_ps(low, acc[p][v]));
      if (t.residual) x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(mask, t.residual + at));
      _mm512_mask_storeu_ps(t.output + at, mask, x);
    }
  }
}

template <int kPixels, int kPanels>
void run_tiles(Tile* t, int64_t* pixels) {
  for (; *pixels >= kPixels; *pixels -= kPixels) {
    run_tile<kPixels, kPanels>(*t);
    t->input += kPixels * t->input_stride;
    t->output += kPixels * t->output_stride;
    if (t->residual) t->residual += kPixels * t->output_stride;
  }
}

/// Seven divides 49, 196, 784 …; single pixels would wait for their own sums.
void run_panels(Tile t, int panels, int64_t pixels) {
  if (panels == 1) {
    run_tiles<14, 1>(&t, &pixels);
    run_tiles<7, 1>(&t, &pixels);
    run_tiles<2, 1>(&t, &pixels);
    run_tiles<1, 1>(&t, &pixels);
  } else {
    run_tiles<7, 2>(&t, &pixels);
    run_tiles<4, 2>(&t, &pixels);
    run_tiles<2, 2>(&t, &pixels);
    run_tiles<1, 2>(&t, &pixels);
  }
}

/// Whether tiles can do all of the activation.
bool is_clamp(ActivationF32 activation) {
  return activation == kActNoneF32 || activation == kActReluF32 || activation == kActRelu6F32;
}

void run_block(const GemmArgsF32& args, int64_t first, int64_t pixels) {
  const bool clamp = is_clamp(args.activation);
  const int32_t panels = (args.channels + kPanelChannels - 1) / kPanelChannels;
  const int32_t groups = (panels + kMaxPanels - 1) / kMaxPanels;
  const int64_t panel_stride = int64_t{args.segments} * args.depth * kPanelChannels;
  const float* bias = static_cast<const float*>(args.packed);
  const float* weights = bias + panels * kPanelChannels;
  for (int32_t group = 0; group < groups; ++group) {
    const int32_t panel = group * panels / groups;
    const int32_t end = (group + 1) * panels / groups;
    Tile t;
    t.input = args.input + first * args.input_stride;
    t.input_stride = args.input_stride;
    t.depth = args.depth;
    t.segments = args.segments;
    t.segment_step = args.segment_stride - args.depth;
    t.weights = weights + panel * panel_stride;
    t.panel_stride = panel_stride;
    t.bias = bias + panel * kPanelChannels;
    const int64_t element = first * args.channels + panel * kPanelChannels;
    t.output = args.output + element;
    t.residual = clamp && args.residual ? args.residual + args.first_element + element : nullptr;
    t.low = clamp && args.activation != kActNoneF32 ? 0.0f : -INFINITY;
    t.high = args.activation == kActRelu6F32 ? 6.0f : INFINITY;
    t.output_stride = args.channels;
    t.last_mask = mask16(args.channels - (end - 1) * kPanelChannels);
    run_panels(t, end - panel, pixels);
  }
}

}  // namespace

void avx512_gemm_f32(const GemmArgsF32& args) {
  for (int64_t first = 0; first < args.pixels; first += kPixelBlock) {
    const int64_t rest = args.pixels - first;
    const int64_t pixels = rest < kPixelBlock ? rest : kPixelBlock;
    run_block(args, first, pixels);
    if (is_clamp(args.activation)) continue;
    const int64_t element = first * args.channels;
    const float* residual = args.residual ? args.residual + args.first_element + element : nullptr;
    finish_span_f32(args.output + element, pixels * args.channels, args.activation, residual);
  }
}

}  // namespace edgefront
