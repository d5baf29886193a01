// The time of a layer on an embedded GPU: a launch, then the larger of its arithmetic and its
// memory traffic. Small layers leave lanes idle: outputs are computed in whole waves of lanes.
#pragma once

#include "costmodels/analytic_time.h"

namespace edgefront {

AnalyticTime gpu_time(const EdgeGpu& gpu, Precision precision, const LayerGraph& graph,
                      const Step& step);

}  // namespace edgefront
