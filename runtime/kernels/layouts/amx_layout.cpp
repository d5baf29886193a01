#include "runtime/kernels/layouts/amx_layout.h"

#include <string.h>

namespace edgefront {
namespace {

/// Inputs per channel, with those that fill the last block up.
int64_t padded_depth(const ConvGeometry& g) {
  const AmxDepth depth = amx_depth(gemm_depth(g));
  return int64_t{depth.blocks} * depth.block;
}

}  // namespace

int64_t amx_packed_bytes_s8(const ConvGeometry& g) {
  return padded_channels(g) * (4 + padded_depth(g));
}

// Unsigned arithmetic: sums wrap where the true value, after all compensations, fits again.
void amx_pack_s8(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                 int32_t input_zero_point, void* packed) {
  const int32_t depth = gemm_depth(g);
  const int64_t panel_bytes = padded_depth(g) * kPanelChannels;
  memset(packed, 0, static_cast<size_t>(amx_packed_bytes_s8(g)));
  uint32_t* packed_bias = static_cast<uint32_t*>(packed);
  int8_t* panels = reinterpret_cast<int8_t*>(packed_bias + padded_channels(g));
  for (int32_t c = 0; c < g.out_channels; ++c) {
    const int8_t* filter = weights + int64_t{c} * depth;
    // Blocks follow each other without gaps, so quad k/4 of a channel is row k/4 of its panel.
    int8_t* lane = panels + c / kPanelChannels * panel_bytes + c % kPanelChannels * 4;
    uint32_t sum = 0;
    for (int32_t k = 0; k < depth; ++k) {
      lane[k / 4 * kPanelChannels * 4 + k % 4] = filter[k];
      sum += static_cast<uint32_t>(static_cast<int32_t>(filter[k]));
    }
    packed_bias[c] = static_cast<uint32_t>(bias[c]) - static_cast<uint32_t>(input_zero_point) * sum;
  }
}

}  // namespace edgefront
