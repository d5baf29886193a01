#include "runtime/kernels/layouts/arm_layout.h"

#include <string.h>

namespace edgefront {
namespace {

/// Taps of a kernel row as they are stored: `quads` rounds them up to a multiple of four.
enum class RowTaps { kPlain, kQuads };

int32_t taps_of_row(int32_t kernel, RowTaps taps) {
  return taps == RowTaps::kPlain ? kernel : kTapsOfQuad * quads_of_kernel(kernel);
}

int64_t packed_bytes(const ConvGeometry& g, RowTaps taps) {
  return padded_channels(g) * (4 + int64_t{g.kernel} * taps_of_row(g.kernel, taps));
}

int64_t scratch_bytes(const ConvGeometry& g, int64_t columns, int64_t column_bytes) {
  return round_up_to(g.kernel * columns * column_bytes + int64_t{g.out_width} * kStripChannels, 64);
}

/// bias − z·Σw; unsigned, because it may wrap where the accumulators wrap back.
int32_t compensated(int32_t bias, int32_t zero_point, uint32_t sum) {
  const uint32_t value = static_cast<uint32_t>(bias) - static_cast<uint32_t>(zero_point) * sum;
  int32_t result;
  memcpy(&result, &value, sizeof result);
  return result;
}

void pack_strips(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                 int32_t zero_point, RowTaps taps, void* packed) {
  const int32_t row_taps = taps_of_row(g.kernel, taps);
  const int64_t strip_bytes = int64_t{g.kernel} * row_taps * kStripChannels;
  memset(packed, 0, static_cast<size_t>(packed_bytes(g, taps)));
  int32_t* packed_bias = static_cast<int32_t*>(packed);
  int8_t* strips = reinterpret_cast<int8_t*>(packed_bias + padded_channels(g));
  for (int32_t c = 0; c < g.out_channels; ++c) {
    int8_t* strip = strips + c / kStripChannels * strip_bytes;
    const int32_t lane = c % kStripChannels;
    uint32_t sum = 0;
    for (int32_t ky = 0; ky < g.kernel; ++ky) {
      for (int32_t kx = 0; kx < g.kernel; ++kx) {
        const int8_t weight = weights[int64_t{ky * g.kernel + kx} * g.out_channels + c];
        const int32_t tap = ky * row_taps + kx;
        const int32_t at =
            taps == RowTaps::kPlain
                ? tap * kStripChannels + lane
                : (tap / kTapsOfQuad * kStripChannels + lane) * kTapsOfQuad + tap % kTapsOfQuad;
        strip[at] = weight;
        sum += static_cast<uint32_t>(static_cast<int32_t>(weight));
      }
    }
    packed_bias[c] = compensated(bias[c], zero_point, sum);
  }
}

}  // namespace

void gemm_pack_s8_pairs(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                        int32_t input_zero_point, void* packed) {
  const int32_t depth = gemm_depth(g);
  const int64_t panel_bytes = round_up_to(depth, 4) * kPanelChannels;
  memset(packed, 0, static_cast<size_t>(gemm_packed_bytes_s8(g)));
  int32_t* packed_bias = static_cast<int32_t*>(packed);
  int8_t* panels = reinterpret_cast<int8_t*>(packed_bias + padded_channels(g));
  for (int32_t c = 0; c < g.out_channels; ++c) {
    const int8_t* filter = weights + int64_t{c} * depth;
    int8_t* lane = panels + c / kPanelChannels * panel_bytes + c % kPanelChannels * 2;
    uint32_t sum = 0;
    for (int32_t k = 0; k < depth; ++k) {
      lane[k / 2 * kPanelChannels * 2 + k % 2] = filter[k];
      sum += static_cast<uint32_t>(static_cast<int32_t>(filter[k]));
    }
    packed_bias[c] = compensated(bias[c], input_zero_point, sum);
  }
}

int64_t strip_packed_bytes_plain(const ConvGeometry& g) { return packed_bytes(g, RowTaps::kPlain); }
int64_t strip_packed_bytes_quads(const ConvGeometry& g) { return packed_bytes(g, RowTaps::kQuads); }

int64_t strip_packed_bytes_f32(const ConvGeometry& g) {
  const int64_t channels = round_up_to(g.out_channels, kStripChannelsF32);
  return 4 * channels * (1 + int64_t{g.kernel} * g.kernel);
}

int64_t strip_scratch_bytes_plain(const ConvGeometry& g) {
  return scratch_bytes(g, plain_ring_columns(g), kStripChannels);
}

int64_t strip_scratch_bytes_quads(const ConvGeometry& g) {
  return scratch_bytes(g, quad_ring_columns(g), kStripChannels * kTapsOfQuad);
}

void strip_pack_plain(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                      int32_t input_zero_point, void* packed) {
  pack_strips(g, weights, bias, input_zero_point, RowTaps::kPlain, packed);
}

void strip_pack_quads(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                      int32_t input_zero_point, void* packed) {
  pack_strips(g, weights, bias, input_zero_point, RowTaps::kQuads, packed);
}

void strip_pack_f32(const ConvGeometry& g, const float* weights, const float* bias, void* packed) {
  const int64_t taps = int64_t{g.kernel} * g.kernel;
  memset(packed, 0, static_cast<size_t>(strip_packed_bytes_f32(g)));
  float* packed_bias = static_cast<float*>(packed);
  float* strips = packed_bias + round_up_to(g.out_channels, kStripChannelsF32);
  memcpy(packed_bias, bias, 4 * static_cast<size_t>(g.out_channels));
  for (int64_t tap = 0; tap < taps; ++tap) {
    for (int64_t c = 0; c < g.out_channels; ++c) {
      const int64_t strip = c / kStripChannelsF32;
      strips[(strip * taps + tap) * kStripChannelsF32 + c % kStripChannelsF32] =
          weights[tap * g.out_channels + c];
    }
  }
}

}  // namespace edgefront
