#include "runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "runtime/bands.h"
#include "runtime/step_slices.h"

namespace edgefront {
namespace {

constexpr std::int64_t kAlignment = 64;

std::int64_t round_up(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// Steps during which a tensor must keep its bytes, both included. Graph inputs begin at −1 (the
/// caller writes them), graph outputs end at the number of steps (the caller reads them).
struct LiveRange {
  int first = 0;
  int last = -2;  ///< before `first`: fused away, needs no memory
  bool exists() const { return last >= first; }
  bool meets(const LiveRange& other) const { return first <= other.last && other.first <= last; }
};

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

struct Placing {
  std::vector<std::int64_t> offset;  ///< per tensor; −1: not placed
  std::int64_t bytes = 0;            ///< activations only
};

/// What all planners know: live range and rounded size of every place, and which place a tensor
/// takes: its own, or the one of an operand that it is written over.
struct Demand {
  std::vector<LiveRange> live;  ///< of all tensors of a place; one that has no place does not exist
  std::vector<std::int64_t> size;
  std::vector<std::int32_t> place_of;
};

void sort_by_falling_size(const Demand& demand, std::vector<std::int32_t>* ids) {
  std::stable_sort(ids->begin(), ids->end(),
                   [&](std::int32_t a, std::int32_t b) { return demand.size[a] > demand.size[b]; });
}

std::vector<std::int32_t> places_by_size(const Demand& demand) {
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < demand.size.size(); ++i) {
    if (demand.live[i].exists()) ids.push_back(static_cast<std::int32_t>(i));
  }
  sort_by_falling_size(demand, &ids);
  return ids;
}

/// Places `ids` in their order, each at the lowest gap that is free for its whole life, beside what
/// already stands in `placed` (ids of tensors with an offset).
void place_in_order(const Demand& demand, const std::vector<std::int32_t>& ids,
                    std::vector<std::int32_t> placed, Placing* placing) {
  auto& offset = placing->offset;
  const auto lower = [&](std::int32_t a, std::int32_t b) { return offset[a] < offset[b]; };
  std::sort(placed.begin(), placed.end(), lower);
  for (const std::int32_t id : ids) {
    std::int64_t at = 0;
    for (const std::int32_t other : placed) {
      if (!demand.live[other].meets(demand.live[id])) continue;
      if (offset[other] - at >= demand.size[id]) break;
      at = std::max(at, offset[other] + demand.size[other]);
    }
    offset[id] = at;
    placed.insert(std::upper_bound(placed.begin(), placed.end(), id, lower), id);
  }
}

Placing plan_in_order(const Demand& demand, const std::vector<std::int32_t>& ids) {
  Placing placing;
  placing.offset.assign(demand.size.size(), -1);
  place_in_order(demand, ids, {}, &placing);
  for (const std::int32_t id : ids) {
    placing.bytes = std::max(placing.bytes, placing.offset[id] + demand.size[id]);
  }
  return placing;
}

Placing plan_greedily(const Demand& demand) {
  return plan_in_order(demand, places_by_size(demand));
}

/// The most that is live at once: no placing needs less.
std::int64_t bound_of(const Demand& demand) {
  std::int64_t most = 0;
  for (const LiveRange& begins : demand.live) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < demand.size.size(); ++i) {
      const LiveRange& live = demand.live[i];
      if (live.first <= begins.first && begins.first <= live.last) sum += demand.size[i];
    }
    most = std::max(most, sum);
  }
  return most;
}

/// Greedily, by better and better orders, until `bound` is met or the rounds are spent: first what
/// reaches the top goes to the front a few times, then places swap their turns at random.
Placing plan_patiently(const Demand& demand, std::int64_t bound) {
  constexpr int kLifts = 8, kSwaps = 64;
  std::vector<std::int32_t> ids = places_by_size(demand), best_ids = ids;
  Placing best = plan_in_order(demand, ids), now = best;
  const auto try_order = [&](bool keep_equal) {
    now = plan_in_order(demand, ids);
    if (now.bytes > best.bytes || (now.bytes == best.bytes && !keep_equal)) return;
    best = now;
    best_ids = ids;
  };
  for (int i = 0; i < kLifts && best.bytes > bound; ++i) {
    const auto top = std::find_if(ids.begin(), ids.end(), [&](std::int32_t id) {
      return now.offset[id] + demand.size[id] == now.bytes;
    });
    std::rotate(ids.begin(), top, top + 1);
    try_order(false);
  }
  std::uint64_t state = 1;  // of a linear congruential generator (Knuth's MMIX)
  const auto draw = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>((state >> 33) % ids.size());
  };
  for (int i = 0; i < kSwaps && best.bytes > bound; ++i) {
    ids = best_ids;
    const std::size_t a = draw(), b = draw();
    std::swap(ids[a], ids[b]);
    try_order(true);
  }
  return best;
}

/// Tensors by block: interior[b] live in block b alone; border[b] are handed from block b − 1 to
/// block b (border[0]: from the caller, border[blocks]: to the caller).
struct Blocks {
  bool decomposes = true;
  std::vector<std::vector<std::int32_t>> interior, border;
};

Blocks split_by_block(const LayerGraph& graph, const std::vector<Step>& steps,
                      const std::vector<LiveRange>& live) {
  // Number of a step's block among those that occur; the caller's two "blocks" around them.
  std::vector<int> block_of(steps.size() + 2, 0);
  int block = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool next =
        i > 0 && graph.layers[steps[i].layer].block != graph.layers[steps[i - 1].layer].block;
    block_of[i + 1] = block += next ? 1 : 0;
  }
  block_of.front() = -1;
  block_of.back() = block + 1;
  Blocks blocks;
  blocks.interior.resize(static_cast<std::size_t>(block) + 1);
  blocks.border.resize(static_cast<std::size_t>(block) + 2);
  for (std::size_t i = 0; i < live.size(); ++i) {
    if (!live[i].exists()) continue;
    const int first = block_of[live[i].first + 1];
    // An input that nothing reads is still written by the caller: it belongs to the first border.
    const int last = std::max(block_of[live[i].last + 1], 0);
    const auto id = static_cast<std::int32_t>(i);
    if (last > first + 1) blocks.decomposes = false;
    (last == first ? blocks.interior[first] : blocks.border[first + 1]).push_back(id);
  }
  return blocks;
}

enum class End { kLow, kHigh };

/// Places the interior of a block outward from the end where `near` lies, and returns the height
/// that the block needs when `far` lies at the other end. `distance` is that of a tensor's nearer
/// edge from its end; it is known for both borders.
std::int64_t place_interior(const Demand& demand, const std::vector<std::int32_t>& near,
                            const std::vector<std::int32_t>& far,
                            const std::vector<std::int32_t>& interior, Placing* distance) {
  place_in_order(demand, interior, near, distance);
  std::int64_t height = 0;
  for (const auto* ids : {&near, &interior}) {
    for (const std::int32_t id : *ids) {
      const std::int64_t top = distance->offset[id] + demand.size[id];
      height = std::max(height, top);
      for (const std::int32_t other : far) {
        if (demand.live[other].meets(demand.live[id])) {
          height = std::max(height, top + distance->offset[other] + demand.size[other]);
        }
      }
    }
  }
  return height;
}

/// Borders alternate between the low end (even) and the high end (odd) of the arena, so the two of
/// a block never meet; the interior grows from the end that needs less height. Distances from the
/// high end become offsets when the height of the arena is known: moving that end up keeps
/// everything apart, so the height is the maximum over blocks.
Placing plan_by_block(const Demand& demand, const Blocks& blocks) {
  Placing placing;  // distances, until the last loop
  placing.offset.assign(demand.size.size(), -1);
  std::vector<End> end(demand.size.size(), End::kLow);
  for (std::size_t b = 0; b < blocks.border.size(); ++b) {
    std::int64_t at = 0;
    for (const std::int32_t id : blocks.border[b]) {
      placing.offset[id] = at;
      at += demand.size[id];
      end[id] = b % 2 == 0 ? End::kLow : End::kHigh;
    }
    placing.bytes = std::max(placing.bytes, at);
  }
  for (std::size_t b = 0; b < blocks.interior.size(); ++b) {
    const auto& low = blocks.border[b % 2 == 0 ? b : b + 1];
    const auto& high = blocks.border[b % 2 == 0 ? b + 1 : b];
    std::vector<std::int32_t> interior = blocks.interior[b];
    sort_by_falling_size(demand, &interior);
    const std::int64_t from_low = place_interior(demand, low, high, interior, &placing);
    std::vector<std::int64_t> kept;
    for (const std::int32_t id : interior) kept.push_back(placing.offset[id]);
    const std::int64_t from_high = place_interior(demand, high, low, interior, &placing);
    for (std::size_t i = 0; i < interior.size(); ++i) {
      if (from_low <= from_high) placing.offset[interior[i]] = kept[i];
      end[interior[i]] = from_low <= from_high ? End::kLow : End::kHigh;
    }
    placing.bytes = std::max(placing.bytes, std::min(from_low, from_high));
  }
  for (std::size_t i = 0; i < end.size(); ++i) {
    if (end[i] == End::kHigh) {
      placing.offset[i] = placing.bytes - placing.offset[i] - demand.size[i];
    }
  }
  return placing;
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
    if (blocks.decomposes) consider(*demand, plan_by_block(*demand, blocks));
    if (blocks.decomposes && best.bytes == bound) break;
    consider(*demand, plan_patiently(*demand, bound));
  }
  return finish_plan(graph, steps, set, threads, *best_demand, std::move(best));
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
