#include "runtime/kernels/avx512/avx512.h"
#include "runtime/kernels/avx512/elementwise_lanes.h"

namespace edgefront {

const ElementwiseKernels kAvx512Elementwise = elementwise_kernels_with<mul_s8_in<Lanes>>();

}  // namespace edgefront
