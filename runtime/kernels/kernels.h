// Arguments of the micro-kernels and the rows of function pointers that a kernel set is made of.
// Included by files that are compiled with instruction-set flags, so: plain structs, C headers
// only, no inline function and no template. Layouts: activations HWC (batch 1); weights as stored:
// conv [out][ky][kx][in], depthwise [ky][kx][channel], fully connected [out][in].
// Pointers to activations are aligned to 64 bytes at the start of a tensor; kernels neither read
// nor write outside the tensors (tests put guard bytes around them). Kernels are pure functions of
// their arguments and may run concurrently on different buffers.
#pragma once

#include <stdint.h>

namespace edgefront {

/// Geometry of conv, depthwise and fully connected (1x1 images, kernel 1). pad = kernel/2.
struct ConvGeometry {
  int32_t in_height, in_width, in_channels;
  int32_t out_height, out_width, out_channels;
  int32_t kernel, stride, pad;
};

/// The output rows [begin, end) that one call computes, and where its buffers begin: `input` points
/// at row `input_row` of the input tensor, `output` and the residual at row `output_row` of theirs.
/// The whole layer is {0, out_height, 0, 0}. Rows of the input that the kernel covers and that lie
/// inside the image must be there; rows outside of it are padding wherever the buffer ends. Bands
/// of a layer give the same bits as the layer at once.
struct RowRange {
  int32_t begin, end;
  int32_t input_row, output_row;
};

/// How int32 accumulators become int8 outputs (runtime/kernels/requantize.h is normative):
///   q = rint(min(max(float(acc)·m[c], qmin − zp), qmax − zp)) + zp,
/// then `table` (256 entries indexed by q + 128; null: none), then the residual add if present.
struct RequantizeS8 {
  const float* multipliers;  ///< per output channel
  int32_t zero_point;        ///< of the convolution's own output (before the table and the add)
  int32_t qmin, qmax;        ///< clamp, relu/relu6 included; within [−128, 127]
  const int8_t* table;
  // Residual add: float(q − z_a)·m_a + float(r − z_b)·m_b, then requantized with multiplier 1 and
  // clamped to [add_qmin, add_qmax]. residual == null: no add.
  const int8_t* residual;   ///< same shape and first row as the output
  float conv_multiplier;    ///< m_a
  int32_t conv_zero_point;  ///< z_a: zero point after the table
  float residual_multiplier;
  int32_t residual_zero_point;
  int32_t sum_zero_point;
  int32_t sum_qmin, sum_qmax;
};

struct ConvArgsS8 {
  ConvGeometry geometry;
  RowRange rows;
  const int8_t* input;
  int32_t input_zero_point;  ///< also the padding value
  const void* packed;        ///< made by `pack`, weights and bias
  int8_t* output;
  RequantizeS8 requantize;
  void* scratch;  ///< `scratch_bytes` of it, 64-byte aligned; null if 0
};

/// float path: acc = bias + Σ; then activation; then + residual.
enum ActivationF32 { kActNoneF32, kActReluF32, kActRelu6F32, kActHswishF32, kActHsigmoidF32 };

struct ConvArgsF32 {
  ConvGeometry geometry;
  RowRange rows;
  const float* input;
  const void* packed;
  float* output;
  ActivationF32 activation;
  const float* residual;  ///< null: none
  void* scratch;
};

/// `sizes` come from portable code (kernels/<set>/layout, compiled without ISA flags), so that any
/// machine can plan for any set. `pack` is called once at load; `packed` is 64-byte aligned and
/// `packed_bytes` long; every byte of it is written.
struct ConvKernelS8 {
  const char* name;  ///< for the per-layer table, e.g. "pointwise_6x16"
  int64_t (*packed_bytes)(const ConvGeometry&);
  int64_t (*scratch_bytes)(const ConvGeometry&);
  void (*pack)(const ConvGeometry&, const int8_t* weights, const int32_t* bias,
               int32_t input_zero_point, void* packed);
  void (*run)(const ConvArgsS8&);
};

struct ConvKernelF32 {
  const char* name;
  int64_t (*packed_bytes)(const ConvGeometry&);
  int64_t (*scratch_bytes)(const ConvGeometry&);
  void (*pack)(const ConvGeometry&, const float* weights, const float* bias, void* packed);
  void (*run)(const ConvArgsF32&);
};

}  // namespace edgefront
