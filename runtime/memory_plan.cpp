#include "runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "runtime/bands.h"
#include "runtime/block_plan.h"
#include "runtime/placing.h"
#include "runtime/step_slices.h"

namespace edgefront {
namespace {

constexpr std::int64_t kAlignment = 64;

std::int64_t round_up(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::vector<LiveRange> live_ranges(const LayerGraph& graph, const std::vector<Step>& steps) {
  std::vector<LiveRange> live(graph.tensors.size());
  for (const std::int32_t id : graph.inputs) live[id] = {-1, -1};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const int now = static_cast<int>(i);
    const Step& step = steps[i];
    for (const std::int32_t id : {step.input, step.input2, step.residual}) {
      if (id >= 0) live[id].last = std::max(live[id].last, now);
    }
    live[step.output] = {now, now};
  }
  for (const std::int32_t id : graph.outputs) live[id].last = static_cast<int>(steps.size());
  return live;
}

Demand demand_of(const LayerGraph& graph, const std::vector<Step>& steps, int threads) {
  Demand demand;
  demand.live = live_ranges(graph, steps);
  for (const Tensor& tensor : graph.tensors) demand.size.push_back(round_up(tensor.bytes()));
  // Behind the tensors, in the order of the steps: the rows of banded steps, of each slice.
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].banded()) continue;
    demand.live.push_back({static_cast<int>(i), static_cast<int>(i)});
    const int slices = step_slices(graph, steps[i], threads);
    demand.size.push_back(slices * plan_bands(graph, steps[i]).bytes);
  }
  demand.place_of.resize(demand.size.size());
  std::iota(demand.place_of.begin(), demand.place_of.end(), 0);
  return demand;
}

/// Elementwise steps read the operands' i-th values before they write the i-th (in small groups),
/// so they may write over an operand.
bool may_write_in_place(const LayerGraph& graph, const Step& step) {
  const OpKind op = graph.layers[step.layer].op;
  return op == OpKind::kAdd || op == OpKind::kMul || is_unary_activation(op);
}

/// The same with elementwise steps that write over an operand of the output's size that nobody
/// reads later.
Demand share_places(const LayerGraph& graph, const std::vector<Step>& steps, Demand demand) {
  auto& live = demand.live;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (!may_write_in_place(graph, step)) continue;
    std::int32_t place = -1;
    for (const std::int32_t id : {step.input, step.input2}) {
      if (id < 0 || graph.tensors[id].bytes() != graph.tensors[step.output].bytes()) continue;
      const std::int32_t candidate = demand.place_of[id];
      if (live[candidate].last != static_cast<int>(i)) continue;
      // Of two operands the younger: the older is more often one that crosses a block's border.
      if (place < 0 || live[candidate].first > live[place].first) place = candidate;
    }
    if (place < 0) continue;
    live[place].last = live[step.output].last;
    live[step.output] = LiveRange();
    demand.place_of[step.output] = place;
  }
  return demand;
}

MemoryPlan finish_plan(const LayerGraph& graph, const std::vector<Step>& steps,
                       const KernelSet& set, int threads, const Demand& demand, Placing placing) {
  MemoryPlan plan;
  std::size_t rows = graph.tensors.size();
  for (const Step& step : steps) {
    plan.rows_offset.push_back(step.banded() ? placing.offset[rows++] : -1);
  }
  plan.tensor_offset = std::move(placing.offset);
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    const std::int32_t place = demand.place_of[i];
    plan.tensor_offset[i] = plan.tensor_offset[place];
    plan.tensor_bytes.push_back(demand.live[place].exists() ? demand.size[i] : 0);
  }
  plan.tensor_offset.resize(graph.tensors.size());
  plan.scratch_offset = placing.bytes;
  for (const Step& step : steps) {
    const int slices = step_slices(graph, step, threads);
    plan.scratch_bytes =
        std::max(plan.scratch_bytes, slices * slice_scratch_bytes(graph, step, set, slices));
    plan.packed_bytes += step_packed_bytes(graph, step, set, slices).total();
  }
  plan.arena_bytes = placing.bytes + plan.scratch_bytes;
  return plan;
}

}  // namespace

MemoryPlan plan_memory(const LayerGraph& graph, const std::vector<Step>& steps,
                       const KernelSet& set, int threads) {
  const Demand apart = demand_of(graph, steps, threads);
  const Demand shared = share_places(graph, steps, apart);
  const std::int64_t bound = bound_of(shared);
  Placing best;
  const Demand* best_demand = nullptr;
  const auto consider = [&](const Demand& demand, Placing placing) {
    if (best_demand != nullptr && placing.bytes >= best.bytes) return;
    best = std::move(placing);
    best_demand = &demand;
  };
  for (const Demand* demand : {&shared, &apart}) {
    if (best_demand != nullptr && best.bytes == bound) break;
    const Blocks blocks = split_by_block(graph, steps, demand->live);
    if (blocks.decomposes) consider(*demand, plan_by_block(*demand, blocks, bound).placing);
    if (blocks.decomposes && best.bytes == bound) break;
    consider(*demand, plan_patiently(*demand, bound));
  }
  return finish_plan(graph, steps, set, threads, *best_demand, std::move(best));
}

std::vector<BlockMemory> plan_memory_of_blocks(const LayerGraph& graph,
                                               const std::vector<Step>& steps, const KernelSet& set,
                                               int threads) {
  const Demand demand = share_places(graph, steps, demand_of(graph, steps, threads));
  const Blocks blocks = split_by_block(graph, steps, demand.live);
  if (!blocks.decomposes) return {};
  std::vector<BlockMemory> memory;
  for (const BlockHeight& height : plan_by_block(demand, blocks, 0).heights) {
    memory.push_back({height.planned, height.live, 0, 0});
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const int slices = step_slices(graph, steps[i], threads);
    BlockMemory& block = memory[static_cast<std::size_t>(blocks.block_of_step[i])];
    block.scratch_bytes =
        std::max(block.scratch_bytes, slices * slice_scratch_bytes(graph, steps[i], set, slices));
    block.packed_bytes += step_packed_bytes(graph, steps[i], set, slices).total();
  }
  return memory;
}

MemoryPlan plan_memory_greedily(const LayerGraph& graph, const std::vector<Step>& steps,
                                const KernelSet& set, int threads) {
  const Demand demand = demand_of(graph, steps, threads);
  return finish_plan(graph, steps, set, threads, demand, plan_greedily(demand));
}

std::int64_t slice_scratch_bytes(const LayerGraph& graph, const Step& step, const KernelSet& set,
                                 int slices) {
  std::int64_t most = 0;  // slices of a banded step compute bands of whole layers
  for (const Step& part : step.parts) {
    most = std::max(most, slice_scratch_bytes(graph, part, set, 1));
  }
  if (step.banded()) return most;
  const Layer& layer = graph.layers[step.layer];
  if (!has_weights(layer.op)) return 0;
  ConvGeometry geometry = geometry_of(graph, layer);
  // Slices of a fully connected layer differ in size; none needs more than the whole layer.
  if (layer.op != OpKind::kFullyConnected) {
    geometry = slice_geometry(layer.op, geometry, 0, slices).geometry;
  }
  return round_up(layer.precision == Precision::kInt8
                      ? kernel_s8(set, layer.op, geometry).scratch_bytes(geometry)
                      : kernel_f32(set, layer.op, geometry).scratch_bytes(geometry));
}

std::int64_t slice_packed_bytes(const LayerGraph& graph, const Step& step, const KernelSet& set,
                                int index, int slices) {
  const Layer& layer = graph.layers[step.layer];
  const ConvGeometry geometry =
      slice_geometry(layer.op, geometry_of(graph, layer), index, slices).geometry;
  if (geometry.out_channels == 0) return 0;
  return round_up(layer.precision == Precision::kInt8
                      ? kernel_s8(set, layer.op, geometry).packed_bytes(geometry)
                      : kernel_f32(set, layer.op, geometry).packed_bytes(geometry));
}

PackedBytes step_packed_bytes(const LayerGraph& graph, const Step& step, const KernelSet& set,
                              int slices) {
  PackedBytes bytes;
  for (const Step& part : step.parts) {
    const PackedBytes of_part = step_packed_bytes(graph, part, set, 1);
    bytes.weights += of_part.weights;
    bytes.multipliers += of_part.multipliers;
    bytes.table += of_part.table;
  }
  if (step.banded()) return bytes;
  const Layer& layer = graph.layers[step.layer];
  const bool int8 = layer.precision == Precision::kInt8;
  const bool table = layer.op == OpKind::kHswish || layer.op == OpKind::kHsigmoid ||
                     step.activation == Activation::kHswish ||
                     step.activation == Activation::kHsigmoid;
  if (int8 && table) bytes.table = 256;
  if (!has_weights(layer.op)) return bytes;
  const int parts = layer.op == OpKind::kFullyConnected ? slices : 1;
  for (int i = 0; i < parts; ++i) {
    bytes.weights += slice_packed_bytes(graph, step, set, i, parts);
  }
  if (int8) {
    bytes.multipliers = round_up(std::int64_t{4} * graph.tensors[layer.output].shape.channels);
  }
  return bytes;
}

std::int64_t live_set_bound(const LayerGraph& graph, const std::vector<Step>& steps) {
  const std::vector<LiveRange> live = share_places(graph, steps, demand_of(graph, steps, 1)).live;
  // Change of the live bytes at each moment; moment 0 is before the first step.
  std::vector<std::int64_t> change(steps.size() + 3, 0);
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    if (!live[i].exists()) continue;
    change[live[i].first + 1] += graph.tensors[i].bytes();
    change[live[i].last + 2] -= graph.tensors[i].bytes();
  }
  std::int64_t now = 0, most = 0;
  for (const std::int64_t c : change) most = std::max(most, now += c);
  return most;
}

}  // namespace edgefront
