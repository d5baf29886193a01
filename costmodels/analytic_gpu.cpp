#include "costmodels/analytic_gpu.h"

#include <cmath>

#include "costmodels/network_totals.h"
#include "runtime/execution_steps.h"

namespace edgefront {

AnalyticTime gpu_time(const EdgeGpu& gpu, Precision precision, const LayerGraph& graph,
                      const Step& step) {
  const double peak = precision == Precision::kInt8 ? gpu.int8_gops : gpu.fp32_gops;
  const double macs = static_cast<double>(step_macs(graph, step));
  const double outputs =
      static_cast<double>(graph.tensors[static_cast<std::size_t>(step.output)].shape.elements());
  const double waves = std::ceil(outputs / gpu.lanes);
  AnalyticTime time;
  time.utilisation = macs > 0 ? outputs / (waves * gpu.lanes) : 0;
  time.compute_us = macs > 0 ? 2 * macs / peak * 1e-3 / time.utilisation : 0;
  time.memory_us = static_cast<double>(moved_bytes(graph, step)) / gpu.bandwidth_gb_s * 1e-3;
  time.overhead_us = gpu.launch_us;
  return time;
}

}  // namespace edgefront
