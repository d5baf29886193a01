#include "runtime/probe/roofs.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "runtime/memory_plan.h"
#include "runtime/probe/peaks.h"

using namespace edgefront;

namespace {

const KernelSet& reference_set() { return *kernel_sets().back(); }

LayerGraph graph_from(const std::string& text) {
  LayerKey key;
  REQUIRE(LayerKey::parse(text, &key).ok());
  LayerGraph graph;
  REQUIRE(graph_of(key, &graph).ok());
  return graph;
}

// Round numbers: 100 int8 and 10 fp32 operations per ns.
Roofs example_roofs() {
  return {"reference",
          10,
          100,
          {{"L1", 1000, 500, 50}, {"L2", 100000, 50000, 20}, {"DRAM", 0, 400000, 5}}};
}

}  // namespace

TEST_CASE("the work of a step is counted as it is computed by hand") {
  // 4x4 pixels, 8 inputs, 16 outputs: 2,048 multiply-accumulates.
  const LayerGraph conv = graph_from("conv2d int8 4x4x8>4x4x16 k1 s1 relu6+add t1 reference@1");
  const Step step = fuse(conv)[0];
  const StepWork work = work_of(conv, step, reference_set());
  CHECK(work.operations == 2 * 2048);
  CHECK(work.activation_bytes == 128 + 256 + 256);  // input, output, residual
  CHECK(work.weight_bytes == step_packed_bytes(conv, step, reference_set()).total());
  CHECK(work.weight_bytes >= 8 * 16 + 4 * 16);
  CHECK(work.bytes() == work.activation_bytes + work.weight_bytes);
  CHECK(work.intensity() == doctest::Approx(4096.0 / static_cast<double>(work.bytes())));

  const LayerGraph pool =
      graph_from("global_average_pool fp32 4x4x8>1x1x8 k1 s1 none t1 reference@1");
  CHECK(work_of(pool, fuse(pool)[0], reference_set()).operations == 128);
  CHECK(work_of(pool, fuse(pool)[0], reference_set()).activation_bytes == 4 * (128 + 8));
  const LayerGraph add = graph_from("add int8 4x4x8>4x4x8 k1 s1 none t1 reference@1");
  CHECK(work_of(add, fuse(add)[0], reference_set()).operations == 128);
  CHECK(work_of(add, fuse(add)[0], reference_set()).activation_bytes == 3 * 128);
  CHECK(work_of(add, fuse(add)[0], reference_set()).weight_bytes == 0);
}

TEST_CASE("a banded step computes all of its parts and moves what is outside of them") {
  Step expand, project, banded;
  expand.layer = 0;
  expand.input = 0;
  expand.output = 1;
  project.layer = 1;
  project.input = 1;
  project.output = 2;
  project.residual = 0;
  banded.input = 0;
  banded.output = 2;
  banded.parts = {expand, project};
  LayerGraph graph;
  graph.tensors = {{Shape{4, 4, 8}, Precision::kInt8},
                   {Shape{4, 4, 64}, Precision::kInt8},
                   {Shape{4, 4, 8}, Precision::kInt8}};
  Layer layer;
  layer.precision = Precision::kInt8;
  layer.inputs = {{0, -1}};
  layer.output = 1;
  graph.layers.push_back(layer);
  layer.inputs = {{1, -1}};
  layer.output = 2;
  graph.layers.push_back(layer);
  const StepWork work = work_of(graph, banded, reference_set());
  CHECK(work.operations == 2 * 2 * 16 * 8 * 64);
  CHECK(work.activation_bytes == 128 + 128);  // the residual is the input: read once
}

TEST_CASE("a step with much arithmetic is bound by the peak of its precision") {
  StepWork work;
  work.operations = 1e6;
  work.activation_bytes = 500;
  work.weight_bytes = 300;
  const RooflinePoint int8 = place_under_roofs(work, 20, Precision::kInt8, 50000, example_roofs());
  CHECK(int8.compute_us == doctest::Approx(10));    // 1e6 / 100 ns
  CHECK(int8.memory_us == doctest::Approx(0.025));  // 500/50 + 300/20 ns
  CHECK(!int8.memory_bound());
  CHECK(int8.gops == doctest::Approx(50));
  CHECK(int8.share_of_peak == doctest::Approx(0.5));
  CHECK(int8.share_of_roof == doctest::Approx(0.5));
  CHECK(int8.activation_level == "L1");
  CHECK(int8.weight_level == "L2");
  const RooflinePoint fp32 =
      place_under_roofs(work, 200, Precision::kFloat32, 50000, example_roofs());
  CHECK(fp32.share_of_peak == doctest::Approx(0.5));
}

TEST_CASE("a step with much data is bound by the levels that its data lies in") {
  StepWork work;
  work.operations = 1000;
  work.activation_bytes = 20000;  // fits L2
  work.weight_bytes = 5000;
  const RooflinePoint point =
      place_under_roofs(work, 4, Precision::kInt8, 1000000, example_roofs());
  CHECK(point.memory_bound());
  CHECK(point.memory_us == doctest::Approx(2));  // 20000/20 + 5000/5 ns
  CHECK(point.share_of_roof == doctest::Approx(0.5));
  CHECK(point.activation_level == "L2");
  CHECK(point.weight_level == "DRAM");
}

TEST_CASE("levels are the known caches in growing order, and memory") {
  DeviceIdentity identity;
  identity.l1d_bytes = 48 << 10;
  identity.l2_bytes = 1 << 20;
  identity.l3_bytes = 32 << 20;
  const std::vector<BandwidthRoof> all = bandwidth_levels(identity);
  REQUIRE(all.size() == 4);
  CHECK(all[0].level == "L1");
  CHECK(all[0].probe_bytes == 24 << 10);
  CHECK(all[2].bytes == 32 << 20);
  CHECK(all[3].level == "DRAM");
  CHECK(all[3].probe_bytes == 128 << 20);
  identity.l2_bytes = -1;
  identity.l3_bytes = 16 << 10;  // smaller than the first level: not believed
  const std::vector<BandwidthRoof> few = bandwidth_levels(identity);
  REQUIRE(few.size() == 2);
  CHECK(few[1].probe_bytes == 64 << 20);
  CHECK(bandwidth_levels(DeviceIdentity{}).size() == 1);
}

TEST_CASE("every kernel set that this CPU has can be measured, and its loops do what they say") {
  std::vector<std::uint64_t> data(3 * 1024 / 8 + 8);
  auto* aligned = reinterpret_cast<std::uint64_t*>(
      (reinterpret_cast<std::uintptr_t>(data.data()) + 63) / 64 * 64);
  std::uint64_t expected = 0;
  for (int i = 0; i < 3 * 1024 / 8; ++i) {
    aligned[i] = 0x9e3779b97f4a7c15u * static_cast<std::uint64_t>(i + 1);
    expected ^= aligned[i];
  }
  for (const PeakLoops& loops : peak_loops()) {
    const KernelSet* set = nullptr;
    if (!choose_kernel_set(loops.kernel_set, &set).ok()) {
      MESSAGE("skipped: no kernel set ", std::string(loops.kernel_set), " on this CPU");
      continue;
    }
    INFO(std::string(loops.kernel_set));
    // Operations are proportional to rounds; every word is read once.
    CHECK(loops.fp32(10) == 10 * loops.fp32(1));
    CHECK(loops.int8(10) == 10 * loops.int8(1));
    CHECK(loops.read(aligned, 3 * 1024) == expected);
  }
  DeviceIdentity small;
  small.l1d_bytes = 16 << 10;
  Roofs roofs;
  REQUIRE(measure_roofs(reference_set(), small, &roofs).ok());
  CHECK(roofs.kernel_set == "reference");
  CHECK(roofs.fp32_gops > 0);
  CHECK(roofs.int8_gops > 0);
  REQUIRE(roofs.levels.size() == 2);
  for (const BandwidthRoof& level : roofs.levels) CHECK(level.gb_s > 0);
}

TEST_CASE("a kernel set without loops has no roofs") {
  KernelSet unknown = reference_set();
  unknown.name = "mmx";
  Roofs roofs;
  const Status status = measure_roofs(unknown, DeviceIdentity{}, &roofs);
  CHECK(!status.ok());
  CHECK(status.message().find("'mmx'") != std::string::npos);
}
