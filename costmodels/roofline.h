// The roofline bound of one step (Williams, Waterman & Patterson 2009, "Roofline: an insightful
// visual performance model for multicore architectures").
#pragma once

#include "costmodels/analytic_time.h"
#include "hwprofiles/device_profile.h"
#include "runtime/fuse.h"
#include "runtime/graph.h"

namespace edgefront {

/// A real kernel misses the roofline: weights that stay in a cache beat the memory bandwidth, and
/// few kernels reach a fifth of the peak. The interval of an analytic time is this wide.
inline constexpr double kRooflineLow = 0.5;
inline constexpr double kRooflineHigh = 5.0;

/// max(ops/peak, bytes/bandwidth) + overhead.
AnalyticTime roofline_time(const RooflineCoefficients& roofline, Precision precision,
                           const LayerGraph& graph, const Step& step);
/// The same in µs.
double roofline_us(const RooflineCoefficients& roofline, Precision precision,
                   const LayerGraph& graph, const Step& step);

/// Throws InputError that names the missing coefficient.
void require_roofline(const DeviceDescription& description, Precision precision);

}  // namespace edgefront
