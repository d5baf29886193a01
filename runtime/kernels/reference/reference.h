// The reference kernels: naive, never optimised, the specification that every other set is tested
// against. `packed` is the bias followed by the weights as stored.
#pragma once

#include "runtime/kernels/kernels.h"

namespace edgefront {

extern const ConvKernelS8 kReferenceConvS8;
extern const ConvKernelS8 kReferenceDepthwiseS8;
extern const ConvKernelS8 kReferenceFullyConnectedS8;
extern const ConvKernelF32 kReferenceConvF32;
extern const ConvKernelF32 kReferenceDepthwiseF32;
extern const ConvKernelF32 kReferenceFullyConnectedF32;

}  // namespace edgefront
