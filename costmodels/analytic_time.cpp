#include "costmodels/analytic_time.h"

#include "costmodels/analytic_gpu.h"
#include "costmodels/analytic_loops.h"
#include "costmodels/analytic_systolic.h"
#include "costmodels/network_totals.h"
#include "costmodels/roofline.h"
#include "space/error.h"
#include "space/toml_reader.h"

namespace edgefront {
namespace {

[[noreturn]] void refuse(const DeviceDescription& description, Precision precision) {
  throw InputError("device \"" + description.name + "\" does not compute " +
                   precision_name(precision) + " (its description has no number for it)");
}

/// The model of one step that is not banded.
AnalyticTimer timer_of_parts(const DeviceDescription& description, Precision precision) {
  if (description.systolic) {
    if (precision != Precision::kInt8) refuse(description, precision);
    return [array = *description.systolic](const LayerGraph& graph, const Step& step) {
      return systolic_time(array, graph, step);
    };
  }
  if (description.gpu) {
    const EdgeGpu& gpu = *description.gpu;
    if (!((precision == Precision::kInt8 ? gpu.int8_gops : gpu.fp32_gops) > 0)) {
      refuse(description, precision);
    }
    return [gpu, precision](const LayerGraph& graph, const Step& step) {
      return gpu_time(gpu, precision, graph, step);
    };
  }
  if (description.loops) {
    const LoopAccelerator& loops = *description.loops;
    if (!computes(loops, precision)) refuse(description, precision);
    return [loops, plan = plan_loops(loops, precision)](const LayerGraph& graph, const Step& step) {
      return loop_time(loops, plan, graph, step);
    };
  }
  require_roofline(description, precision);
  return [roofline = description.roofline, precision](const LayerGraph& graph, const Step& step) {
    return roofline_time(roofline, precision, graph, step);
  };
}

}  // namespace

LoopNest loop_nest(const LayerGraph& graph, const Layer& layer) {
  const Shape& in = graph.tensors[static_cast<std::size_t>(layer.inputs[0])].shape;
  const Shape& out = graph.tensors[static_cast<std::size_t>(layer.output)].shape;
  LoopNest nest;
  nest.output_channels = out.channels;
  nest.rows = out.height;
  nest.columns = out.width;
  nest.depthwise = layer.op == OpKind::kDepthwiseConv2d;
  nest.input_channels = nest.depthwise ? 1 : in.channels;
  if (layer.op == OpKind::kFullyConnected) return nest;
  nest.kernel_size = layer.kernel_size;
  nest.stride = layer.stride;
  return nest;
}

StepTraffic traffic_of(const LayerGraph& graph, const Step& step) {
  StepTraffic traffic;
  for (const std::int32_t id : {step.input, step.input2, step.residual}) {
    if (id < 0) continue;
    traffic.input_bytes += static_cast<double>(graph.tensors[static_cast<std::size_t>(id)].bytes());
  }
  traffic.output_bytes =
      static_cast<double>(graph.tensors[static_cast<std::size_t>(step.output)].bytes());
  traffic.weight_bytes =
      static_cast<double>(moved_bytes(graph, step)) - traffic.input_bytes - traffic.output_bytes;
  return traffic;
}

AnalyticTimer analytic_timer(const DeviceDescription& description, Precision precision) {
  const AnalyticTimer one = timer_of_parts(description, precision);
  // A processor keeps the rows of a banded step in its cache; the roofline knows (moved_bytes).
  if (!description.systolic && !description.gpu && !description.loops) return one;
  return [one](const LayerGraph& graph, const Step& step) {
    if (!step.banded()) return one(graph, step);
    AnalyticTime sum;
    double used_us = 0;
    for (const Step& part : step.parts) {
      const AnalyticTime time = one(graph, part);
      sum.compute_us += time.compute_us;
      sum.memory_us += time.memory_us;
      sum.overhead_us += time.overhead_us;
      used_us += time.utilisation * time.compute_us;
    }
    if (sum.compute_us > 0) sum.utilisation = used_us / sum.compute_us;
    return sum;
  };
}

std::string analytic_label(const DeviceDescription& description) {
  if (const auto& s = description.systolic) {
    return "analytic: weight-stationary systolic array " + std::to_string(s->rows) + "x" +
           std::to_string(s->columns) + ", " + number_text(s->clock_mhz) + " MHz";
  }
  if (description.gpu) return "analytic: GPU with launch overhead, bandwidth and peak";
  if (const auto& loops = description.loops) {
    return std::string("analytic: unrolled loops on an ") + (loops->fpga ? "FPGA, " : "ASIC, ") +
           number_text(loops->clock_mhz) + " MHz";
  }
  return "analytic: roofline";
}

}  // namespace edgefront
