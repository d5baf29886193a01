// What every cost model says alike: memory from the planner, counts, and modelled energy.
#pragma once

#include <optional>
#include <vector>

#include "costmodels/cost_model.h"
#include "runtime/fuse.h"
#include "runtime/kernels/kernel_set.h"

namespace edgefront {

/// Bytes that one step moves: its inputs, residual and output once each, and its weights and biases
/// as stored (int8: one byte a weight, four a bias and four a scale). What a banded step keeps in
/// rolling rows is not moved.
std::int64_t moved_bytes(const LayerGraph& graph, const Step& step);

/// What one step reads as packed weights on so many threads, in MiB.
double step_weights_mib(const LayerGraph& graph, const Step& step, const KernelSet& set,
                        int threads);

/// Coefficients for one precision, and the energy that they make of a network: counts in units,
/// latency in µs, result in µJ.
struct EnergyModel {
  double op_pj = 0, byte_pj = 0, static_w = 0;
  double energy_uj(std::int64_t macs, double bytes, double latency_us) const {
    constexpr double kUjPerPj = 1e-6;
    const double dynamic_pj = static_cast<double>(macs) * op_pj + bytes * byte_pj;
    return dynamic_pj * kUjPerPj + static_w * latency_us;  // W·µs = µJ
  }
};
/// Nothing without coefficients, or without e_op of this precision.
std::optional<EnergyModel> energy_model(const DeviceDescription& description, Precision precision);

/// Fills memory, counts and energy of `cost`, whose latency_us must stand. `graph` is in the
/// precision it runs in, `steps` are execution_steps().
///   E = Σ ops·e_op + Σ bytes·e_byte + P_static·t
/// (bits·e_bit of the power model is communication, which one device does not do). Energy is absent
/// without coefficients, or without e_op of this precision.
void add_totals(const LayerGraph& graph, const std::vector<Step>& steps, const KernelSet& set,
                int threads, const DeviceDescription& description, Precision precision,
                NetworkCost& cost);

}  // namespace edgefront
