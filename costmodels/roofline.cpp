#include "costmodels/roofline.h"

#include "costmodels/network_totals.h"
#include "runtime/execution_steps.h"
#include "space/error.h"

namespace edgefront {

AnalyticTime roofline_time(const RooflineCoefficients& roofline, Precision precision,
                           const LayerGraph& graph, const Step& step) {
  const double peak = precision == Precision::kFloat32 ? roofline.fp32_gops : roofline.int8_gops;
  const double operations = 2.0 * static_cast<double>(step_macs(graph, step));
  const double bytes = static_cast<double>(moved_bytes(graph, step));
  AnalyticTime time;
  time.compute_us = operations / peak * 1e-3;
  time.memory_us = bytes / roofline.bandwidth_gb_s * 1e-3;
  time.overhead_us = roofline.overhead_us;
  return time;
}

double roofline_us(const RooflineCoefficients& roofline, Precision precision,
                   const LayerGraph& graph, const Step& step) {
  return roofline_time(roofline, precision, graph, step).us();
}

void require_roofline(const DeviceDescription& description, Precision precision) {
  const bool fp32 = precision == Precision::kFloat32;
  const RooflineCoefficients& roofline = description.roofline;
  const double peak = fp32 ? roofline.fp32_gops : roofline.int8_gops;
  const char* missing = nullptr;
  if (!(peak > 0)) missing = fp32 ? "fp32_gops" : "int8_gops";
  if (!(roofline.bandwidth_gb_s > 0)) missing = "bandwidth_gb_s";
  if (missing == nullptr) return;
  throw InputError("device \"" + description.name + "\" has no [roofline] " + missing +
                   "; the analytic cost model needs it in the device description");
}

}  // namespace edgefront
