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

#if defined(__x86_64__) && defined(__GNUC__)
#define EDGEFRONT_EIGHT_AT_ONCE __attribute__((target("avx2")))

// Four doubles, eight integers: a register of processors since 2013. A compiler that may assume no
// more than SSE2 needs four times the instructions for the maxima, and runs out of registers.
// Tables and sums hold them unaligned.
typedef double Doubles __attribute__((vector_size(32), aligned(8), may_alias));
typedef std::int32_t Integers __attribute__((vector_size(32), aligned(4), may_alias));

bool has_wide_vectors() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

EDGEFRONT_EIGHT_AT_ONCE void add_rows_of_eight(const CostRow<8>* rows,
                                               std::span<const std::uint32_t> blocks,
                                               CostRow<8>* sum) {
  Doubles low{}, high{};
  Integers packed{}, scratch{}, activations{};
  for (const std::uint32_t block : blocks) {
    const CostRow<8>& row = rows[block];
    low += *reinterpret_cast<const Doubles*>(row.us);
    high += *reinterpret_cast<const Doubles*>(row.us + 4);
    packed += *reinterpret_cast<const Integers*>(row.packed);
    const Integers s = *reinterpret_cast<const Integers*>(row.scratch);
    const Integers a = *reinterpret_cast<const Integers*>(row.activations);
    scratch = scratch > s ? scratch : s;
    activations = activations > a ? activations : a;
  }
  *reinterpret_cast<Doubles*>(sum->us) = low;
  *reinterpret_cast<Doubles*>(sum->us + 4) = high;
  *reinterpret_cast<Integers*>(sum->packed) = packed;
  *reinterpret_cast<Integers*>(sum->scratch) = scratch;
  *reinterpret_cast<Integers*>(sum->activations) = activations;
}

EDGEFRONT_EIGHT_AT_ONCE void add_extra_of_eight(const ExtraRow<8>* rows,
                                                std::span<const std::uint32_t> blocks,
                                                ExtraRow<8>* sum) {
  Doubles low{}, high{};
  for (const std::uint32_t block : blocks) {
    low += *reinterpret_cast<const Doubles*>(rows[block].of);
    high += *reinterpret_cast<const Doubles*>(rows[block].of + 4);
  }
  *reinterpret_cast<Doubles*>(sum->of) = low;
  *reinterpret_cast<Doubles*>(sum->of + 4) = high;
}
#endif

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

std::vector<BlockCost> cost_block(const LayerGraph& graph, int input_resolution,
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
    LatencySums sums;
    if (device.block_us) {
      sums.us = device.block_us(graph, input_resolution);
    } else {
      std::vector<StepTime> times;
      for (const Step& step : block.steps) times.push_back(device.step_time(block.graph, step));
      sums = sum_by_block(block.graph, block.steps, times);
    }
    BlockCost cost = block.bytes;
    cost.us = sums.us;
    cost.analytic_us = sums.analytic_us;
    if (device.measured_energy) cost.measured_uj = sums.measured_uj;
    if (!energy_model(device.description, device.precision)) cost.moved_bytes = 0;
    costs.push_back(cost);
  }
  return costs;
}

template <int kDevices>
BlockTable<kDevices>::BlockTable(const std::vector<std::vector<BlockCost>>& costs) {
  bool used[kExtras] = {};
  for (const auto& of_block : costs) {
    CostRow<kDevices> row{};
    ExtraRow<kDevices> extra[kExtras] = {};
    for (std::size_t d = 0; d < of_block.size(); ++d) {
      const BlockCost& cost = of_block[d];
      row.us[d] = cost.us;
      row.packed[d] = cost.packed;
      row.scratch[d] = cost.scratch;
      row.activations[d] = cost.activations;
      extra[kAnalyticUs].of[d] = cost.analytic_us;
      extra[kMovedBytes].of[d] = cost.moved_bytes;
      extra[kMeasuredUj].of[d] = cost.measured_uj;
      for (int e = 0; e < kExtras; ++e) used[e] = used[e] || extra[e].of[d] != 0;
    }
    rows_.push_back(row);
    for (int e = 0; e < kExtras; ++e) extra_[e].push_back(extra[e]);
  }
  for (int e = 0; e < kExtras; ++e) {
    if (!used[e]) extra_[e] = {};
  }
}

template <int kDevices>
void BlockTable<kDevices>::add_up(std::span<const std::uint32_t> blocks, Sums* sums) const {
#ifdef EDGEFRONT_EIGHT_AT_ONCE
  if constexpr (kDevices == 8) {
    if (has_wide_vectors()) {
      add_rows_of_eight(rows_.data(), blocks, &sums->costs);
      for (int e = 0; e < kExtras; ++e) {
        sums->extra[e] = {};
        if (!extra_[e].empty()) add_extra_of_eight(extra_[e].data(), blocks, &sums->extra[e]);
      }
      return;
    }
  }
#endif
  Sums all{};
  for (const std::uint32_t block : blocks) {
    const CostRow<kDevices>& row = rows_[block];
    for (int d = 0; d < kDevices; ++d) {
      all.costs.us[d] += row.us[d];
      all.costs.packed[d] += row.packed[d];
      all.costs.scratch[d] = std::max(all.costs.scratch[d], row.scratch[d]);
      all.costs.activations[d] = std::max(all.costs.activations[d], row.activations[d]);
    }
  }
  for (int e = 0; e < kExtras; ++e) {
    if (extra_[e].empty()) continue;
    for (const std::uint32_t block : blocks) {
      for (int d = 0; d < kDevices; ++d) all.extra[e].of[d] += extra_[e][block].of[d];
    }
  }
  *sums = all;
}

template class BlockTable<1>;
template class BlockTable<8>;

}  // namespace edgefront
