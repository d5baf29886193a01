#include "runtime/block_plan.h"

#include <algorithm>

namespace edgefront {
namespace {

using Ids = std::vector<std::int32_t>;

/// One way to place a block: its interior grows from the end where `near` lies, `far` lies at the
/// other end.
struct Sides {
  Ids near, far;
  bool from_input = true;  ///< the end that the interior grows from is that of the block's input
  bool same_end = false;   ///< input and output of the block lie at one end
};

/// A block as it was placed. Offsets are distances of a place's nearer edge from its end.
struct PlacedBlock {
  Placing distance;  ///< bytes: the height of the block
  Sides sides;
};

bool any_meet(const Demand& demand, const Ids& some, const Ids& others) {
  for (const std::int32_t a : some) {
    for (const std::int32_t b : others) {
      if (demand.live[a].meets(demand.live[b])) return true;
    }
  }
  return false;
}

Ids joined(Ids ids, const Ids& more) {
  ids.insert(ids.end(), more.begin(), more.end());
  return ids;
}

/// Places `interior` in this order outward from the end where `near` lies, and returns the height
/// that the block then needs. The distances of both borders are known.
std::int64_t place_interior(const Demand& demand, const Sides& sides, const Ids& interior,
                            Placing* distance) {
  const auto top = [&](std::int32_t id) { return distance->offset[id] + demand.size[id]; };
  place_in_order(demand, interior, sides.near, distance);
  std::int64_t height = 0;
  for (const std::int32_t id : sides.far) height = std::max(height, top(id));
  for (const Ids* ids : {&sides.near, &interior}) {
    for (const std::int32_t id : *ids) {
      height = std::max(height, top(id));
      for (const std::int32_t other : sides.far) {
        if (!demand.live[other].meets(demand.live[id])) continue;
        height = std::max(height, top(id) + top(other));
      }
    }
  }
  return height;
}

/// The most of these places that is live at once, over the moments at which one of them begins.
std::int64_t live_bytes(const Demand& demand, const Ids& places) {
  std::int64_t most = 0;
  for (const std::int32_t begins : places) {
    const int now = demand.live[begins].first;
    std::int64_t sum = 0;
    for (const std::int32_t id : places) {
      if (demand.live[id].first <= now && now <= demand.live[id].last) sum += demand.size[id];
    }
    most = std::max(most, sum);
  }
  return most;
}

/// `border` holds the distances of border places. At most `bound` is as good as less.
PlacedBlock place_block(const Demand& demand, const Ids& in, const Ids& out, Ids interior,
                        std::int64_t bound, const Placing& border) {
  sort_by_falling_size(demand, &interior);
  std::vector<Sides> ways{{in, out, true, false}, {out, in, false, false}};
  if (!any_meet(demand, in, out)) ways.push_back({joined(in, out), {}, true, true});
  PlacedBlock best;
  for (const Sides& sides : ways) {
    const auto place = [&](const Ids& order) {
      Placing placing = border;
      placing.bytes = place_interior(demand, sides, order, &placing);
      return placing;
    };
    Placing placing = place_patiently(demand, interior, bound, place);
    const bool first = best.distance.offset.empty();
    if (first || placing.bytes < best.distance.bytes) best = {std::move(placing), sides};
    if (best.distance.bytes <= bound) break;
  }
  return best;
}

}  // namespace

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
  blocks.block_of_step.assign(block_of.begin() + 1, block_of.end() - 1);
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

BlockPlan plan_by_block(const Demand& demand, const Blocks& blocks, std::int64_t enough) {
  BlockPlan plan;
  Placing border;  // distances of border places from their ends: side by side
  border.offset.assign(demand.size.size(), -1);
  for (const Ids& ids : blocks.border) {
    std::int64_t at = 0;
    for (const std::int32_t id : ids) {
      border.offset[id] = at;
      at += demand.size[id];
    }
  }
  plan.placing = border;
  std::vector<bool> from_high(demand.size.size(), false);
  bool input_high = false;
  for (std::size_t b = 0; b < blocks.interior.size(); ++b) {
    const Ids &in = blocks.border[b], &out = blocks.border[b + 1], &interior = blocks.interior[b];
    BlockHeight height;
    height.live = live_bytes(demand, joined(joined(interior, out), in));
    const PlacedBlock placed =
        place_block(demand, in, out, interior, std::max(height.live, enough), border);
    height.planned = placed.distance.bytes;
    plan.heights.push_back(height);
    plan.placing.bytes = std::max(plan.placing.bytes, height.planned);
    const bool output_high = placed.sides.same_end ? input_high : !input_high;
    for (const std::int32_t id : interior) {
      plan.placing.offset[id] = placed.distance.offset[id];
      from_high[id] = placed.sides.from_input ? input_high : output_high;
    }
    for (const std::int32_t id : out) from_high[id] = output_high;
    input_high = output_high;
  }
  // Distances from the high end become offsets now that the height of the arena is known: moving
  // that end up keeps everything apart.
  for (std::size_t i = 0; i < from_high.size(); ++i) {
    if (!from_high[i]) continue;
    plan.placing.offset[i] = plan.placing.bytes - plan.placing.offset[i] - demand.size[i];
  }
  return plan;
}

}  // namespace edgefront
