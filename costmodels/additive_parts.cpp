#include "costmodels/additive_parts.h"

namespace edgefront {

LatencySums sum_by_block(const LayerGraph& graph, const std::vector<Step>& steps,
                         const std::vector<StepTime>& times) {
  LatencySums network;
  for (std::size_t i = 0; i < steps.size();) {
    const std::int32_t number = graph.layers[steps[i].layer].block;
    LatencySums block;
    for (; i < steps.size() && graph.layers[steps[i].layer].block == number; ++i) {
      block.us += times[i].us;
      if (times[i].analytic) block.analytic_us += times[i].us;
      block.measured_uj += times[i].measured_uj;
    }
    network.us += block.us;
    network.analytic_us += block.analytic_us;
    network.measured_uj += block.measured_uj;
  }
  return network;
}

}  // namespace edgefront
