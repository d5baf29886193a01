// Packed weights of the matrix kernels (pointwise, im2col convolution, fully connected), shared by
// all x86 sets: first one bias per channel, padded with zeros to whole panels of 16 channels, then
// panel after panel. int8: [panel][depth/4][16][4], four consecutive inputs of one channel side by
// side; fp32: [panel][depth][16]. Depth and channels are padded with zero weights.
// Also included by files with instruction-set flags: plain structs and static functions only.
#pragma once

#include <stdint.h>

#include "runtime/kernels/kernels.h"

namespace edgefront {

enum { kPanelChannels = 16 };

static inline int64_t round_up_to(int64_t value, int64_t step) {
  return (value + step - 1) / step * step;
}

/// output[pixel][channel] = finish(bias[channel] + Σ_k input[pixel][k]·weights[k][channel]). The
/// inputs of a pixel may come in several segments of `depth` values, one `segment_stride` behind
/// the other; `depth` is then a multiple of four in int8, and kernels that do not know of segments
/// are not called with them.
struct GemmArgsS8 {
  const int8_t* input;
  int64_t input_stride;  ///< elements from pixel to pixel
  int64_t pixels;
  int32_t depth;  ///< inputs per pixel that may be read
  int32_t channels;
  const void* packed;
  int8_t* output;         ///< pixels·channels values without gaps
  int64_t first_element;  ///< of `output` in the whole tensor: where the residual is read
  const RequantizeS8* requantize;
  int32_t segments = 1;
  int64_t segment_stride = 0;
};

struct GemmArgsF32 {
  const float* input;
  int64_t input_stride;
  int64_t pixels;
  int32_t depth;
  int32_t channels;
  const void* packed;
  float* output;
  int64_t first_element;
  ActivationF32 activation;
  const float* residual;
  int32_t segments = 1;
  int64_t segment_stride = 0;
};

/// Inputs per output value: kernel²·in_channels.
static inline int32_t gemm_depth(const ConvGeometry& g) {
  return g.kernel * g.kernel * g.in_channels;
}

static inline int64_t padded_channels(const ConvGeometry& g) {
  return round_up_to(g.out_channels, kPanelChannels);
}

int64_t gemm_packed_bytes_s8(const ConvGeometry& g);
int64_t gemm_packed_bytes_f32(const ConvGeometry& g);
int64_t gemm_no_scratch(const ConvGeometry& g);

/// The bias takes the input zero point in: bias − z·Σw, so that kernels multiply raw bytes.
void gemm_pack_s8(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                  int32_t input_zero_point, void* packed);
/// For kernels whose unsigned operand is the weight: stored as w + 128, padding included; such a
/// kernel subtracts 128·Σ inputs from each pixel.
void gemm_pack_u8(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                  int32_t input_zero_point, void* packed);
void gemm_pack_f32(const ConvGeometry& g, const float* weights, const float* bias, void* packed);

}  // namespace edgefront
