#include "costmodels/analytic_time.h"

#include <doctest/doctest.h>

#include <cmath>

#include "costmodels/cost_model.h"
#include "space/error.h"
#include "tests/costmodels/example_network.h"

namespace edgefront {
namespace {

LayerGraph pointwise(int side, int inputs, int outputs) {
  LayerGraph graph;
  graph.tensors = {{{side, side, inputs}}, {{side, side, outputs}}};
  graph.inputs = {0};
  graph.outputs = {1};
  Layer conv;
  conv.inputs = {{0, -1}};
  conv.output = 1;
  conv.name = "conv";
  graph.layers = {conv};
  return graph;
}

DeviceDescription with_roofline() {
  DeviceDescription d;
  d.name = "roof";
  d.roofline = {100, 100, 10, 1, "by hand"};
  return d;
}

DeviceDescription with_gpu() {
  DeviceDescription d;
  d.name = "gpu";
  d.gpu = EdgeGpu{0, 100, 10, 3, 64, "by hand"};
  return d;
}

DeviceDescription with_systolic() {
  DeviceDescription d;
  d.name = "npu";
  SystolicArray array;
  array.rows = array.columns = 8;
  array.clock_mhz = 1000;
  array.sram_bytes = 1 << 20;  // activations stay on the chip
  array.dma_gb_s = 1;
  d.systolic = array;
  return d;
}

DeviceDescription with_fpga() {
  DeviceDescription d;
  d.name = "fpga";
  LoopAccelerator fpga;
  fpga.clock_mhz = 200;
  fpga.bandwidth_gb_s = 2;
  fpga.dsp = 64;
  fpga.bram18 = 400;
  fpga.dsp_per_mac_int8 = 1;
  d.loops = fpga;
  return d;
}

TEST_CASE("the bound of a layer flips at the ridge, and is told with its time") {
  for (const DeviceDescription& description :
       {with_roofline(), with_gpu(), with_systolic(), with_fpga()}) {
    CAPTURE(description.name);
    // More pixels: more operations per byte of weights.
    const AnalyticTimer timer = analytic_timer(description, Precision::kInt8);
    const auto model = make_analytic_cost_model(description, {});
    int flips = 0;
    bool before = true;
    for (const int side : {1, 2, 3, 4, 6, 8, 12, 16, 24, 32}) {
      const LayerGraph graph = with_precision(pointwise(side, 64, 64), Precision::kInt8);
      const AnalyticTime time = timer(graph, fuse(graph)[0]);
      CHECK(time.us() == std::max(time.compute_us, time.memory_us) + time.overhead_us);
      flips += time.memory_bound() != before;
      before = time.memory_bound();
      const LayerCost layer = model->layers(pointwise(side, 64, 64)).at(0);
      CHECK(layer.bound == (time.compute_us < time.memory_us ? "memory-bound" : "compute-bound"));
      CHECK(layer.analytic);
      CHECK(layer.latency_us == time.us());
    }
    CHECK_FALSE(before);
    CHECK(flips == 1);
  }
}

TEST_CASE(
    "a roofline's layer is memory-bound below peak/bandwidth operations per byte, not above") {
  // Ridge at 10 operations per byte. Pointwise C to C on P pixels: 2·P·C·C operations on
  // 2·P·C + C·C + 8·C bytes; with P = 10,000 and C = 10: 2,000,000 on 200,180.
  DeviceDescription description = with_roofline();
  const LayerGraph graph = with_precision(pointwise(100, 10, 10), Precision::kInt8);
  const double bytes = 2 * 100 * 100 * 10 + 100 + 80;
  const double ridge_gb_s = 100 * bytes / 2e6;
  description.roofline.bandwidth_gb_s = ridge_gb_s * 1.001;
  CHECK_FALSE(analytic_timer(description, Precision::kInt8)(graph, fuse(graph)[0]).memory_bound());
  description.roofline.bandwidth_gb_s = ridge_gb_s * 0.999;
  CHECK(analytic_timer(description, Precision::kInt8)(graph, fuse(graph)[0]).memory_bound());
}

TEST_CASE("a GPU computes in whole waves and launches each layer") {
  const LayerGraph graph = with_precision(pointwise(3, 16, 8), Precision::kInt8);  // 72 outputs
  const AnalyticTime time = analytic_timer(with_gpu(), Precision::kInt8)(graph, fuse(graph)[0]);
  CHECK(time.compute_us == doctest::Approx(2 * 72 * 16 / 100e3 * 128 / 72));
  CHECK(time.utilisation == doctest::Approx(72 / 128.0));
  CHECK(time.overhead_us == 3);
  CHECK(time.us() == doctest::Approx(3 + std::max(time.compute_us, time.memory_us)));
}

TEST_CASE("every model times a whole network, and calls it analytic") {
  for (const DeviceDescription& description :
       {with_roofline(), with_gpu(), with_systolic(), with_fpga()}) {
    const auto model = make_analytic_cost_model(description, {});
    const NetworkCost cost = model->estimate(example_network());
    CHECK(cost.analytic_share == 1);
    CHECK_FALSE(cost.calibrated);
    double sum = 0;
    for (const LayerCost& layer : model->layers(example_network())) sum += layer.latency_us;
    CHECK(cost.latency_us == doctest::Approx(sum));
    CHECK(analytic_label(description).rfind("analytic: ", 0) == 0);
  }
}

TEST_CASE("a precision without multipliers is refused") {
  for (const DeviceDescription& description : {with_gpu(), with_systolic(), with_fpga()}) {
    CHECK_THROWS_WITH_AS(analytic_timer(description, Precision::kFloat32),
                         doctest::Contains("does not compute fp32"), InputError);
  }
}

}  // namespace
}  // namespace edgefront
