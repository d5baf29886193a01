#include "costmodels/network_totals.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "runtime/execution_steps.h"
#include "runtime/memory_plan.h"
#include "runtime/model.h"
#include "tests/costmodels/example_network.h"

namespace edgefront {
namespace {

NetworkCost estimate(const DeviceProfile& profile, const LayerGraph& graph, Precision precision) {
  CostModelOptions options;
  options.precision = precision;
  options.kernel_set = "reference";
  return make_table_cost_model(shared(profile), options)->estimate(graph);
}

/// A pointwise convolution 8 → 16 on 4x4 with relu, then a classifier on its pooled output.
LayerGraph two_layers() {
  LayerGraph graph;
  graph.tensors = {{{4, 4, 8}}, {{4, 4, 16}}, {{4, 4, 16}}};
  graph.inputs = {0};
  graph.outputs = {2};
  Layer conv;
  conv.inputs = {{0, -1}};
  conv.output = 1;
  conv.name = "conv";
  Layer relu;
  relu.op = OpKind::kRelu;
  relu.inputs = {{1, -1}};
  relu.output = 2;
  relu.name = "relu";
  graph.layers = {conv, relu};
  return graph;
}

TEST_CASE("energy is ops, bytes and static power times time, each by its coefficient") {
  const LayerGraph graph = two_layers();
  DeviceProfile profile = profile_covering(graph, Precision::kInt8, "reference");
  // One fused step of 1 µs. MACs: 16 pixels · 8 · 16. Bytes: input 128, output 256, weights 128,
  // 16 biases and 16 scales of four bytes.
  const double macs = 16 * 8 * 16, bytes = 128 + 256 + 128 + 16 * 8;
  auto& energy = *profile.description.energy;
  energy = {4.5, 0.25, 12.5, 0.125, "by hand"};
  const NetworkCost cost = estimate(profile, graph, Precision::kInt8);
  CHECK(cost.latency_us == doctest::Approx(1));
  CHECK(cost.macs == macs);
  CHECK(cost.energy_source == EnergySource::kModelled);
  REQUIRE(cost.energy_uj.has_value());
  CHECK(*cost.energy_uj == doctest::Approx((macs * 0.25 + bytes * 12.5) * 1e-6 + 0.125 * 1.0));
}

TEST_CASE("fp32 energy takes the fp32 coefficient and four bytes a value") {
  const LayerGraph graph = two_layers();
  DeviceProfile profile = profile_covering(graph, Precision::kFloat32, "reference");
  profile.description.energy = EnergyCoefficients{4.5, 0.25, 12.5, 0, "by hand"};
  const double macs = 16 * 8 * 16, bytes = 4.0 * (128 + 256 + 128 + 16);
  const NetworkCost cost = estimate(profile, graph, Precision::kFloat32);
  REQUIRE(cost.energy_uj.has_value());
  CHECK(*cost.energy_uj == doctest::Approx((macs * 4.5 + bytes * 12.5) * 1e-6));
}

TEST_CASE("static power adds energy in proportion to time, and energies of parts add") {
  // Power is energy over period: a network that takes twice as long at 2 W costs 2 µJ more per µs.
  const LayerGraph graph = two_layers();
  DeviceProfile profile = profile_covering(graph, Precision::kInt8, "reference");
  profile.description.energy = EnergyCoefficients{1, 1, 1, 2, "by hand"};
  const double once = *estimate(profile, graph, Precision::kInt8).energy_uj;
  profile.layers.begin()->second.statistics.latency_us = 2;
  CHECK(*estimate(profile, graph, Precision::kInt8).energy_uj - once == doctest::Approx(2.0));
}

TEST_CASE("without coefficients, or without those of the precision, energy is absent") {
  const LayerGraph graph = two_layers();
  DeviceProfile profile = profile_covering(graph, Precision::kInt8, "reference");
  profile.description.energy->e_op_int8_pj = 0;
  CHECK_FALSE(estimate(profile, graph, Precision::kInt8).energy_uj.has_value());
  CHECK(estimate(profile, graph, Precision::kInt8).energy_source == EnergySource::kNone);
  profile.description.energy.reset();
  CHECK_FALSE(estimate(profile, graph, Precision::kInt8).energy_uj.has_value());
}

TEST_CASE("memory is the plan's, and weights count where the device keeps them in RAM") {
  for (const LayerGraph& graph : {example_network(), wide_network()}) {
    for (const KernelSet* set : kernel_sets()) {
      DeviceProfile profile = profile_covering(graph, Precision::kInt8, set->name);
      CostModelOptions options;
      options.kernel_set = set->name;
      const LayerGraph int8 = with_precision(graph, Precision::kInt8);
      const MemoryPlan plan = plan_memory(int8, execution_steps(int8, *set), *set, 1);
      profile.description.weights_in_ram = true;
      NetworkCost cost = make_table_cost_model(shared(profile), options)->estimate(graph);
      CHECK(cost.arena_bytes == plan.arena_bytes);
      CHECK(cost.packed_bytes == plan.packed_bytes);
      CHECK(cost.weights_bytes == weights_bytes(generated_model(int8, 1)));
      CHECK(cost.peak_memory_bytes == plan.arena_bytes + plan.packed_bytes + cost.weights_bytes);
      profile.description.weights_in_ram = false;
      cost = make_table_cost_model(shared(profile), options)->estimate(graph);
      CHECK(cost.peak_memory_bytes == plan.arena_bytes + plan.packed_bytes);
      CHECK(cost.parameters == parameter_count(graph));
    }
  }
}

TEST_CASE("a banded block is one entry, and moves its border tensors and all its weights") {
  const LayerGraph graph = with_precision(wide_network(), Precision::kInt8);
  const KernelSet& set = find_kernel_set("avx2");
  const std::vector<Step> steps = execution_steps(graph, set);
  REQUIRE(steps[1].banded());
  const std::int64_t weights = 16 * 96 + 9 * 96 + 96 * 16, channels = 96 + 96 + 16;
  CHECK(moved_bytes(graph, steps[1]) == 2 * 64 * 64 * 16 + weights + 8 * channels);
  CostModelOptions options;
  options.kernel_set = "avx2";
  const DeviceProfile profile = profile_covering(graph, Precision::kInt8, "avx2");
  const auto layers = make_table_cost_model(shared(profile), options)->layers(graph);
  REQUIRE(layers.size() == steps.size());
  CHECK(layers[1].key.find("inverted_bottleneck int8 64x64x16>96>64x64x16 k3 s1") == 0);
  CHECK(layers[1].latency_us == 2);
}

TEST_CASE("peak activation memory is the largest live set, the waiting residual included") {
  // 12x12 int8: while the depthwise convolution (24 → 24 channels) runs, the 8 channels of the
  // block's input wait for the add: 144·(24 + 24 + 8) bytes live, more than any two tensors.
  const LayerGraph graph = example_network();
  DeviceProfile profile = profile_covering(graph, Precision::kInt8, "reference");
  const NetworkCost cost = estimate(profile, graph, Precision::kInt8);
  CHECK(cost.arena_bytes >= 144 * (24 + 24 + 8));
}

}  // namespace
}  // namespace edgefront
