// What a cost model consists of that times each step of a network alone and corrects the sum. Such
// a model can be compiled into tables (compiled_costs.h).
#pragma once

#include <cmath>
#include <functional>
#include <limits>
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
  double measured_uj = std::numeric_limits<double>::quiet_NaN();  ///< NaN: no sensor told it
};

struct AdditiveParts {
  Precision precision = Precision::kInt8;
  int threads = 1;
  const KernelSet* set = nullptr;
  DeviceDescription description;
  LatencyCorrection correction;
  /// A function of the step alone, whatever else is in the graph. Thread-safe.
  std::function<StepTime(const LayerGraph& graph, const Step& step)> step_time;
  DeviceTerms terms{};           ///< added when latency and energy stand
  bool measured_energy = false;  ///< a sensor told the energy of some steps
  /// Of models that time whole blocks, in its place: a float32 block alone, in a network with this
  /// input; NaN where the profile lacks it. Thread-safe.
  std::function<double(const LayerGraph& block, int input_resolution)> block_us = {};
};

/// Puts measured energy in place of the modelled one where every step has it. The steps take their
/// power for as long as the corrected latency of `cost` says.
inline void add_measured_energy(double sum_uj, double sum_us, NetworkCost& cost) {
  if (std::isnan(sum_uj) || !(sum_us > 0)) return;
  cost.energy_uj = sum_uj * cost.latency_us / sum_us;
  cost.energy_source = EnergySource::kMeasured;
}

/// Block by block, as a table of blocks adds. `times` are those of `steps`.
LatencySums sum_by_block(const LayerGraph& graph, const std::vector<Step>& steps,
                         const std::vector<StepTime>& times);

}  // namespace edgefront
