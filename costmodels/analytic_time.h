// What the analytic models of devices have in common. Everything they say is analytic: from
// published parameters, not from measurements.
#pragma once

#include <functional>
#include <string>

#include "hwprofiles/device_profile.h"
#include "runtime/fuse.h"
#include "runtime/graph.h"

namespace edgefront {

/// Of one step. Arithmetic and memory overlap; the overhead does not.
struct AnalyticTime {
  double compute_us = 0, memory_us = 0, overhead_us = 0;
  double utilisation = 0;  ///< multiply-accumulates done, over those that the cells could have done
                           ///< in compute_us; 0 where a model does not say
  double us() const { return (compute_us > memory_us ? compute_us : memory_us) + overhead_us; }
  bool memory_bound() const { return memory_us > compute_us; }
};

/// A layer with weights as loops: a fully connected one is a convolution of one pixel.
struct LoopNest {
  std::int64_t output_channels = 1, input_channels = 1;  ///< depthwise: input_channels is 1
  std::int64_t rows = 1, columns = 1;                    ///< of the output
  std::int64_t kernel_size = 1, stride = 1;
  bool depthwise = false;
  std::int64_t pixels() const { return rows * columns; }
  std::int64_t macs() const {
    return output_channels * input_channels * pixels() * kernel_size * kernel_size;
  }
};
/// `layer` has weights.
LoopNest loop_nest(const LayerGraph& graph, const Layer& layer);

/// Bytes that a step reads and writes, by what they are.
struct StepTraffic {
  double input_bytes = 0;  ///< of all operands
  double output_bytes = 0, weight_bytes = 0;
};
/// `step` is not banded.
StepTraffic traffic_of(const LayerGraph& graph, const Step& step);

/// A pure function of a step; banded ones are the sum of their parts.
using AnalyticTimer = std::function<AnalyticTime(const LayerGraph&, const Step&)>;

/// The model of the description: [systolic], [gpu], [fpga], [asic], else [roofline]. Throws
/// InputError for a precision that the device does not compute, or coefficients that are missing.
AnalyticTimer analytic_timer(const DeviceDescription& description, Precision precision);

/// For every output that holds such times, e.g. "analytic: weight-stationary systolic array 64x64,
/// 480 MHz".
std::string analytic_label(const DeviceDescription& description);

}  // namespace edgefront
