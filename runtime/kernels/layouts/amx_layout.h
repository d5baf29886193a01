// Packed weights of the AMX matrix kernel: first one bias per channel, padded with zeros to whole
// panels of 16 channels, then panel after panel, each [blocks][block/4][16][4]. A block of inputs
// is one weight tile: block/4 rows of 64 bytes, four consecutive inputs of one channel side by
// side. Also included by files with instruction-set flags: plain structs and static functions only.
#pragma once

#include <stdint.h>

#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

/// How the inputs of an output value are cut into tiles.
struct AmxDepth {
  int32_t blocks;
  int32_t block;  ///< a multiple of 4, at most 64; the last block may reach beyond the inputs
};

/// As few blocks as 64 bytes a tile row allow, all of one size, so that one tile configuration
/// serves them all. The same for `depth` and for `depth` rounded up to 4. Only the last block
/// reaches beyond the inputs.
static inline AmxDepth amx_depth(int32_t depth) {
  const int32_t quads = (depth + 3) / 4;
  AmxDepth d;
  d.blocks = (quads + 15) / 16;
  d.block = (quads + d.blocks - 1) / d.blocks * 4;
  return d;
}

int64_t amx_packed_bytes_s8(const ConvGeometry& g);

/// The bias takes the input zero point in: bias − z·Σw, so that the kernel multiplies raw bytes.
void amx_pack_s8(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                 int32_t input_zero_point, void* packed);

}  // namespace edgefront
