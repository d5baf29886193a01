#include <doctest/doctest.h>

#include "costmodels/cost_model.h"
#include "space/error.h"
#include "tests/costmodels/example_network.h"

namespace edgefront {
namespace {

DeviceDescription described() {
  DeviceDescription description;
  description.name = "slow";
  description.roofline = {1, 2, 0.5, 0.25, "by hand"};
  return description;
}

LayerGraph one_convolution(int channels) {
  LayerGraph graph;
  graph.tensors = {{{4, 4, channels}}, {{4, 4, channels}}};
  graph.inputs = {0};
  graph.outputs = {1};
  Layer conv;
  conv.inputs = {{0, -1}};
  conv.output = 1;
  conv.name = "conv";
  graph.layers = {conv};
  return graph;
}

TEST_CASE("a step takes the larger of its operations and its bytes, plus the overhead") {
  const auto model = make_analytic_cost_model(described(), {});
  // Memory bound: 16·8·8 MACs · 2 / 2 per ns = 1024 ns; bytes 128 + 128 + 64 + 64 = 384 at 0.5
  // GB/s = 768 ns. So compute bound at 8 channels; memory bound at 2 (64 against 176 ns).
  CHECK(model->estimate(one_convolution(8)).latency_us == doctest::Approx(1.024 + 0.25));
  CHECK(model->estimate(one_convolution(2)).latency_us ==
        doctest::Approx((32 + 32 + 4 + 16) / 0.5 * 1e-3 + 0.25));
}

TEST_CASE("everything is marked as analytic, with a wide interval") {
  const auto model = make_analytic_cost_model(described(), {});
  const LayerGraph graph = example_network();
  const NetworkCost cost = model->estimate(graph);
  CHECK(cost.analytic_share == 1);
  CHECK_FALSE(cost.calibrated);
  CHECK(cost.latency_low_us == doctest::Approx(0.5 * cost.latency_us));
  CHECK(cost.latency_high_us == doctest::Approx(5 * cost.latency_us));
  CHECK(cost.energy_source == EnergySource::kNone);
  double sum = 0;
  for (const auto& layer : model->layers(graph)) {
    CHECK(layer.analytic);
    sum += layer.latency_us;
  }
  CHECK(sum == doctest::Approx(cost.latency_us));
}

TEST_CASE("a missing coefficient is named") {
  DeviceDescription description = described();
  description.roofline.fp32_gops = 0;
  CostModelOptions options;
  CHECK(make_analytic_cost_model(description, options) != nullptr);
  options.precision = Precision::kFloat32;
  CHECK_THROWS_WITH_AS(make_analytic_cost_model(description, options),
                       doctest::Contains("\"slow\" has no [roofline] fp32_gops"), InputError);
  description.roofline.bandwidth_gb_s = 0;
  CHECK_THROWS_WITH_AS(make_analytic_cost_model(description, {}),
                       doctest::Contains("bandwidth_gb_s"), InputError);
}

}  // namespace
}  // namespace edgefront
