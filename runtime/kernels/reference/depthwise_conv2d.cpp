#include "runtime/kernels/reference/plain_weights.h"
#include "runtime/kernels/reference/reference.h"
#include "runtime/kernels/requantize.h"

namespace edgefront {
namespace {

int64_t weight_count(const ConvGeometry& g) {
  return int64_t{1} * g.kernel * g.kernel * g.out_channels;
}

int64_t packed_bytes_s8(const ConvGeometry& g) { return plain_bytes(g, weight_count(g), 1); }
int64_t packed_bytes_f32(const ConvGeometry& g) { return plain_bytes(g, weight_count(g), 4); }

void pack_s8(const ConvGeometry& g, const int8_t* weights, const int32_t* bias, int32_t,
             void* packed) {
  pack_plain(g, bias, weights, weight_count(g), packed);
}

void pack_f32(const ConvGeometry& g, const float* weights, const float* bias, void* packed) {
  pack_plain(g, bias, weights, 4 * weight_count(g), packed);
}

int32_t accumulate_s8(const ConvArgsS8& args, const int8_t* weights, int32_t bias, int32_t out_y,
                      int32_t out_x, int32_t channel) {
  const ConvGeometry& g = args.geometry;
  int32_t sum = bias;
  for (int32_t ky = 0; ky < g.kernel; ++ky) {
    for (int32_t kx = 0; kx < g.kernel; ++kx) {
      const int32_t y = out_y * g.stride - g.pad + ky;
      const int32_t x = out_x * g.stride - g.pad + kx;
      if (!inside(g, y, x)) continue;
      const int64_t pixel = int64_t{y - args.rows.input_row} * g.in_width + x;
      const int32_t tap = ky * g.kernel + kx;
      sum += (args.input[pixel * g.in_channels + channel] - args.input_zero_point) *
             weights[int64_t{tap} * g.out_channels + channel];
    }
  }
  return sum;
}

float accumulate_f32(const ConvArgsF32& args, const float* weights, float bias, int32_t out_y,
                     int32_t out_x, int32_t channel) {
  const ConvGeometry& g = args.geometry;
  float sum = bias;
  for (int32_t ky = 0; ky < g.kernel; ++ky) {
    for (int32_t kx = 0; kx < g.kernel; ++kx) {
      const int32_t y = out_y * g.stride - g.pad + ky;
      const int32_t x = out_x * g.stride - g.pad + kx;
      if (!inside(g, y, x)) continue;
      const int64_t pixel = int64_t{y - args.rows.input_row} * g.in_width + x;
      const int32_t tap = ky * g.kernel + kx;
      sum += args.input[pixel * g.in_channels + channel] *
             weights[int64_t{tap} * g.out_channels + channel];
    }
  }
  return sum;
}

void run_s8(const ConvArgsS8& args) {
  const ConvGeometry& g = args.geometry;
  const int32_t* bias = static_cast<const int32_t*>(args.packed);
  const int8_t* weights = reinterpret_cast<const int8_t*>(bias + g.out_channels);
  const RowRange& rows = args.rows;
  int64_t index = int64_t{rows.begin - rows.output_row} * g.out_width * g.out_channels;
  for (int32_t y = rows.begin; y < rows.end; ++y) {
    for (int32_t x = 0; x < g.out_width; ++x) {
      for (int32_t c = 0; c < g.out_channels; ++c, ++index) {
        const int32_t sum = accumulate_s8(args, weights, bias[c], y, x, c);
        args.output[index] = requantize_fused(&args.requantize, sum, c, index);
      }
    }
  }
}

void run_f32(const ConvArgsF32& args) {
  const ConvGeometry& g = args.geometry;
  const float* bias = static_cast<const float*>(args.packed);
  const float* weights = bias + g.out_channels;
  const RowRange& rows = args.rows;
  int64_t index = int64_t{rows.begin - rows.output_row} * g.out_width * g.out_channels;
  for (int32_t y = rows.begin; y < rows.end; ++y) {
    for (int32_t x = 0; x < g.out_width; ++x) {
      for (int32_t c = 0; c < g.out_channels; ++c, ++index) {
        const float sum = accumulate_f32(args, weights, bias[c], y, x, c);
        const float activated = activate_f32(sum, args.activation);
        args.output[index] = args.residual ? activated + args.residual[index] : activated;
      }
    }
  }
}

}  // namespace

const ConvKernelS8 kReferenceDepthwiseS8 = {"reference_depthwise", packed_bytes_s8, no_scratch,
                                            pack_s8, run_s8};
const ConvKernelF32 kReferenceDepthwiseF32 = {"reference_depthwise", packed_bytes_f32, no_scratch,
                                              pack_f32, run_f32};

}  // namespace edgefront
