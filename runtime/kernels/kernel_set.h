// The static list of kernel sets, best first, and the choice among them at load.
#pragma once

#include <string>
#include <vector>

#include "runtime/graph.h"
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/kernels.h"
#include "runtime/status.h"

namespace edgefront {

/// One instruction set's kernels. A null pointer means: the reference kernel. `available` asks the
/// CPU (and the OS) of this process; sizes may be asked for any set on any machine.
struct KernelSet {
  const char* name;  ///< "reference", "avx2", "avx512_vnni"
  bool (*available)();
  // Versions are raised when a kernel's speed changes, so that old table entries become stale.
  int32_t pointwise_version, conv_version, depthwise_version, fully_connected_version,
      elementwise_version;
  const ConvKernelS8* pointwise_s8;  ///< kernel 1, stride 1
  const ConvKernelS8* conv_s8;       ///< everything else dense
  const ConvKernelS8* depthwise_s8;
  const ConvKernelS8* fully_connected_s8;
  const ConvKernelF32* pointwise_f32;
  const ConvKernelF32* conv_f32;
  const ConvKernelF32* depthwise_f32;
  const ConvKernelF32* fully_connected_f32;
  const ElementwiseKernels* elementwise = nullptr;
};

/// All sets, those of other architectures too (never available here): x86, then ARM, each best
/// first; `reference` is last.
const std::vector<const KernelSet*>& kernel_sets();

/// The kernels that `set` uses for a layer of this kind (its own or the reference's); never null.
/// `op` is a convolution, depthwise or fully connected.
const ConvKernelS8& kernel_s8(const KernelSet& set, OpKind op, const ConvGeometry& geometry);
const ConvKernelF32& kernel_f32(const KernelSet& set, OpKind op, const ConvGeometry& geometry);
/// The operators without weights that `set` uses: its own or the portable ones.
const ElementwiseKernels& elementwise_kernels(const KernelSet& set);
int32_t kernel_version(const KernelSet& set, OpKind op, const ConvGeometry& geometry);

ConvGeometry geometry_of(const LayerGraph& graph, const Layer& layer);

/// The set named by `name`, or the best available one where `name` is empty. An unknown name, or
/// one that this CPU lacks, is an invalid Status that lists the accepted names.
Status choose_kernel_set(const std::string& name, const KernelSet** out);

/// The one place of the library that reads the environment: EDGEFRONT_KERNELS ("" if unset).
std::string forced_kernel_set();

}  // namespace edgefront
