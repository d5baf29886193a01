// General convolutions as matrix products without patches: padded input rows, some more than the
// kernel covers, are copied to scratch, and a pixel's inputs are `kernel` segments of them, one per
// row, each kernel·in_channels neighbouring values. int8 segments are padded with zero weights to a
// multiple of four inputs. Portable; the instruction set comes in as the `gemm` function.
#pragma once

#include "runtime/kernels/kernels.h"
#include "runtime/kernels/layouts/convolution.h"
#include "runtime/kernels/layouts/gemm_layout.h"

namespace edgefront {

int64_t direct_packed_bytes_s8(const ConvGeometry& g);
int64_t direct_scratch_bytes_s8(const ConvGeometry& g);
int64_t direct_scratch_bytes_f32(const ConvGeometry& g);

/// As gemm_pack_s8, with padded segments. fp32 has none: gemm_pack_f32 serves it.
void direct_pack_s8(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                    int32_t input_zero_point, void* packed);
/// For kernels that multiply signed weights with unsigned activations q + 128.
void direct_pack_flipped(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                         int32_t input_zero_point, void* packed);

/// Whether the rows in scratch hold activations as they are, or q + 128 as unsigned bytes.
enum class RowBytes { kAsStored, kFlipped };

void run_direct_convolution_s8(const ConvArgsS8& args, GemmS8 gemm, RowBytes bytes);
void run_direct_convolution_f32(const ConvArgsF32& args, GemmF32 gemm);

}  // namespace edgefront
