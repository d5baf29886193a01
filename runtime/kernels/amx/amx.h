// Entry points of the files compiled for AMX (TILE, INT8) and AVX-512 (F, BW, DQ, VL).
// Declarations only; callers check the processor and ask the system for the tile registers first
// (x86_sets.cpp).
#pragma once

#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

void amx_gemm_s8(const GemmArgsS8& args);  ///< weights of amx_pack_s8

}  // namespace edgefront
