#include "runtime/block_plan.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "runtime/execution_steps.h"
#include "runtime/memory_plan.h"
#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::GraphBuilder;
using test::RandomGraph;

const KernelSet& set_of(std::uint64_t seed) { return *kernel_sets()[seed % kernel_sets().size()]; }

LayerGraph random_graph(std::uint64_t seed) {
  const Precision precision = seed % 2 == 0 ? Precision::kInt8 : Precision::kFloat32;
  return with_precision(RandomGraph(seed).make(), precision);
}

}  // namespace

TEST_CASE("where blocks need what is live at once, their own numbers make up the whole plan") {
  int made_up = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const LayerGraph graph = random_graph(seed);
    const KernelSet& set = set_of(seed);
    const int threads = 1 + static_cast<int>(seed % 3);
    const std::vector<Step> steps = execution_steps(graph, set);
    BlockMemory network;
    for (const BlockMemory& block : plan_memory_of_blocks(graph, steps, set, threads)) {
      CHECK(block.activation_bytes >= block.live_bytes);
      network.activation_bytes = std::max(network.activation_bytes, block.activation_bytes);
      network.live_bytes = std::max(network.live_bytes, block.live_bytes);
      network.scratch_bytes = std::max(network.scratch_bytes, block.scratch_bytes);
      network.packed_bytes += block.packed_bytes;
    }
    if (network.activation_bytes != network.live_bytes || network.live_bytes == 0) continue;
    ++made_up;
    const MemoryPlan plan = plan_memory(graph, steps, set, threads);
    CHECK(plan.scratch_offset == network.activation_bytes);
    CHECK(plan.arena_bytes == network.activation_bytes + network.scratch_bytes);
    CHECK(plan.packed_bytes == network.packed_bytes);
  }
  CHECK(made_up > 250);
}

TEST_CASE("a block needs in a network what it needs alone") {
  int blocks = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    const LayerGraph graph = random_graph(seed);
    const KernelSet& set = set_of(seed);
    const auto memory = plan_memory_of_blocks(graph, execution_steps(graph, set), set, 1);
    int first = 0;
    for (std::size_t b = 0; b < memory.size(); ++b) {
      int last = first;
      const int layers = static_cast<int>(graph.layers.size());
      while (last < layers && graph.layers[last].block == graph.layers[first].block) ++last;
      LayerGraph cut;
      REQUIRE(extract_range(graph, first, last, &cut, nullptr).ok());
      const auto alone = plan_memory_of_blocks(cut, execution_steps(cut, set), set, 1);
      REQUIRE(alone.size() == 1);
      CHECK(alone[0].activation_bytes == memory[b].activation_bytes);
      CHECK(alone[0].live_bytes == memory[b].live_bytes);
      CHECK(alone[0].scratch_bytes == memory[b].scratch_bytes);
      CHECK(alone[0].packed_bytes == memory[b].packed_bytes);
      first = last;
      ++blocks;
    }
  }
  CHECK(blocks > 300);
}

TEST_CASE("a block's input and output share an end where only one of them is live at a time") {
  GraphBuilder b;
  std::int32_t x = b.input({8, 8, 8});  // 512 bytes in int8, as every tensor here
  for (int i = 0; i < 5; ++i) {
    b.block = i;
    x = b.conv(b.depthwise(x, 3, 1), 8, 1, 1);
  }
  b.graph.outputs.push_back(x);
  const LayerGraph graph = with_precision(b.graph, Precision::kInt8);
  const KernelSet& reference = *kernel_sets().back();
  for (const BlockMemory& block : plan_memory_of_blocks(graph, fuse(graph), reference, 1)) {
    CHECK(block.activation_bytes == 2 * 512);
    CHECK(block.live_bytes == 2 * 512);
  }
  CHECK(plan_memory(graph, fuse(graph), reference, 1).scratch_offset == 2 * 512);
}

TEST_CASE("a tensor that crosses two borders leaves nothing to plan by block") {
  GraphBuilder b;
  const std::int32_t x = b.input({8, 8, 8});
  std::int32_t y = x;
  for (b.block = 0; b.block < 3; ++b.block) y = b.conv(y, 8, 3, 1);
  b.graph.outputs.push_back(b.add(x, y));
  const KernelSet& reference = *kernel_sets().back();
  CHECK(plan_memory_of_blocks(b.graph, fuse(b.graph), reference, 1).empty());
}

}  // namespace edgefront
