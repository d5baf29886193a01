// The rows of the ARM kernel sets (AArch64). Sizes and packing are portable; on other processors
// the rows have no `run` and are never available.
#pragma once

#include "runtime/kernels/kernel_set.h"

namespace edgefront {

extern const KernelSet kNeonDotprodSet;
extern const KernelSet kNeonSet;

}  // namespace edgefront
