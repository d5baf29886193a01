#include "runtime/kernels/layouts/depthwise_layout.h"

#include <string.h>

namespace edgefront {
namespace {

int64_t packed_bytes(const ConvGeometry& g, int32_t taps) {
  const int64_t panels = padded_channels(g) / kPanelChannels;
  return 4 * padded_channels(g) + panels * 2 * depthwise_panel_row_bytes(g, taps);
}

int64_t scratch_bytes(const ConvGeometry& g, int32_t taps) {
  return depthwise_slots(g.kernel, g.stride, taps) *
         depthwise_slot_bytes(g, depthwise_tile_width(g, taps));
}

/// The weights of one channel under one output row of a pair; `out` is the channel's first tap of
/// that row. `Weight` is the type of one tap: four bytes or two int16 make one group.
template <typename Weight>
void pack_row(const ConvGeometry& g, const int8_t* weights, int32_t row, Weight* out) {
  const int32_t taps = 4 / static_cast<int32_t>(sizeof(Weight));
  const int32_t first = depthwise_first_group(g.kernel, g.stride, taps, row);
  const int32_t top = row * g.stride - first * depthwise_pitch(g.kernel, g.stride, taps);
  for (int32_t ky = 0; ky < g.kernel; ++ky) {
    const int32_t y = top + ky;
    for (int32_t kx = 0; kx < g.kernel; ++kx) {
      const int64_t position = int64_t{first + y / taps} * g.kernel + kx;
      out[position * kPanelChannels * taps + y % taps] =
          weights[int64_t{ky * g.kernel + kx} * g.out_channels];
    }
  }
}

template <typename Weight>
void pack(const ConvGeometry& g, const int8_t* weights, const int32_t* bias, int32_t offset,
          void* packed) {
  const int32_t taps = 4 / static_cast<int32_t>(sizeof(Weight));
  memset(packed, 0, static_cast<size_t>(packed_bytes(g, taps)));
  char* bytes = static_cast<char*>(packed);
  char* panels = bytes + 4 * padded_channels(g);
  const int64_t row_bytes = depthwise_panel_row_bytes(g, taps);
  for (int32_t c = 0; c < g.out_channels; ++c) {
    uint32_t sum = 0;  // wraps, as the accumulators do
    for (int32_t tap = 0; tap < g.kernel * g.kernel; ++tap) {
      sum += static_cast<uint32_t>(int32_t{weights[int64_t{tap} * g.out_channels + c]});
    }
    const uint32_t compensated =
        static_cast<uint32_t>(bias[c]) - static_cast<uint32_t>(offset) * sum;
    memcpy(bytes + 4 * int64_t{c}, &compensated, sizeof compensated);
    char* channel = panels + c / kPanelChannels * 2 * row_bytes + 4 * (c % kPanelChannels);
    for (int32_t row = 0; row < 2; ++row) {
      pack_row(g, weights + c, row, reinterpret_cast<Weight*>(channel + row * row_bytes));
    }
  }
}

}  // namespace

int32_t depthwise_tile_width(const ConvGeometry& g, int32_t taps) {
  const int64_t column_bytes =
      int64_t{4} * g.in_channels * depthwise_slots(g.kernel, g.stride, taps);
  const int64_t columns = kDepthwiseTileBytes / column_bytes;
  const int64_t block = g.out_width % 7 == 0 ? 7 : 4;
  int64_t most = columns < g.kernel ? 0 : (columns - g.kernel) / g.stride + 1;
  if (most < block) most = block;
  if (most >= g.out_width) return g.out_width;
  const int64_t tiles = (g.out_width + most - 1) / most;
  return static_cast<int32_t>(round_up_to((g.out_width + tiles - 1) / tiles, block));
}

int64_t depthwise_packed_bytes_quad(const ConvGeometry& g) { return packed_bytes(g, kQuadTaps); }
int64_t depthwise_packed_bytes_pair(const ConvGeometry& g) { return packed_bytes(g, kPairTaps); }

int64_t depthwise_packed_bytes_f32(const ConvGeometry& g) {
  return padded_channels(g) * 4 * (1 + int64_t{g.kernel} * g.kernel);
}

int64_t depthwise_scratch_bytes_quad(const ConvGeometry& g) { return scratch_bytes(g, kQuadTaps); }
int64_t depthwise_scratch_bytes_pair(const ConvGeometry& g) { return scratch_bytes(g, kPairTaps); }

void depthwise_pack_quad(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                         int32_t input_zero_point, void* packed) {
  pack<int8_t>(g, weights, bias, input_zero_point + 128, packed);
}

void depthwise_pack_pair(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                         int32_t input_zero_point, void* packed) {
  pack<int16_t>(g, weights, bias, input_zero_point, packed);
}

void depthwise_pack_f32(const ConvGeometry& g, const float* weights, const float* bias,
                        void* packed) {
  const int64_t channels = padded_channels(g);
  memset(packed, 0, static_cast<size_t>(depthwise_packed_bytes_f32(g)));
  float* out = static_cast<float*>(packed);
  const size_t row = 4 * static_cast<size_t>(g.out_channels);
  memcpy(out, bias, row);
  for (int64_t tap = 0; tap < int64_t{g.kernel} * g.kernel; ++tap) {
    memcpy(out + (1 + tap) * channels, weights + tap * g.out_channels, row);
  }
}

}  // namespace edgefront
