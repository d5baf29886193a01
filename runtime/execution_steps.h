// Which steps really run: fuse(), and then chains that run band by band. One pure function of
// graph, kernel set and options, used alike by the layer listing, the cost models, the memory
// planner, the exporter and the interpreter, so that what is predicted is what runs.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/bands.h"
#include "runtime/fuse.h"
#include "runtime/kernels/kernel_set.h"

namespace edgefront {

/// Chunks of an inverted bottleneck: large enough for kernels to run at their speed, and small
/// enough for the rows of all its layers to stay in a second-level cache of 512 KiB or more.
constexpr std::int64_t kBottleneckChunkBytes = std::int64_t{128} << 10;

struct StepOptions {
  bool fuse = true;                   ///< false: one step per layer, and no bands
  BlockPath path = BlockPath::kRule;  ///< of blocks without a choice of their own
  std::vector<PathChoice> choices;
  /// So many first layers run as one chain in small chunks, to save memory; 0: none. One that
  /// check_patch_layers() accepts.
  std::int32_t patch_layers = 0;
};

/// `graph` is valid.
std::vector<Step> execution_steps(const LayerGraph& graph, const KernelSet& set,
                                  const StepOptions& options = {});

/// Whether the first `patch_layers` layers are whole fused steps that run as one chain, or 0.
Status check_patch_layers(const LayerGraph& graph, std::int32_t patch_layers);

/// The number of first layers with which the arena is smallest; of equal ones the least.
std::int32_t best_patch_layers(const LayerGraph& graph, const KernelSet& set, int threads,
                               StepOptions options = {});

/// An inverted bottleneck without squeeze-excite: [pointwise,] depthwise, pointwise [+ add of the
/// block's input], all in one block of the graph and of one precision.
bool is_inverted_bottleneck(const LayerGraph& graph, const std::vector<Step>& steps, int first,
                            int last);

/// Whether a step is such a block in bands, and not the patch-wise first layers that may look so.
bool is_banded_bottleneck(const LayerGraph& graph, const Step& step);

/// The kernel set's fixed rule for such a block. A function of shapes, precision and the set's
/// name.
bool banded_by_rule(const LayerGraph& graph, const Step& bottleneck, const KernelSet& set);

/// Of the graph; those of a banded step are the sum of its parts.
std::int64_t step_macs(const LayerGraph& graph, const Step& step);

}  // namespace edgefront
