// Placing blocks of memory that live for a while at offsets of one arena: what the memory plan is
// made of. Sizes are multiples of 64 bytes; nothing here knows what lies in a place.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace edgefront {

/// Steps during which a place must keep its bytes, both included. Graph inputs begin at −1 (the
/// caller writes them), graph outputs end at the number of steps (the caller reads them).
struct LiveRange {
  int first = 0;
  int last = -2;  ///< before `first`: fused away, needs no memory
  bool exists() const { return last >= first; }
  bool meets(const LiveRange& other) const { return first <= other.last && other.first <= last; }
};

/// What all planners know: live range and rounded size of every place, and which place a tensor
/// takes: its own, or the one of an operand that it is written over.
struct Demand {
  std::vector<LiveRange> live;  ///< of all tensors of a place; one that has no place does not exist
  std::vector<std::int64_t> size;
  std::vector<std::int32_t> place_of;
};

struct Placing {
  std::vector<std::int64_t> offset;  ///< per place; −1: not placed
  std::int64_t bytes = 0;            ///< activations only
};

/// Larger places first; equal ones keep their order.
void sort_by_falling_size(const Demand& demand, std::vector<std::int32_t>* ids);

/// Places `ids` in their order, each at the lowest gap that is free for its whole life, beside what
/// already stands in `placed` (ids of places with an offset).
void place_in_order(const Demand& demand, const std::vector<std::int32_t>& ids,
                    std::vector<std::int32_t> placed, Placing* placing);

/// Greedily by falling size.
Placing plan_greedily(const Demand& demand);

/// The least that `place` makes of better and better orders of `ids`, until `bound` is met or the
/// rounds are spent: first what reaches the top goes to the front a few times, then places swap
/// their turns at random (always the same).
Placing place_patiently(const Demand& demand, std::vector<std::int32_t> ids, std::int64_t bound,
                        const std::function<Placing(const std::vector<std::int32_t>&)>& place);
/// All places, greedily by such orders.
Placing plan_patiently(const Demand& demand, std::int64_t bound);

/// The most that is live at once: no placing needs less.
std::int64_t bound_of(const Demand& demand);

}  // namespace edgefront
