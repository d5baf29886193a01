// The rows of the x86 kernel sets. Sizes and packing are portable; on other processors the rows
// have no `run` and are never available.
#pragma once

#include "runtime/kernels/kernel_set.h"

namespace edgefront {

extern const KernelSet kAmxSet;
extern const KernelSet kAvx512VnniSet;
extern const KernelSet kAvx512Set;
extern const KernelSet kAvx2VnniSet;
extern const KernelSet kAvx2Set;

}  // namespace edgefront
