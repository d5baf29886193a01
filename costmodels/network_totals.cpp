#include "costmodels/network_totals.h"

#include "runtime/memory_plan.h"
#include "runtime/model.h"
#include "runtime/step_slices.h"

namespace edgefront {
namespace {

std::int64_t parameter_bytes(const LayerGraph& graph, const Layer& layer) {
  if (!has_weights(layer.op)) return 0;
  const std::int64_t weights = weight_count(graph, layer);
  const std::int64_t channels = graph.tensors[layer.output].shape.channels;
  if (layer.precision == Precision::kFloat32) return 4 * (weights + channels);
  return weights + 8 * channels;
}

}  // namespace

std::int64_t moved_bytes(const LayerGraph& graph, const Step& step) {
  std::int64_t bytes = 0;
  for (const Step& part : step.parts) bytes += parameter_bytes(graph, graph.layers[part.layer]);
  if (!step.banded()) bytes = parameter_bytes(graph, graph.layers[step.layer]);
  for (const std::int32_t id : {step.input, step.input2, step.residual, step.output}) {
    if (id >= 0) bytes += graph.tensors[id].bytes();
  }
  return bytes;
}

double step_weights_mib(const LayerGraph& graph, const Step& step, const KernelSet& set,
                        int threads) {
  const int slices = step_slices(graph, step, threads);
  return static_cast<double>(step_packed_bytes(graph, step, set, slices).total()) / (1 << 20);
}

const char* energy_source_name(EnergySource source) {
  switch (source) {
    case EnergySource::kModelled:
      return "modelled";
    case EnergySource::kMeasured:
      return "measured";
    case EnergySource::kNone:
      break;
  }
  return "none";
}

std::optional<EnergyModel> energy_model(const DeviceDescription& description, Precision precision) {
  if (!description.energy) return std::nullopt;
  const EnergyCoefficients& energy = *description.energy;
  const double op_pj = precision == Precision::kFloat32 ? energy.e_op_fp32_pj : energy.e_op_int8_pj;
  if (op_pj <= 0) return std::nullopt;
  return EnergyModel{op_pj, energy.e_byte_pj, energy.static_w};
}

void add_totals(const LayerGraph& graph, const std::vector<Step>& steps, const KernelSet& set,
                int threads, const DeviceDescription& description, Precision precision,
                NetworkCost& cost) {
  const MemoryPlan plan = plan_memory(graph, steps, set, threads);
  cost.arena_bytes = plan.arena_bytes;
  cost.packed_bytes = plan.packed_bytes;
  cost.weights_bytes = weights_bytes(graph);
  cost.peak_memory_bytes = cost.arena_bytes + cost.packed_bytes;
  if (description.weights_in_ram) cost.peak_memory_bytes += cost.weights_bytes;
  cost.macs = total_macs(graph);
  cost.parameters = parameter_count(graph);
  cost.energy_source = EnergySource::kNone;
  const auto energy = energy_model(description, precision);
  if (!energy) return;
  std::int64_t bytes = 0;
  for (const Step& step : steps) bytes += moved_bytes(graph, step);
  cost.energy_uj = energy->energy_uj(cost.macs, static_cast<double>(bytes), cost.latency_us);
  cost.energy_source = EnergySource::kModelled;
}

}  // namespace edgefront
