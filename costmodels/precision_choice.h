// Which layers of a network run faster in fp32, conversions included, by what a profile knows.
#pragma once

#include <string>
#include <vector>

#include "hwprofiles/device_profile.h"
#include "runtime/graph.h"
#include "runtime/kernels/kernel_set.h"

namespace edgefront {

struct PrecisionChoice {
  std::vector<bool> float_layers;  ///< per layer of the graph; layers of one step agree
  int float_steps = 0, steps = 0;
  /// By the profile, conversions included; steps without an int8 entry count nothing in both.
  double int8_us = 0, chosen_us = 0;
  /// Keys of entries that would have been needed to compare: steps in fp32, conversions.
  std::vector<std::string> missing;
};

/// The cheapest assignment of int8 and fp32 to the fused steps of `graph`, whose inputs and outputs
/// stay int8. A tensor is converted at most once each way, for all of its readers. fp32 and
/// conversions count with the upper ends of their 95 % intervals, int8 with the lower ones: what
/// stays fp32 is faster beyond both intervals, conversions included. Steps without both entries
/// stay int8, and so does everything in doubt. On a chain this is a shortest path over two states a
/// step; with residuals and squeeze-excite gates it is a minimum cut, which is exact there too.
PrecisionChoice cheapest_precisions(const LayerGraph& graph, const DeviceProfile& profile,
                                    const KernelSet& set, int threads);

}  // namespace edgefront
