#include "costmodels/min_cut.h"

#include <algorithm>
#include <cstddef>
#include <deque>

namespace edgefront {

int MinCut::add_node() {
  edges_of_.emplace_back();
  return static_cast<int>(edges_of_.size()) - 1;
}

void MinCut::add_edge(int from, int to, std::int64_t capacity) {
  if (capacity == 0 || from == to) return;
  edges_of_[std::size_t(from)].push_back(static_cast<int>(edges_.size()));
  edges_.push_back({to, capacity});
  edges_of_[std::size_t(to)].push_back(static_cast<int>(edges_.size()));
  edges_.push_back({from, 0});
}

std::vector<int> MinCut::search(int from) const {
  std::vector<int> by(edges_of_.size(), -1);
  std::vector<bool> seen(edges_of_.size());
  std::deque<int> queue{from};
  seen[std::size_t(from)] = true;
  while (!queue.empty()) {
    const int node = queue.front();
    queue.pop_front();
    for (const int e : edges_of_[std::size_t(node)]) {
      const Edge& edge = edges_[std::size_t(e)];
      if (edge.room == 0 || seen[std::size_t(edge.to)]) continue;
      seen[std::size_t(edge.to)] = true;
      by[std::size_t(edge.to)] = e;
      queue.push_back(edge.to);
    }
  }
  return by;
}

std::vector<bool> MinCut::solve() {
  for (std::vector<int> by = search(kSource); by[kSink] >= 0; by = search(kSource)) {
    std::int64_t room = kNever;
    const auto walk = [&](const auto& visit) {
      for (int node = kSink; node != kSource;) {
        const int e = by[std::size_t(node)];
        visit(e);
        node = edges_[std::size_t(e ^ 1)].to;
      }
    };
    walk([&](int e) { room = std::min(room, edges_[std::size_t(e)].room); });
    walk([&](int e) {
      edges_[std::size_t(e)].room -= room;
      edges_[std::size_t(e ^ 1)].room += room;
    });
    flow_ += room;
  }
  // What can still reach the sink must lie on its side in every cheapest cut.
  std::vector<bool> sink_side(edges_of_.size());
  sink_side[kSink] = true;
  std::deque<int> queue{kSink};
  while (!queue.empty()) {
    const int node = queue.front();
    queue.pop_front();
    for (const int e : edges_of_[std::size_t(node)]) {
      const int before = edges_[std::size_t(e)].to;
      if (edges_[std::size_t(e ^ 1)].room == 0 || sink_side[std::size_t(before)]) continue;
      sink_side[std::size_t(before)] = true;
      queue.push_back(before);
    }
  }
  return sink_side;
}

}  // namespace edgefront
