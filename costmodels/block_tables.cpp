#include "costmodels/block_tables.h"

#include <algorithm>
#include <limits>

#include "costmodels/network_totals.h"
#include "runtime/execution_steps.h"
#include "runtime/memory_plan.h"
#include "runtime/model.h"

namespace edgefront {
namespace {

constexpr std::int64_t kUnit = 64;  // what the planner rounds all bytes up to

/// A block as devices of one precision, kernel set and number of threads run it.
struct TypedBlock {
  LayerGraph graph;
  std::vector<Step> steps;
  BlockCost bytes;  ///< without times
};

TypedBlock type_block(const LayerGraph& graph, const AdditiveParts& device) {
  TypedBlock block;
  block.graph = with_precision(graph, device.precision);
  block.steps = execution_steps(block.graph, *device.set);
  for (const Step& step : block.steps) {
    block.bytes.moved_bytes += static_cast<double>(moved_bytes(block.graph, step));
  }
  // Even and larger than any: not what is live at once, as far as anybody knows.
  block.bytes.activations = std::numeric_limits<std::int32_t>::max() - 1;
  const auto memory = plan_memory_of_blocks(block.graph, block.steps, *device.set, device.threads);
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max() / 4096;  // sums fit too
  if (memory.size() != 1 || memory[0].activation_bytes / kUnit > kMost ||
      memory[0].scratch_bytes / kUnit > kMost || memory[0].packed_bytes / kUnit > kMost) {
    return block;
  }
  const bool tight = memory[0].activation_bytes == memory[0].live_bytes;
  block.bytes.activations =
      static_cast<std::int32_t>(2 * (memory[0].activation_bytes / kUnit) + (tight ? 1 : 0));
  block.bytes.scratch = static_cast<std::int32_t>(memory[0].scratch_bytes / kUnit);
  block.bytes.packed = static_cast<std::int32_t>(memory[0].packed_bytes / kUnit);
  return block;
}

}  // namespace

BlockCounts count_block(const LayerGraph& graph) {
  BlockCounts counts;
  counts.macs = total_macs(graph);
  counts.parameters = parameter_count(graph);
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    counts.weights_bytes[static_cast<int>(precision)] =
        weights_bytes(with_precision(graph, precision));
  }
  return counts;
}

std::vector<BlockCost> cost_block(const LayerGraph& graph,
                                  const std::vector<const AdditiveParts*>& devices) {
  std::vector<BlockCost> costs;
  if (graph.layers.empty()) {
    BlockCost unknown;
    unknown.us = std::numeric_limits<double>::quiet_NaN();
    return std::vector<BlockCost>(devices.size(), unknown);
  }
  std::vector<TypedBlock> typed(devices.size());
  for (std::size_t d = 0; d < devices.size(); ++d) {
    const AdditiveParts& device = *devices[d];
    std::size_t same = 0;  // the first device that runs it alike
    while (same < d &&
           (devices[same]->set != device.set || devices[same]->precision != device.precision ||
            devices[same]->threads != device.threads)) {
      ++same;
    }
    if (same == d) typed[d] = type_block(graph, device);
    const TypedBlock& block = typed[same];
    std::vector<StepTime> times;
    for (const Step& step : block.steps) times.push_back(device.step_time(block.graph, step));
    const LatencySums sums = sum_by_block(block.graph, block.steps, times);
    BlockCost cost = block.bytes;
    cost.us = sums.us;
    cost.analytic_us = sums.analytic_us;
    if (!energy_model(device.description, device.precision)) cost.moved_bytes = 0;
    costs.push_back(cost);
  }
  return costs;
}

template <int kDevices>
BlockTable<kDevices>::BlockTable(const std::vector<std::vector<BlockCost>>& costs) {
  bool any_more = false;
  for (const auto& of_block : costs) {
    Row row{};
    More more{};
    for (std::size_t d = 0; d < of_block.size(); ++d) {
      const BlockCost& cost = of_block[d];
      row.us[d] = cost.us;
      row.packed[d] = cost.packed;
      row.scratch[d] = cost.scratch;
      row.activations[d] = cost.activations;
      more.analytic_us[d] = cost.analytic_us;
      more.moved_bytes[d] = cost.moved_bytes;
      any_more = any_more || cost.analytic_us != 0 || cost.moved_bytes != 0;
    }
    rows_.push_back(row);
    more_.push_back(more);
  }
  if (!any_more) more_.clear();
}

template <int kDevices>
void BlockTable<kDevices>::add_up(std::span<const std::uint32_t> blocks, Sums* sums) const {
  Sums all{};
  for (const std::uint32_t block : blocks) {
    const Row& row = rows_[block];
    for (int d = 0; d < kDevices; ++d) all.us[d] += row.us[d];
    for (int d = 0; d < kDevices; ++d) all.packed[d] += row.packed[d];
    for (int d = 0; d < kDevices; ++d) all.scratch[d] = std::max(all.scratch[d], row.scratch[d]);
    for (int d = 0; d < kDevices; ++d) {
      all.activations[d] = std::max(all.activations[d], row.activations[d]);
    }
  }
  if (!more_.empty()) {
    for (const std::uint32_t block : blocks) {
      const More& row = more_[block];
      for (int d = 0; d < kDevices; ++d) all.analytic_us[d] += row.analytic_us[d];
      for (int d = 0; d < kDevices; ++d) all.moved_bytes[d] += row.moved_bytes[d];
    }
  }
  *sums = all;
}

template class BlockTable<1>;
template class BlockTable<8>;

}  // namespace edgefront
