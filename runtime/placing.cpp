#include "runtime/placing.h"

#include <algorithm>

namespace edgefront {
namespace {

std::vector<std::int32_t> places_by_size(const Demand& demand) {
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < demand.size.size(); ++i) {
    if (demand.live[i].exists()) ids.push_back(static_cast<std::int32_t>(i));
  }
  sort_by_falling_size(demand, &ids);
  return ids;
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

}  // namespace

void sort_by_falling_size(const Demand& demand, std::vector<std::int32_t>* ids) {
  std::stable_sort(ids->begin(), ids->end(),
                   [&](std::int32_t a, std::int32_t b) { return demand.size[a] > demand.size[b]; });
}

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

Placing plan_greedily(const Demand& demand) {
  return plan_in_order(demand, places_by_size(demand));
}

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

Placing place_patiently(const Demand& demand, std::vector<std::int32_t> ids, std::int64_t bound,
                        const std::function<Placing(const std::vector<std::int32_t>&)>& place) {
  constexpr int kLifts = 8, kSwaps = 64;
  std::vector<std::int32_t> best_ids = ids;
  Placing best = place(ids), now = best;
  if (ids.empty()) return best;
  const auto try_order = [&](bool keep_equal) {
    now = place(ids);
    if (now.bytes > best.bytes || (now.bytes == best.bytes && !keep_equal)) return;
    best = now;
    best_ids = ids;
  };
  const auto lower_top = [&](std::int32_t a, std::int32_t b) {
    return now.offset[a] + demand.size[a] < now.offset[b] + demand.size[b];
  };
  for (int i = 0; i < kLifts && best.bytes > bound; ++i) {
    const auto top = std::max_element(ids.begin(), ids.end(), lower_top);
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

Placing plan_patiently(const Demand& demand, std::int64_t bound) {
  return place_patiently(
      demand, places_by_size(demand), bound,
      [&](const std::vector<std::int32_t>& ids) { return plan_in_order(demand, ids); });
}

}  // namespace edgefront
