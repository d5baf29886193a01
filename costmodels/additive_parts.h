// What a cost model consists of that times each step of a network alone and corrects the sum. Such
// a model can be compiled into tables (compiled_costs.h).
#pragma once

#include <functional>
#include <vector>

#include "costmodels/device_terms.h"
#include "costmodels/latency_correction.h"
#include "hwprofiles/device_profile.h"
#include "runtime/fuse.h"
#include "runtime/kernels/kernel_set.h"

namespace edgefront {

/// One step alone.
struct StepTime {
  double us = 0;          ///< NaN where the profile lacks it
  bool analytic = false;  ///< the roofline stood in for it
};

struct AdditiveParts {
  Precision precision = Precision::kInt8;
  int threads = 1;
  const KernelSet* set = nullptr;
  DeviceDescription description;
  LatencyCorrection correction;
  /// A function of the step alone, whatever else is in the graph. Thread-safe.
  std::function<StepTime(const LayerGraph& graph, const Step& step)> step_time;
  DeviceTerms terms{};  ///< added when latency and energy stand
};

/// Block by block, as a table of blocks adds. `times` are those of `steps`.
LatencySums sum_by_block(const LayerGraph& graph, const std::vector<Step>& steps,
                         const std::vector<StepTime>& times);

}  // namespace edgefront
