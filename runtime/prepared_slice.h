// One thread's part of a prepared step.
#pragma once

#include "runtime/prepared_step.h"

namespace edgefront {

/// Slice `index` of `slices` (see step_slices.h) of the step that `whole` computes and that was
/// prepared for as many slices. `run` is null where nothing is left for this one.
PreparedStep slice_of(const PreparedStep& whole, const LayerGraph& graph, const Step& step,
                      const KernelSet& set, int index, int slices);

}  // namespace edgefront
