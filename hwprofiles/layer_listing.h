// Which fused layers a network consists of, as the keys of the look-up table.
#pragma once

#include <string>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/graph.h"
#include "runtime/kernels/kernel_set.h"

namespace edgefront {

/// The keys of the steps of a float32 graph, in execution order, as this kernel set would run it in
/// `precision`.
std::vector<LayerKey> network_keys(const LayerGraph& graph, Precision precision, int threads,
                                   const KernelSet& set);

/// quantize and dequantize of every shape that `layers` read or write, sorted by text(): what a
/// network needs that mixes precisions.
std::vector<LayerKey> conversion_keys(const std::vector<LayerKey>& layers, int threads,
                                      const KernelSet& set);

/// The set of that name, also one that this CPU lacks (sizes and keys are portable). Throws
/// InputError that lists the known names.
const KernelSet& find_kernel_set(const std::string& name);

}  // namespace edgefront
