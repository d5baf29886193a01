// One execution step with every address and number resolved: what invoke() loops over.
#pragma once

#include <cstdint>

#include "runtime/fuse.h"
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/kernel_set.h"
#include "runtime/memory_plan.h"
#include "runtime/model.h"

namespace edgefront {

/// Arguments of the operators that take plain lists.
struct ElementwiseArgs {
  const void* a;
  const void* b;
  void* output;
  std::int64_t count;  ///< values of the output; pixels of the input for pooling and mul
  std::int32_t channels;
  std::int32_t b_is_full;
  const std::int8_t* table;
  std::int32_t qmin, qmax;
  float scale;
  std::int32_t zero_point;
};

struct BandedStep;  // runtime/banded_step.h

/// `run` knows which member of the union it reads.
struct PreparedStep {
  void (*run)(const PreparedStep&);
  const ElementwiseKernels* operators;  ///< of the kernel set
  union {
    struct {
      void (*kernel)(const ConvArgsS8&);
      ConvArgsS8 args;
    } conv_s8;
    struct {
      void (*kernel)(const ConvArgsF32&);
      ConvArgsF32 args;
    } conv_f32;
    AddArgsS8 add_s8;
    MulArgsS8 mul_s8;
    PoolArgsS8 pool_s8;
    ElementwiseArgs elementwise;
    BandedStep* banded;
  };
};

/// Where a step's tensors and constants live. `packed` has step_packed_bytes() of room for as many
/// `slices`: weights, then multipliers, then table.
struct StepMemory {
  char* arena = nullptr;
  const MemoryPlan* plan = nullptr;
  char* packed = nullptr;
  int slices = 1;
};

/// Packs the step's weights into `memory.packed` and resolves its arguments. `model` is valid; the
/// result points into `memory` only. A tensor without a place in the arena has a null address. Not
/// for banded steps. With several slices the result is what slice_of() (prepared_slice.h) cuts, and
/// does not run itself.
PreparedStep prepare_step(const Model& model, const Step& step, const KernelSet& set,
                          const StepMemory& memory);

}  // namespace edgefront
