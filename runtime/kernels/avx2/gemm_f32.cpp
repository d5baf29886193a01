// fp32 matrix kernel: a register tile of six pixels × one panel of 16 channels.
#include <immintrin.h>
#include <math.h>
#include <stdint.h>

#include "runtime/kernels/avx2/avx2.h"
#include "runtime/kernels/avx2/epilogue.h"
#include "runtime/kernels/layouts/gemm_layout.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

constexpr int64_t kPixelBlock = 48;
constexpr int kPixelsPerBase = 3;  ///< what one base register and the stride can address

struct Tile {
  const float* input;
  int64_t input_stride;
  int32_t depth, segments;  ///< of GemmArgsF32
  int64_t segment_step;     ///< from the end of a segment to the next
  const float* weights;
  const float* bias;
  float* output;
  const float* residual;  ///< null: none, or added by finish_span_f32
  int64_t output_stride;
  float low, high;   ///< clamp of the activation, infinite where there is none
  int32_t channels;  ///< of this panel, at most 16
};

/// Clamps, adds the residual and stores the first `channels` of eight channels.
EDGEFRONT_INLINE void finish_half(const Tile& t, __m256 sums, int64_t at, int32_t channels) {
  // In this order a NaN stays one.
  __m256 x = _mm256_max_ps(_mm256_set1_ps(t.low), sums);
  x = _mm256_min_ps(_mm256_set1_ps(t.high), x);
  if (channels >= 8) {
    if (t.residual) x = _mm256_add_ps(x, _mm256_loadu_ps(t.residual + at));
    _mm256_storeu_ps(t.output + at, x);
  } else {
    const __m256i mask = lane_mask8(channels);
    if (t.residual) x = _mm256_add_ps(x, _mm256_maskload_ps(t.residual + at, mask));
    _mm256_maskstore_ps(t.output + at, mask, x);
  }
}

template <int kPixels>
void run_tile(const Tile& t) {
  constexpr int kBases = (kPixels + kPixelsPerBase - 1) / kPixelsPerBase;
  __m256 low[kPixels], high[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    low[p] = _mm256_loadu_ps(t.bias);
    high[p] = _mm256_loadu_ps(t.bias + 8);
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
      const __m256 w_low = _mm256_loadu_ps(weights);
      const __m256 w_high = _mm256_loadu_ps(weights + 8);
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const float* x = base[p / kPixelsPerBase] + (p % kPixelsPerBase) * t.input_stride;
        const __m256 a = _mm256_broadcast_ss(x);
        low[p] = _mm256_fmadd_ps(a, w_low, low[p]);
        high[p] = _mm256_fmadd_ps(a, w_high, high[p]);
      }
      weights += kPanelChannels;
      EDGEFRONT_UNROLL
      for (int i = 0; i < kBases; ++i) ++base[i];
    }
    EDGEFRONT_UNROLL
    for (int i = 0; i < kBases; ++i) base[i] += t.segment_step;
  }
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    finish_half(t, low[p], p * t.output_stride, t.channels);
    finish_half(t, high[p], p * t.output_stride + 8, t.channels - 8);
  }
}

template <int kPixels>
void run_tiles(Tile* t, int64_t* pixels) {
  for (; *pixels >= kPixels; *pixels -= kPixels) {
    run_tile<kPixels>(*t);
    t->input += kPixels * t->input_stride;
    t->output += kPixels * t->output_stride;
    if (t->residual) t->residual += kPixels * t->output_stride;
  }
}

/// Whether tiles can do all of the activation.
bool is_clamp(ActivationF32 activation) {
  return activation == kActNoneF32 || activation == kActReluF32 || activation == kActRelu6F32;
}

void run_block(const GemmArgsF32& args, int64_t first, int64_t pixels) {
  const bool clamp = is_clamp(args.activation);
  const int32_t panels = (args.channels + kPanelChannels - 1) / kPanelChannels;
  const float* bias = static_cast<const float*>(args.packed);
  const float* weights = bias + panels * kPanelChannels;
  for (int32_t panel = 0; panel < panels; ++panel) {
    const int32_t channel = panel * kPanelChannels;
    const int32_t rest = args.channels - channel;
    Tile t;
    t.input = args.input + first * args.input_stride;
    t.input_stride = args.input_stride;
    t.depth = args.depth;
    t.segments = args.segments;
    t.segment_step = args.segment_stride - args.depth;
    t.weights = weights + int64_t{channel} * args.segments * args.depth;
    t.bias = bias + channel;
    const int64_t element = first * args.channels + channel;
    t.output = args.output + element;
    t.residual = clamp && args.residual ? args.residual + args.first_element + element : nullptr;
    t.low = clamp && args.activation != kActNoneF32 ? 0.0f : -INFINITY;
    t.high = args.activation == kActRelu6F32 ? 6.0f : INFINITY;
    t.output_stride = args.channels;
    t.channels = rest < kPanelChannels ? rest : kPanelChannels;
    int64_t left = pixels;
    run_tiles<6>(&t, &left);
    run_tiles<4>(&t, &left);
    run_tiles<2>(&t, &left);
    run_tiles<1>(&t, &left);
  }
}

}  // namespace

void avx2_gemm_f32(const GemmArgsF32& args) {
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
