#include "runtime/prepared_slice.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "runtime/memory_plan.h"
#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::RandomGraph;

struct Freer {
  void operator()(char* p) const { std::free(p); }
};
using Bytes = std::unique_ptr<char, Freer>;

Bytes aligned_bytes(std::int64_t count) {
  return Bytes(
      static_cast<char*>(std::aligned_alloc(64, static_cast<std::size_t>((count + 64) / 64 * 64))));
}

/// Runs a model with each step cut into `slices`, the last slice first, and returns the arena's
/// outputs. Scratch and packed weights get exactly what the plan's functions say.
std::vector<char> run_cut(const Model& model, const KernelSet& set, int slices) {
  const LayerGraph& graph = model.graph;
  const std::vector<Step> steps = fuse(graph);
  MemoryPlan plan = plan_memory(graph, steps, set, 1);
  plan.scratch_bytes = 0;
  for (const Step& step : steps) {
    plan.scratch_bytes =
        std::max(plan.scratch_bytes, slices * slice_scratch_bytes(graph, step, set, slices));
  }
  const Bytes arena = aligned_bytes(plan.scratch_offset + plan.scratch_bytes);
  std::mt19937_64 random(7);
  for (const std::int32_t id : graph.inputs) {
    char* at = arena.get() + plan.tensor_offset[id];
    for (std::int64_t i = 0; i < graph.tensors[id].shape.elements(); ++i) {
      const auto value = static_cast<std::int8_t>(random());
      if (graph.tensors[id].precision == Precision::kInt8) {
        reinterpret_cast<std::int8_t*>(at)[i] = value;
      } else {
        reinterpret_cast<float*>(at)[i] = value / 40.0f;
      }
    }
  }
  for (const Step& step : steps) {
    const Bytes packed = aligned_bytes(step_packed_bytes(graph, step, set, slices).total());
    const PreparedStep whole =
        prepare_step(model, step, set, {arena.get(), &plan, packed.get(), slices});
    for (int i = slices - 1; i >= 0; --i) {
      const PreparedStep slice = slice_of(whole, graph, step, set, i, slices);
      if (slice.run != nullptr) slice.run(slice);
    }
  }
  std::vector<char> outputs;
  for (const std::int32_t id : graph.outputs) {
    const char* at = arena.get() + plan.tensor_offset[id];
    outputs.insert(outputs.end(), at, at + graph.tensors[id].bytes());
  }
  return outputs;
}

TEST_CASE("slices give the bits of the whole step, for every kernel set, precision and number") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const LayerGraph graph = RandomGraph(seed).make(static_cast<int>(seed % 2));
    for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
      const Model model = generated_model(with_precision(graph, precision), seed);
      for (const KernelSet* set : kernel_sets()) {
        if (!set->available()) continue;
        const std::vector<char> expected = run_cut(model, *set, 1);
        for (int slices = 2; slices <= 4; ++slices) {
          INFO("seed ", seed, " ", precision_name(precision), " ", std::string(set->name),
               " slices ", slices);
          CHECK(run_cut(model, *set, slices) == expected);
        }
      }
    }
  }
}

}  // namespace
}  // namespace edgefront
