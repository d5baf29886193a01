// fp32 matrix kernel: a register tile of six pixels × one panel of 16 channels.
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "runtime/kernels/avx2/avx2.h"
#include "runtime/kernels/avx2/epilogue.h"
#include "runtime/kernels/layouts/gemm_layout.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

constexpr int64_t kPixelBlock = 48;

struct Tile {
  const float* input;
  int64_t input_stride;
  int32_t depth;
  const float* weights;
  const float* bias;
  float* output;
  int64_t output_stride;
  int32_t channels;  ///< of this panel, at most 16
};

inline void store_panel(float* out, __m256 low, __m256 high, int32_t channels) {
  if (channels >= kPanelChannels) {
    _mm256_storeu_ps(out, low);
    _mm256_storeu_ps(out + 8, high);
    return;
  }
  float buffer[kPanelChannels];
  _mm256_storeu_ps(buffer, low);
  _mm256_storeu_ps(buffer + 8, high);
  memcpy(out, buffer, 4 * static_cast<size_t>(channels));
}

template <int kPixels>
void run_tile(const Tile& t) {
  __m256 low[kPixels], high[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    low[p] = _mm256_loadu_ps(t.bias);
    high[p] = _mm256_loadu_ps(t.bias + 8);
  }
  for (int32_t k = 0; k < t.depth; ++k) {
    const __m256 w_low = _mm256_loadu_ps(t.weights + int64_t{k} * kPanelChannels);
    const __m256 w_high = _mm256_loadu_ps(t.weights + int64_t{k} * kPanelChannels + 8);
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      const __m256 a = _mm256_broadcast_ss(t.input + p * t.input_stride + k);
      low[p] = _mm256_fmadd_ps(a, w_low, low[p]);
      high[p] = _mm256_fmadd_ps(a, w_high, high[p]);
    }
  }
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    store_panel(t.output + p * t.output_stride, low[p], high[p], t.channels);
  }
}

template <int kPixels>
void run_tiles(Tile* t, int64_t* pixels) {
  for (; *pixels >= kPixels; *pixels -= kPixels) {
    run_tile<kPixels>(*t);
    t->input += kPixels * t->input_stride;
    t->output += kPixels * t->output_stride;
  }
}

void run_block(const GemmArgsF32& args, int64_t first, int64_t pixels) {
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
    t.weights = weights + int64_t{channel} * args.depth;
    t.bias = bias + channel;
    t.output = args.output + first * args.channels + channel;
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
    const int64_t element = first * args.channels;
    const float* residual = args.residual ? args.residual + args.first_element + element : nullptr;
    finish_span_f32(args.output + element, pixels * args.channels, args.activation, residual);
  }
}

}  // namespace edgefront
