// The smallest arena that any placement can have, by search: the oracle of the memory plan on
// graphs of a few tensors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/fuse.h"

namespace edgefront::test {

/// Bytes that must lie somewhere for some steps, first and last included: a tensor, or several that
/// take one place after another.
struct Resident {
  int first = 0, last = 0;
  std::int64_t bytes = 0;
  bool meets(const Resident& other) const { return first <= other.last && other.first <= last; }
};

/// Every optimal placement can be pushed down until each resident stands on the floor or on another
/// one that it meets; putting residents down by rising offset then gives each the highest top among
/// those already there that it meets. So trying all orders with this rule finds the optimum.
class PlacementSearch {
 public:
  explicit PlacementSearch(std::vector<Resident> residents) : residents_(std::move(residents)) {
    for (const Resident& r : residents_) {
      std::int64_t live = 0;  // while the step in which `r` begins runs
      for (const Resident& other : residents_) {
        if (other.first <= r.first && r.first <= other.last) live += other.bytes;
      }
      bound_ = std::max(bound_, live);
      best_ += r.bytes;
    }
    top_.assign(residents_.size(), -1);
  }
  std::int64_t run() {
    place(0, 0, 0);
    return best_;
  }

 private:
  void place(std::size_t placed, std::int64_t height, std::int64_t floor) {
    if (height >= best_ || best_ == bound_) return;
    if (placed == residents_.size()) {
      best_ = height;
      return;
    }
    for (std::size_t i = 0; i < residents_.size(); ++i) {
      if (top_[i] >= 0) continue;
      std::int64_t at = 0;
      for (std::size_t k = 0; k < residents_.size(); ++k) {
        if (top_[k] >= 0 && residents_[k].meets(residents_[i])) at = std::max(at, top_[k]);
      }
      if (at < floor) continue;  // offsets rise
      top_[i] = at + residents_[i].bytes;
      place(placed + 1, std::max(height, top_[i]), at);
      top_[i] = -1;
    }
  }

  std::vector<Resident> residents_;
  std::vector<std::int64_t> top_;  ///< −1: not placed yet
  std::int64_t bound_ = 0, best_ = 0;
};

/// The optimum over all placements and all ways to let elementwise steps write over an operand of
/// the output's size that nobody reads later. In bytes, tensors rounded up to 64.
class PlanSearch {
 public:
  PlanSearch(const LayerGraph& graph, const std::vector<Step>& steps)
      : graph_(graph), steps_(steps), resident_of_(graph.tensors.size(), -1) {
    const int end = static_cast<int>(steps.size());
    for (const std::int32_t id : graph.inputs) begin(id, -1);
    for (int now = 0; now < end; ++now) {
      for (const std::int32_t id : operands(steps[now])) residents_[resident_of_[id]].last = now;
      begin(steps[now].output, now);
    }
    for (const std::int32_t id : graph.outputs) residents_[resident_of_[id]].last = end;
  }

  int residents() const { return static_cast<int>(residents_.size()); }

  std::int64_t run() { return choose(0, residents_, resident_of_); }

 private:
  static std::vector<std::int32_t> operands(const Step& step) {
    std::vector<std::int32_t> ids;
    for (const std::int32_t id : {step.input, step.input2, step.residual}) {
      if (id >= 0) ids.push_back(id);
    }
    return ids;
  }
  std::int64_t bytes_of(std::int32_t id) const {
    return (graph_.tensors[id].bytes() + 63) / 64 * 64;
  }
  void begin(std::int32_t id, int now) {
    resident_of_[id] = static_cast<int>(residents_.size());
    residents_.push_back({now, now, bytes_of(id)});
  }
  bool writes_in_place(const Step& step) const {
    const OpKind op = graph_.layers[step.layer].op;
    return op == OpKind::kAdd || op == OpKind::kMul || is_unary_activation(op);
  }

  /// The best of all choices for the steps from `now` on.
  std::int64_t choose(std::size_t now, std::vector<Resident> residents,
                      std::vector<int> resident_of) const {
    if (now == steps_.size()) {
      residents.erase(std::remove_if(residents.begin(), residents.end(),
                                     [](const Resident& r) { return r.bytes == 0; }),
                      residents.end());
      return PlacementSearch(residents).run();
    }
    std::int64_t best = choose(now + 1, residents, resident_of);
    if (!writes_in_place(steps_[now])) return best;
    const std::int32_t output = steps_[now].output;
    for (const std::int32_t id : operands(steps_[now])) {
      const int over = resident_of[id];
      const bool dies = residents[over].last == static_cast<int>(now);
      if (!dies || graph_.tensors[id].bytes() != graph_.tensors[output].bytes()) continue;
      std::vector<Resident> merged = residents;
      std::vector<int> of = resident_of;
      merged[over].last = merged[resident_of[output]].last;
      merged[resident_of[output]].bytes = 0;  // no resident of its own
      of[output] = over;
      best = std::min(best, choose(now + 1, std::move(merged), std::move(of)));
    }
    return best;
  }

  const LayerGraph& graph_;
  const std::vector<Step>& steps_;
  std::vector<Resident> residents_;
  std::vector<int> resident_of_;
};

}  // namespace edgefront::test
