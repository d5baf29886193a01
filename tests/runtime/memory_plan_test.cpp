#include "runtime/memory_plan.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"
#include "tests/runtime/optimal_plan.h"
#include "tests/runtime/random_dag.h"
#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::GraphBuilder;
using test::RandomGraph;

const KernelSet& reference() { return *kernel_sets().back(); }

/// Whether tensor `id` must hold its bytes while step `now` runs, straight from the definition:
/// somebody wrote it at or before `now`, and somebody reads it at or after. −1 is the moment before
/// the first step, steps.size() the one after the last.
bool live_at(const LayerGraph& graph, const std::vector<Step>& steps, std::int32_t id, int now) {
  const int end = static_cast<int>(steps.size());
  const auto lists = [&](const std::vector<std::int32_t>& ids) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  int written = lists(graph.inputs) ? -1 : end + 1;
  for (int i = 0; i < end; ++i) {
    if (steps[i].output == id) written = i;
  }
  if (written > now) return false;
  if (written == now) return true;
  if (lists(graph.outputs)) return true;
  for (int i = std::max(now, 0); i < end; ++i) {
    if (steps[i].input == id || steps[i].input2 == id || steps[i].residual == id) return true;
  }
  return false;
}

/// Whether step `now` may write its output over tensor `id`: an elementwise step, an operand of the
/// same size, and nobody reads it later.
bool may_be_overwritten(const LayerGraph& graph, const std::vector<Step>& steps, std::int32_t id,
                        int now) {
  if (now < 0 || now >= static_cast<int>(steps.size())) return false;
  const Step& step = steps[now];
  const OpKind op = graph.layers[step.layer].op;
  const bool elementwise = op == OpKind::kAdd || op == OpKind::kMul || is_unary_activation(op);
  return elementwise && (step.input == id || step.input2 == id) &&
         graph.tensors[id].bytes() == graph.tensors[step.output].bytes() &&
         !live_at(graph, steps, id, now + 1);
}

/// Every pair, every moment.
void check_no_overlap(const LayerGraph& graph, const std::vector<Step>& steps,
                      const MemoryPlan& plan) {
  const int tensors = static_cast<int>(graph.tensors.size());
  std::int64_t bound = 0;
  for (int now = -1; now <= static_cast<int>(steps.size()); ++now) {
    const bool runs = now >= 0 && now < static_cast<int>(steps.size());
    const std::int32_t output = runs ? steps[now].output : -1;
    std::int64_t sum = 0;
    std::vector<std::int32_t> live;
    for (int t = 0; t < tensors; ++t) {
      if (live_at(graph, steps, t, now)) live.push_back(t);
    }
    bool in_place = false;
    for (const std::int32_t a : live) {
      sum += graph.tensors[a].bytes();
      in_place |= may_be_overwritten(graph, steps, a, now);
      REQUIRE(plan.tensor_offset[a] >= 0);
      REQUIRE(plan.tensor_offset[a] % 64 == 0);
      REQUIRE(plan.tensor_offset[a] + graph.tensors[a].bytes() <= plan.scratch_offset);
      for (const std::int32_t b : live) {
        if (a >= b) continue;
        const bool apart =
            plan.tensor_offset[a] + graph.tensors[a].bytes() <= plan.tensor_offset[b] ||
            plan.tensor_offset[b] + graph.tensors[b].bytes() <= plan.tensor_offset[a];
        const bool same = plan.tensor_offset[a] == plan.tensor_offset[b];
        const bool over = same && ((may_be_overwritten(graph, steps, a, now) && output == b) ||
                                   (may_be_overwritten(graph, steps, b, now) && output == a));
        REQUIRE_MESSAGE((apart || over), "tensors ", a, " and ", b, " at step ", now);
      }
    }
    if (in_place) sum -= graph.tensors[output].bytes();
    bound = std::max(bound, sum);
    if (!runs || !steps[now].banded()) continue;
    const std::int64_t rows = plan.rows_offset[now],
                       end = rows + plan_bands(graph, steps[now]).bytes;
    REQUIRE(rows >= 0);
    REQUIRE(rows % 64 == 0);
    REQUIRE(end <= plan.scratch_offset);
    for (const std::int32_t id : live) {
      const std::int64_t at = plan.tensor_offset[id];
      REQUIRE((at + graph.tensors[id].bytes() <= rows || end <= at));
    }
  }
  CHECK(live_set_bound(graph, steps) == bound);
  CHECK(plan.arena_bytes >= bound);
  CHECK(plan.arena_bytes == plan.scratch_offset + plan.scratch_bytes);
}

}  // namespace

TEST_CASE("no two live tensors overlap, for every kernel set, fused or not") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    LayerGraph graph = RandomGraph(seed).make(static_cast<int>(seed % 3));
    if (seed % 2 == 0) graph = with_precision(graph, Precision::kInt8);
    const KernelSet& set = *kernel_sets()[seed % kernel_sets().size()];
    const StepOptions banded{true, BlockPath::kBanded, {}};
    for (const auto& steps : {fuse(graph), unfused(graph), execution_steps(graph, set, banded)}) {
      const MemoryPlan plan = plan_memory(graph, steps, set, 1);
      check_no_overlap(graph, steps, plan);
      const MemoryPlan greedy = plan_memory_greedily(graph, steps, set, 1);
      check_no_overlap(graph, steps, greedy);
      CHECK(plan.arena_bytes <= greedy.arena_bytes);
    }
  }
}

TEST_CASE("the plan is at most 5 % above the smallest arena that a search finds") {
  int graphs = 0, in_place = 0, above = 0;
  const auto compare = [&](const LayerGraph& graph) {
    for (const auto& steps : {fuse(graph), unfused(graph)}) {
      test::PlanSearch search(graph, steps);
      if (search.residents() > 9) continue;
      const std::int64_t smallest = search.run();
      const std::int64_t planned = plan_memory(graph, steps, reference(), 1).scratch_offset;
      CHECK(planned >= smallest);
      CHECK(100 * planned <= 105 * smallest);
      ++graphs;
      above += planned > smallest;
      in_place += smallest < plan_memory_greedily(graph, steps, reference(), 1).scratch_offset;
    }
  };
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    CAPTURE(seed);
    const Precision precision = seed % 2 == 0 ? Precision::kInt8 : Precision::kFloat32;
    compare(with_precision(test::random_dag(seed, 4 + static_cast<int>(seed % 5)), precision));
    compare(with_precision(RandomGraph(seed).make(static_cast<int>(seed % 3)), precision));
  }
  // The comparison means something: many graphs, and not the trivial ones alone.
  CHECK(graphs > 1000);
  CHECK(in_place > 300);
  CHECK(above == 0);
}

TEST_CASE("elementwise steps write over an operand that dies, the younger of two") {
  GraphBuilder b;
  const std::int32_t x = b.input({4, 4, 16});
  const std::int32_t y = b.conv(x, 16, 3, 1);
  const std::int32_t used = b.unary(OpKind::kHswish, y);  // y is read again
  const std::int32_t sum = b.add(y, used);
  const std::int32_t gate = b.unary(OpKind::kHsigmoid, b.fully_connected(b.pool(sum), 16));
  const std::int32_t scaled = b.mul(sum, gate);
  b.graph.outputs.push_back(scaled);
  const LayerGraph graph = with_precision(b.graph, Precision::kInt8);
  const auto steps = unfused(graph);
  const MemoryPlan plan = plan_memory(graph, steps, reference(), 1);
  check_no_overlap(graph, steps, plan);
  const auto& at = plan.tensor_offset;
  CHECK(at[used] != at[y]);
  CHECK(at[sum] == at[used]);
  CHECK(at[scaled] == at[sum]);
  CHECK(at[gate] != at[sum]);
  // The mul needs one image and the gate (64 bytes); the sum two images.
  CHECK(plan.scratch_offset == 2 * 256);
}

TEST_CASE("tensors that a fused step never writes have no memory") {
  GraphBuilder b;
  const std::int32_t x = b.input({4, 4, 16});
  const std::int32_t y = b.conv(x, 16, 1, 1);
  const std::int32_t z = b.unary(OpKind::kRelu6, y);
  b.graph.outputs.push_back(z);
  const MemoryPlan plan = plan_memory(b.graph, fuse(b.graph), reference(), 1);
  CHECK(plan.tensor_offset[y] == -1);
  CHECK(plan.tensor_bytes[y] == 0);
  CHECK(plan.scratch_offset == 2 * 4 * 4 * 16 * 4);
}

TEST_CASE("the bound counts residuals: it is the live set, not the largest activation") {
  GraphBuilder b;
  const std::int32_t x = b.input({8, 8, 8});  // 512 bytes in int8
  const std::int32_t wide = b.unary(OpKind::kRelu6, b.conv(x, 32, 1, 1));
  const std::int32_t deep = b.unary(OpKind::kRelu6, b.depthwise(wide, 3, 1));
  b.graph.outputs.push_back(b.add(b.conv(deep, 8, 1, 1), x));
  const LayerGraph graph = with_precision(b.graph, Precision::kInt8);
  // While the depthwise layer runs: the residual and both wide tensors.
  CHECK(live_set_bound(graph, fuse(graph)) == 512 + 2 * 2048);
  CHECK(plan_memory(graph, fuse(graph), reference(), 1).scratch_offset == 512 + 2 * 2048);
}

TEST_CASE("a chain of blocks needs the maximum over its blocks, whatever their number") {
  // Per block: in 64·8, wide 64·32, out 64·8 bytes; the plan of one block serves them all.
  std::int64_t bytes_of_one = 0;
  for (int blocks = 1; blocks <= 6; ++blocks) {
    GraphBuilder b;
    std::int32_t x = b.input({8, 8, 8});
    for (int i = 0; i < blocks; ++i) {
      b.block = i;
      const std::int32_t wide = b.unary(OpKind::kHswish, b.conv(x, 32, 1, 1));
      x = b.add(b.conv(b.unary(OpKind::kHswish, b.depthwise(wide, 3, 1)), 8, 1, 1), x);
    }
    b.graph.outputs.push_back(x);
    const LayerGraph graph = with_precision(b.graph, Precision::kInt8);
    const auto steps = fuse(graph);
    const MemoryPlan plan = plan_memory(graph, steps, reference(), 1);
    check_no_overlap(graph, steps, plan);
    if (blocks == 1) bytes_of_one = plan.scratch_offset;
    CHECK(plan.scratch_offset == bytes_of_one);
  }
  CHECK(bytes_of_one == 512 + 2 * 2048);
}

TEST_CASE("an early exit crosses several borders and is still planned") {
  GraphBuilder b;
  std::int32_t x = b.input({8, 8, 8});
  for (int i = 0; i < 3; ++i) {
    b.block = i;
    x = b.unary(OpKind::kRelu, b.conv(x, 8, 3, 1));
    b.graph.outputs.push_back(b.fully_connected(b.pool(x), 10));
  }
  const auto steps = fuse(b.graph);
  check_no_overlap(b.graph, steps, plan_memory(b.graph, steps, reference(), 1));
}

TEST_CASE("packed bytes are those of weights, multipliers and tables, each rounded up to 64") {
  GraphBuilder b;
  const std::int32_t x = b.input({4, 4, 24});
  b.graph.outputs.push_back(b.unary(OpKind::kHswish, b.conv(x, 40, 1, 1)));
  const LayerGraph graph = with_precision(b.graph, Precision::kInt8);
  const auto steps = fuse(graph);
  const ConvGeometry geometry = geometry_of(graph, graph.layers[0]);
  const std::int64_t weights =
      kernel_s8(reference(), OpKind::kConv2d, geometry).packed_bytes(geometry);
  const PackedBytes packed = step_packed_bytes(graph, steps[0], reference());
  CHECK(packed.weights >= weights);
  CHECK(packed.weights < weights + 64);
  CHECK(packed.multipliers == 192);  // 40 floats
  CHECK(packed.table == 256);
  CHECK(plan_memory(graph, steps, reference(), 1).packed_bytes == packed.total());
}

}  // namespace edgefront
