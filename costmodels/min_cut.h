// Smallest cut of a directed graph with two fixed sides.
#pragma once

#include <cstdint>
#include <vector>

namespace edgefront {

/// Nodes lie on the source side or on the sink side; an edge from the first to the second side is
/// paid. By the maximum flow (Edmonds & Karp 1972: shortest augmenting paths): meant for hundreds
/// of nodes.
class MinCut {
 public:
  static constexpr std::int64_t kNever = std::int64_t{1} << 50;  ///< an edge that is never cut
  static constexpr int kSource = 0, kSink = 1;

  MinCut() : edges_of_(2) {}
  int add_node();
  /// capacity ≥ 0; zero adds nothing.
  void add_edge(int from, int to, std::int64_t capacity);

  /// Of the cheapest cuts the one with the fewest nodes on the sink side: true for those nodes. To
  /// be called once.
  std::vector<bool> solve();
  /// What the cut costs; after solve().
  std::int64_t cost() const { return flow_; }

 private:
  struct Edge {
    int to;
    std::int64_t room;
  };
  /// Edges by which `from` reaches all nodes, −1 where it does not.
  std::vector<int> search(int from) const;

  std::vector<Edge> edges_;  ///< edge 2i and its reverse 2i + 1
  std::vector<std::vector<int>> edges_of_;
  std::int64_t flow_ = 0;
};

}  // namespace edgefront
