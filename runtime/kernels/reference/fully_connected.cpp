#include <string.h>

#include "runtime/kernels/reference/reference.h"
#include "runtime/kernels/requantize.h"

namespace edgefront {
namespace {

int64_t weight_count(const ConvGeometry& g) { return int64_t{1} * g.out_channels * g.in_channels; }

int64_t packed_bytes_s8(const ConvGeometry& g) {
  return int64_t{4} * g.out_channels + weight_count(g);
}

int64_t packed_bytes_f32(const ConvGeometry& g) {
  return int64_t{4} * g.out_channels + 4 * weight_count(g);
}

int64_t no_scratch(const ConvGeometry&) { return 0; }

void pack_s8(const ConvGeometry& g, const int8_t* weights, const int32_t* bias, int32_t,
             void* packed) {
  int32_t* packed_bias = static_cast<int32_t*>(packed);
  memcpy(packed_bias, bias, 4 * static_cast<size_t>(g.out_channels));
  memcpy(packed_bias + g.out_channels, weights, static_cast<size_t>(weight_count(g)));
}

void pack_f32(const ConvGeometry& g, const float* weights, const float* bias, void* packed) {
  float* packed_bias = static_cast<float*>(packed);
  memcpy(packed_bias, bias, 4 * static_cast<size_t>(g.out_channels));
  memcpy(packed_bias + g.out_channels, weights, 4 * static_cast<size_t>(weight_count(g)));
}

void run_s8(const ConvArgsS8& args) {
  const ConvGeometry& g = args.geometry;
  const int32_t* bias = static_cast<const int32_t*>(args.packed);
  const int8_t* weights = reinterpret_cast<const int8_t*>(bias + g.out_channels);
  for (int32_t out = 0; out < g.out_channels; ++out) {
    int32_t sum = bias[out];
    for (int32_t in = 0; in < g.in_channels; ++in) {
      sum += (args.input[in] - args.input_zero_point) * weights[int64_t{out} * g.in_channels + in];
    }
    args.output[out] = requantize_fused(&args.requantize, sum, out, out);
  }
}

void run_f32(const ConvArgsF32& args) {
  const ConvGeometry& g = args.geometry;
  const float* bias = static_cast<const float*>(args.packed);
  const float* weights = bias + g.out_channels;
  for (int32_t out = 0; out < g.out_channels; ++out) {
    float sum = bias[out];
    for (int32_t in = 0; in < g.in_channels; ++in) {
      sum += args.input[in] * weights[int64_t{out} * g.in_channels + in];
    }
    const float activated = activate_f32(sum, args.activation);
    args.output[out] = args.residual ? activated + args.residual[out] : activated;
  }
}

}  // namespace

const ConvKernelS8 kReferenceFullyConnectedS8 = {"reference_fully_connected", packed_bytes_s8,
                                                 no_scratch, pack_s8, run_s8};
const ConvKernelF32 kReferenceFullyConnectedF32 = {"reference_fully_connected", packed_bytes_f32,
                                                   no_scratch, pack_f32, run_f32};

}  // namespace edgefront
