#include "runtime/kernels/layouts/gemm_layout.h"

#include <string.h>

namespace edgefront {
namespace {

// Unsigned arithmetic: sums wrap where the true value, after all compensations, fits again. `flip`
// is 0x80 where weights are stored as w + 128, padding included.
void pack_panels(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                 int32_t input_zero_point, int flip, void* packed) {
  const int32_t depth = gemm_depth(g);
  const int64_t quads = round_up_to(depth, 4) / 4;
  const int64_t channels = padded_channels(g);
  uint32_t* packed_bias = static_cast<uint32_t*>(packed);
  int8_t* panels = reinterpret_cast<int8_t*>(packed_bias + channels);
  memset(packed_bias, 0, static_cast<size_t>(4 * channels));
  memset(panels, flip, static_cast<size_t>(4 * channels * quads));
  for (int32_t c = 0; c < g.out_channels; ++c) {
    const int8_t* filter = weights + int64_t{c} * depth;
    int8_t* lane =
        panels + (c / kPanelChannels) * quads * kPanelChannels * 4 + (c % kPanelChannels) * 4;
    uint32_t sum = 0;
    for (int32_t k = 0; k < depth; ++k) {
      lane[(k / 4) * kPanelChannels * 4 + k % 4] = static_cast<int8_t>(filter[k] ^ flip);
      sum += static_cast<uint32_t>(static_cast<int32_t>(filter[k]));
    }
    packed_bias[c] = static_cast<uint32_t>(bias[c]) - static_cast<uint32_t>(input_zero_point) * sum;
  }
}

}  // namespace

int64_t gemm_packed_bytes_s8(const ConvGeometry& g) {
  return padded_channels(g) * (4 + round_up_to(gemm_depth(g), 4));
}

int64_t gemm_packed_bytes_f32(const ConvGeometry& g) {
  return padded_channels(g) * 4 * (1 + int64_t{gemm_depth(g)});
}

int64_t gemm_no_scratch(const ConvGeometry&) { return 0; }

void gemm_pack_s8(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                  int32_t input_zero_point, void* packed) {
  pack_panels(g, weights, bias, input_zero_point, 0, packed);
}

void gemm_pack_u8(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                  int32_t input_zero_point, void* packed) {
  pack_panels(g, weights, bias, input_zero_point, 0x80, packed);
}

void gemm_pack_f32(const ConvGeometry& g, const float* weights, const float* bias, void* packed) {
  const int64_t depth = gemm_depth(g);
  memset(packed, 0, static_cast<size_t>(gemm_packed_bytes_f32(g)));
  float* packed_bias = static_cast<float*>(packed);
  float* panels = packed_bias + padded_channels(g);
  for (int32_t c = 0; c < g.out_channels; ++c) {
    packed_bias[c] = bias[c];
    float* lane = panels + (c / kPanelChannels) * depth * kPanelChannels + c % kPanelChannels;
    for (int64_t k = 0; k < depth; ++k) lane[k * kPanelChannels] = weights[c * depth + k];
  }
}

}  // namespace edgefront
