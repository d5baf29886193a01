#include "runtime/kernels/layouts/depthwise_layout.h"

#include <string.h>

namespace edgefront {
namespace {

int64_t packed_bytes(const ConvGeometry& g, int32_t taps) {
  return padded_channels(g) * 4 * (1 + int64_t{g.kernel} * depthwise_groups(g.kernel, taps));
}

int64_t scratch_bytes(const ConvGeometry& g, int32_t taps) {
  return depthwise_groups(g.kernel, taps) * interleaved_row_bytes(g);
}

/// `Weight` is the type of one tap: four bytes or two int16 make one group.
template <typename Weight>
void pack(const ConvGeometry& g, const int8_t* weights, const int32_t* bias, int32_t offset,
          void* packed) {
  const int32_t taps = 4 / static_cast<int32_t>(sizeof(Weight));
  const int32_t groups = depthwise_groups(g.kernel, taps);
  const int64_t channels = padded_channels(g);
  memset(packed, 0, static_cast<size_t>(packed_bytes(g, taps)));
  int32_t* packed_bias = static_cast<int32_t*>(packed);
  Weight* out = reinterpret_cast<Weight*>(packed_bias + channels);
  for (int32_t c = 0; c < g.out_channels; ++c) {
    uint32_t sum = 0;  // wraps, as the accumulators do
    for (int32_t ky = 0; ky < g.kernel; ++ky) {
      for (int32_t kx = 0; kx < g.kernel; ++kx) {
        const int8_t weight = weights[int64_t{ky * g.kernel + kx} * g.out_channels + c];
        const int64_t group = int64_t{kx} * groups + ky / taps;
        out[(group * channels + c) * taps + ky % taps] = weight;
        sum += static_cast<uint32_t>(static_cast<int32_t>(weight));
      }
    }
    const uint32_t compensated =
        static_cast<uint32_t>(bias[c]) - static_cast<uint32_t>(offset) * sum;
    memcpy(packed_bias + c, &compensated, sizeof compensated);
  }
}

}  // namespace

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
