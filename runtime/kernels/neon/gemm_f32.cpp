// fp32 matrix kernel: a register tile of eight pixels × 8 channels (half a panel).
#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "runtime/kernels/layouts/gemm_layout.h"
#include "runtime/kernels/neon/epilogue.h"
#include "runtime/kernels/neon/neon.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

constexpr int64_t kPixelBlock = 48;
constexpr int32_t kHalfChannels = 8;

struct Tile {
  const float* input;
  int64_t input_stride;
  int32_t depth;
  const float* weights;
  const float* bias;
  float* output;
  int64_t output_stride;
  int32_t channels;  ///< of this half panel, at most 8
};

/// The kLane-th of four inputs of every pixel.
template <int kLane, int kPixels>
EDGEFRONT_INLINE void multiply_lane(const float* weights, const float32x4_t inputs[kPixels],
                                    float32x4_t (*acc)[2]) {
  const float32x4_t low = vld1q_f32(weights + kLane * kPanelChannels);
  const float32x4_t high = vld1q_f32(weights + kLane * kPanelChannels + 4);
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    acc[p][0] = vfmaq_laneq_f32(acc[p][0], low, inputs[p], kLane);
    acc[p][1] = vfmaq_laneq_f32(acc[p][1], high, inputs[p], kLane);
  }
}

template <int kPixels>
void run_tile(const Tile& t) {
  float32x4_t acc[kPixels][2];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    acc[p][0] = vld1q_f32(t.bias);
    acc[p][1] = vld1q_f32(t.bias + 4);
  }
  const float* weights = t.weights;
  int32_t k = 0;
  for (; k + 4 <= t.depth; k += 4, weights += 4 * kPanelChannels) {
    float32x4_t inputs[kPixels];
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) inputs[p] = vld1q_f32(t.input + p * t.input_stride + k);
    multiply_lane<0, kPixels>(weights, inputs, acc);
    multiply_lane<1, kPixels>(weights, inputs, acc);
    multiply_lane<2, kPixels>(weights, inputs, acc);
    multiply_lane<3, kPixels>(weights, inputs, acc);
  }
  for (; k < t.depth; ++k, weights += kPanelChannels) {
    float32x4_t inputs[kPixels];
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) inputs[p] = vld1q_dup_f32(t.input + p * t.input_stride + k);
    multiply_lane<0, kPixels>(weights, inputs, acc);
  }
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    store_some_f32<2>(t.output + p * t.output_stride, acc[p], t.channels);
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
  const float* bias = static_cast<const float*>(args.packed);
  const float* weights = bias + round_up_to(args.channels, kPanelChannels);
  for (int32_t channel = 0; channel < args.channels; channel += kHalfChannels) {
    const int32_t rest = args.channels - channel;
    const int64_t panel = channel / kPanelChannels * kPanelChannels;
    Tile t;
    t.input = args.input + first * args.input_stride;
    t.input_stride = args.input_stride;
    t.depth = args.depth;
    t.weights = weights + panel * args.depth + channel % kPanelChannels;
    t.bias = bias + channel;
    t.output = args.output + first * args.channels + channel;
    t.output_stride = args.channels;
    t.channels = rest < kHalfChannels ? rest : kHalfChannels;
    int64_t left = pixels;
    run_tiles<8>(&t, &left);
    run_tiles<4>(&t, &left);
    run_tiles<2>(&t, &left);
    run_tiles<1>(&t, &left);
  }
}

}  // namespace

void neon_gemm_f32(const GemmArgsF32& args) {
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
