// The AMX matrix kernel, the same source, on emulated tiles; needs AVX-512 for what follows the
// products.
#pragma once

#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

void emulated_amx_gemm_s8(const GemmArgsS8& args);

/// Since the program began.
struct TileCounts {
  int64_t configurations;
  int64_t faults;  ///< what the processor would have answered with an exception
};
TileCounts emulated_tile_counts();

}  // namespace edgefront
