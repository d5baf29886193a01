#include "costmodels/min_cut.h"

#include <doctest/doctest.h>

#include <vector>

#include "space/random.h"

using namespace edgefront;

namespace {

struct Edge {
  int from, to;
  std::int64_t capacity;
};

}  // namespace

TEST_CASE("a cut costs what the best of all divisions costs, with the fewest nodes beyond it") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    RandomStream random(seed, 0);
    const int nodes = 2 + static_cast<int>(random.below(7));
    std::vector<Edge> edges;
    MinCut cut;
    for (int i = 2; i < nodes; ++i) CHECK(cut.add_node() == i);
    for (int i = 0; i < 3 * nodes; ++i) {
      const Edge edge{static_cast<int>(random.below(nodes)), static_cast<int>(random.below(nodes)),
                      static_cast<std::int64_t>(random.below(6))};
      edges.push_back(edge);
      cut.add_edge(edge.from, edge.to, edge.capacity);
    }
    const std::vector<bool> sink_side = cut.solve();
    std::int64_t best = -1;
    int fewest = 0;
    for (int set = 0; set < (1 << nodes); ++set) {
      if ((set & 3) != 2) continue;  // node 0 on the source side, node 1 on the other
      std::int64_t cost = 0;
      for (const Edge& e : edges) {
        if ((set >> e.from & 1) == 0 && (set >> e.to & 1) == 1) cost += e.capacity;
      }
      const int beyond = __builtin_popcount(static_cast<unsigned>(set));
      if (best < 0 || cost < best || (cost == best && beyond < fewest)) {
        best = cost;
        fewest = beyond;
      }
    }
    std::int64_t cost = 0;
    int beyond = 0;
    for (const Edge& e : edges) {
      if (!sink_side[e.from] && sink_side[e.to]) cost += e.capacity;
    }
    for (const bool side : sink_side) beyond += side;
    CHECK(cut.cost() == best);
    CHECK(cost == best);
    CHECK(beyond == fewest);
  }
}
