// Which steps really run: fuse(), and then chains that run band by band. One pure function of
// graph and options, used alike by the layer listing, the cost models, the memory
// planner, the exporter and the interpreter, so that what is predicted is what runs.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/bands.h"
#include "runtime/fuse.h"

namespace edgefront {

struct StepOptions {
  bool fuse = true;  ///< false: one step per layer, and no bands
  BlockPath path = BlockPath::kLayers;
};

/// `graph` is valid.
std::vector<Step> execution_steps(const LayerGraph& graph, const StepOptions& options = {});

/// An inverted bottleneck without squeeze-excite: [pointwise,] depthwise, pointwise [+ add of the
/// block's input], all in one block of the graph and of one precision.
bool is_inverted_bottleneck(const LayerGraph& graph, const std::vector<Step>& steps, int first,
                            int last);

}  // namespace edgefront
