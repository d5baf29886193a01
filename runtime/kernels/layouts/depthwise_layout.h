// Packed weights and scratch of the depthwise kernels of the x86 sets.
//
// int8: rows of the input are interleaved into scratch, `taps` neighbouring rows to a group (4
// bytes for sets with VNNI, 2 int16 for those without), as [column with padding][channel][tap]; 4
// bytes per channel either way. One dot product of 4 bytes then adds a group's taps of a channel
// with a contiguous load, and padding needs no branch. Output rows are computed in pairs: a group
// serves every pair that meets it, and lives in a ring of slots until the last one has passed. Wide
// layers are cut into tiles of columns whose slots fit into the first-level cache. Weights: one
// bias per channel, channels padded to 16, then [panel of 16][output row of the
// pair][group][kx][channel] [tap] with zeros for rows that an output does not meet.
//
// fp32: one bias per channel, then [ky][kx][channel], channels padded to 16; no scratch. Also
// included by files with instruction-set flags: plain structs and static functions only.
#pragma once

#include <stdint.h>

#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

enum { kQuadTaps = 4, kPairTaps = 2, kInterleaveSlack = 64, kDepthwiseTileBytes = 36 * 1024 };

/// Rows from group to group under a pair of output rows. Three rows with stride 2 take a group of
/// four for each output row: shared groups would cost the second one twice the products.
static inline constexpr int32_t depthwise_pitch(int32_t kernel, int32_t stride, int32_t taps) {
  return taps == kQuadTaps && kernel == 3 && stride == 2 ? 2 : taps;
}

/// The first and last group that output row `row` (0 or 1) of a pair meets, the first row of the
/// first one being row 0 of the pair.
static inline constexpr int32_t depthwise_first_group(int32_t kernel, int32_t stride, int32_t taps,
                                                      int32_t row) {
  return row * stride / depthwise_pitch(kernel, stride, taps);
}
static inline constexpr int32_t depthwise_last_group(int32_t kernel, int32_t stride, int32_t taps,
                                                     int32_t row) {
  const int32_t pitch = depthwise_pitch(kernel, stride, taps);
  const int32_t first = depthwise_first_group(kernel, stride, taps, row);
  return first + (row * stride - first * pitch + kernel - 1) / taps;
}

/// Groups under a pair.
static inline constexpr int32_t depthwise_groups(int32_t kernel, int32_t stride, int32_t taps) {
  return depthwise_last_group(kernel, stride, taps, 1) + 1;
}

/// Groups of all pairs are numbered; consecutive ones begin this many rows apart. The numbers under
/// one pair are pitch/rows apart and advance by 2·stride/rows from pair to pair.
static inline constexpr int32_t depthwise_group_rows(int32_t kernel, int32_t stride, int32_t taps) {
  return stride == 1 ? 2 : depthwise_pitch(kernel, stride, taps);
}

/// Groups in scratch at a time.
static inline constexpr int32_t depthwise_slots(int32_t kernel, int32_t stride, int32_t taps) {
  return (depthwise_groups(kernel, stride, taps) - 1) * depthwise_pitch(kernel, stride, taps) /
             depthwise_group_rows(kernel, stride, taps) +
         1;
}

/// Outputs of a tile: the whole width if its slots fit into a share of the first-level cache, else
/// equal parts that do, in whole blocks of outputs.
int32_t depthwise_tile_width(const ConvGeometry& g, int32_t taps);

/// Bytes of one slot; the slack takes what whole vectors read and write beyond the last column.
static inline int64_t depthwise_slot_bytes(const ConvGeometry& g, int32_t tile_width) {
  const int64_t columns = int64_t{tile_width - 1} * g.stride + g.kernel;
  return 4 * round_up_to(columns * g.in_channels + kInterleaveSlack, 16);
}

/// Bytes of the weights of one panel and one output row of the pair.
static inline int64_t depthwise_panel_row_bytes(const ConvGeometry& g, int32_t taps) {
  return int64_t{4} * kPanelChannels * g.kernel * depthwise_groups(g.kernel, g.stride, taps);
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
