// Packed weights and scratch of the depthwise kernels of the x86 sets.
//
// int8: for each output row the input rows under it are interleaved into scratch, `taps` rows to a
// group (4 bytes for sets with VNNI, 2 int16 for those without), as [group][column with
// padding][channel][tap]; 4 bytes per channel either way. Every output value is then kernel·groups
// dot products of 4 bytes with contiguous loads, and padding needs no branch. Weights: one bias per
// channel, channels padded to 16, then [kx][group][channel][tap] with zeros for rows that the
// kernel does not have. fp32: one bias per channel, then [ky][kx][channel], channels padded to 16;
// no scratch. Also included by files with instruction-set flags: plain structs and static functions
// only.
#pragma once

#include <stdint.h>

#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

enum { kQuadTaps = 4, kPairTaps = 2, kInterleaveSlack = 64 };

static inline int32_t depthwise_groups(int32_t kernel, int32_t taps) {
  return (kernel + taps - 1) / taps;
}

/// Bytes of one group of interleaved rows; the slack takes what whole vectors read and write
/// beyond the last column.
static inline int64_t interleaved_row_bytes(const ConvGeometry& g) {
  return 4 * round_up_to(int64_t{g.in_width + 2 * g.pad} * g.in_channels + kInterleaveSlack, 16);
}

int64_t depthwise_packed_bytes_quad(const ConvGeometry& g);
int64_t depthwise_packed_bytes_pair(const ConvGeometry& g);
int64_t depthwise_packed_bytes_f32(const ConvGeometry& g);
int64_t depthwise_scratch_bytes_quad(const ConvGeometry& g);
int64_t depthwise_scratch_bytes_pair(const ConvGeometry& g);

/// Activations as unsigned bytes q + 128: bias − (z + 128)·Σw.
void depthwise_pack_quad(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                         int32_t input_zero_point, void* packed);
/// Activations as int16 q: bias − z·Σw.
void depthwise_pack_pair(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                         int32_t input_zero_point, void* packed);
void depthwise_pack_f32(const ConvGeometry& g, const float* weights, const float* bias,
                        void* packed);

}  // namespace edgefront
