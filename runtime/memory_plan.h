// Where every activation lies in the one arena, and what loading adds to it. What is predicted is
// what is allocated: the cost models and the interpreter call the same function.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/graph.h"
#include "runtime/kernels/kernel_set.h"

namespace edgefront {

/// Offsets are multiples of 64 bytes. Tensors that a fused step never writes have offset −1.
struct MemoryPlan {
  std::vector<std::int64_t> tensor_offset;  ///< per tensor of the graph
  std::vector<std::int64_t> tensor_bytes;   ///< as reserved (rounded up to 64)
  std::vector<std::int64_t> rows_offset;    ///< per step: rows of a banded one's slices, else −1
  std::int64_t scratch_offset = 0;          ///< shared by all steps
  std::int64_t scratch_bytes = 0;           ///< of all threads
  std::int64_t arena_bytes = 0;             ///< activations + scratch
  std::int64_t packed_bytes = 0;            ///< sum of step_packed_bytes()
};

/// Tensors whose live ranges meet never overlap, but for one case: the output of an elementwise
/// step (add, mul, unary) may lie exactly where an operand of its size lies that nobody reads
/// later. The plan decomposes by block (block_plan.h), so the bytes of activations are a maximum
/// over blocks. Graphs that do not decompose (a tensor that crosses more than one border), and
/// those whose blocks need more than is live at once, are also planned as one: greedily by size
/// (Pisarchyk & Lee 2020, "Efficient memory management for deep neural net inference", greedy by
/// size), then by a bounded number of changed orders while the result is above the live bytes.
/// `graph` is valid, `steps` are its fuse() or unfused() or execution_steps(). The rows of a banded
/// step are planned like a tensor that lives in this step alone. With several threads each has
/// scratch, and rows, of its own in steps that are cut for them.
MemoryPlan plan_memory(const LayerGraph& graph, const std::vector<Step>& steps,
                       const KernelSet& set, int threads);

/// The parts of such a plan, per block of the graph.
struct BlockMemory {
  std::int64_t activation_bytes = 0;  ///< that the block needs, where it is planned alone
  std::int64_t live_bytes = 0;        ///< the most that is live at once: no plan needs less
  std::int64_t scratch_bytes = 0;     ///< of its most demanding step, of all threads
  std::int64_t packed_bytes = 0;      ///< of all its steps
};

/// Empty for a graph that does not decompose. A block's numbers depend on its layers and on nothing
/// else, and where the largest activation_bytes equals the largest live_bytes, arena_bytes is that
/// plus the largest scratch_bytes: a table can hold what a block adds to a network.
std::vector<BlockMemory> plan_memory_of_blocks(const LayerGraph& graph,
                                               const std::vector<Step>& steps, const KernelSet& set,
                                               int threads);

/// The plan greedily by size alone and never in place: what the others are compared with.
MemoryPlan plan_memory_greedily(const LayerGraph& graph, const std::vector<Step>& steps,
                                const KernelSet& set, int threads);

/// What loading one step adds that is cut into `slices` (step_slices.h): packed weights, int8
/// multipliers and tables, each rounded up to 64; for a banded step those of its parts, summed.
struct PackedBytes {
  std::int64_t weights = 0, multipliers = 0, table = 0;
  std::int64_t total() const { return weights + multipliers + table; }
};
PackedBytes step_packed_bytes(const LayerGraph& graph, const Step& step, const KernelSet& set,
                              int slices = 1);

/// Of such a step: scratch of each slice; packed weights of slice `index` (all share them unless
/// the layer is fully connected). Rounded up to 64.
std::int64_t slice_scratch_bytes(const LayerGraph& graph, const Step& step, const KernelSet& set,
                                 int slices);
std::int64_t slice_packed_bytes(const LayerGraph& graph, const Step& step, const KernelSet& set,
                                int index, int slices);

/// Maximum over steps of the bytes of live tensors (unrounded; an output that may be written over
/// an operand is not counted while both are live): the bound no plan can beat.
std::int64_t live_set_bound(const LayerGraph& graph, const std::vector<Step>& steps);

}  // namespace edgefront
