// Packed weights and scratch of the ARM sets, where they differ from layouts/gemm_layout.h.
//
// Matrix kernel of `neon`: panels of 16 channels as in gemm_layout.h, but within four consecutive
// inputs first the first two of all 16 channels, then the other two: [panel][depth/4][2][16][2].
// Depthwise, int8: strips of 16 channels, one after the other over the whole image. The input rows
// under an output row stand in scratch as a ring, padding included, each brought in once: `neon` as
// plain columns of 16 channels, `neon_dotprod` with four neighbouring columns interleaved,
// [column][16][4], for every column at which a group of four taps begins. Behind the ring: one
// output row of the strip. Weights: one bias per channel, channels padded to 16, then
// [strip][ky][kx][16] or [strip][ky][⌈k/4⌉][16][4], padded with zeros.
// Depthwise, fp32: one bias per channel, then [strip of 8][ky][kx][8]; no scratch.
// Also included by files with instruction-set flags: plain structs and static functions only.
#pragma once

#include <stdint.h>

#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

enum { kStripChannels = 16, kStripChannelsF32 = 8, kTapsOfQuad = 4 };

static inline int32_t quads_of_kernel(int32_t kernel) {
  return (kernel + kTapsOfQuad - 1) / kTapsOfQuad;
}

/// Columns of 16 bytes in one row of the ring.
static inline int64_t plain_ring_columns(const ConvGeometry& g) { return g.in_width + 2 * g.pad; }

/// Columns of 64 bytes: output column x reads x, and 4/stride columns on for each further quad.
static inline int64_t quad_ring_columns(const ConvGeometry& g) {
  return g.out_width + (quads_of_kernel(g.kernel) - 1) * (kTapsOfQuad / g.stride);
}

/// Sizes are those of gemm_packed_bytes_s8(); the bias takes the input zero point in.
void gemm_pack_s8_pairs(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                        int32_t input_zero_point, void* packed);

int64_t strip_packed_bytes_plain(const ConvGeometry& g);
int64_t strip_packed_bytes_quads(const ConvGeometry& g);
int64_t strip_packed_bytes_f32(const ConvGeometry& g);
int64_t strip_scratch_bytes_plain(const ConvGeometry& g);
int64_t strip_scratch_bytes_quads(const ConvGeometry& g);

/// Activations as they are: bias − z·Σw.
void strip_pack_plain(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                      int32_t input_zero_point, void* packed);
void strip_pack_quads(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                      int32_t input_zero_point, void* packed);
void strip_pack_f32(const ConvGeometry& g, const float* weights, const float* bias, void* packed);

}  // namespace edgefront
