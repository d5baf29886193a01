#include "costmodels/path_choice.h"

#include <doctest/doctest.h>

#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"
#include "tests/costmodels/example_network.h"

namespace edgefront {
namespace {

/// Entries for one way of running the network, each of so many microseconds.
void add_entries(const LayerGraph& graph, const KernelSet& set, BlockPath path, double us,
                 DeviceProfile& profile) {
  for (const Step& step : execution_steps(graph, set, {true, path, {}, 0})) {
    const LayerKey key = key_of(graph, step, set, 1);
    profile.layers.insert_or_assign(key.text(), LayerMeasurement{key, example_statistics(us)});
  }
}

BlockPath only_choice(const std::vector<PathChoice>& choices) {
  REQUIRE(choices.size() == 1);
  CHECK(choices[0].block == 1);
  return choices[0].path;
}

}  // namespace

TEST_CASE("a block runs the way that its entries say is faster") {
  const LayerGraph graph = with_precision(wide_network(), Precision::kInt8);
  const KernelSet& set = find_kernel_set("reference");
  DeviceProfile profile;
  add_entries(graph, set, BlockPath::kBanded, 10, profile);
  add_entries(graph, set, BlockPath::kLayers, 3, profile);  // three layers: 9 together
  CHECK(only_choice(cheapest_paths(graph, profile, set, 1)) == BlockPath::kLayers);
  add_entries(graph, set, BlockPath::kLayers, 4, profile);
  CHECK(only_choice(cheapest_paths(graph, profile, set, 1)) == BlockPath::kBanded);
}

TEST_CASE("without the entries of both ways the kernel set's rule decides") {
  const LayerGraph graph = with_precision(wide_network(), Precision::kInt8);
  for (const BlockPath path : {BlockPath::kBanded, BlockPath::kLayers}) {
    DeviceProfile profile;
    add_entries(graph, find_kernel_set("avx2"), path, 1, profile);
    add_entries(graph, find_kernel_set("reference"), path, 1, profile);
    CHECK(only_choice(cheapest_paths(graph, profile, find_kernel_set("avx2"), 1)) ==
          BlockPath::kBanded);
    CHECK(only_choice(cheapest_paths(graph, profile, find_kernel_set("reference"), 1)) ==
          BlockPath::kLayers);
  }
}

}  // namespace edgefront
