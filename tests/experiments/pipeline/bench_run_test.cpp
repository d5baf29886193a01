#include "experiments/pipeline/bench_run.h"

#include <doctest/doctest.h>

#include "runtime/interpreter.h"
#include "space/error.h"
#include "tests/runtime/probe/fake_root.h"

using namespace edgefront;

namespace {

Model small_model(Precision precision) {
  LayerKey key;
  REQUIRE(LayerKey::parse("conv2d int8 8x8x16>8x8x32 k1 s1 relu6 t1 reference@1", &key).ok());
  key.precision = precision;
  LayerGraph graph;
  REQUIRE(graph_of(key, &graph).ok());
  return generated_model(graph, 1);
}

/// As few samples as the statistics take: nothing here depends on what a clock says.
BenchOptions quick_options() {
  BenchOptions options;
  options.load.kernel_set = "reference";
  options.protocol.warmup = 1;
  options.protocol.min_samples = options.protocol.max_samples = 8;
  options.protocol.patience_s = 0;
  options.protocol.passes = 1;
  options.stream = {5, 0};
  options.energy.max_seconds = 0;
  return options;
}

}  // namespace

TEST_CASE("a bench without sensors, roofs or a trace leaves them out") {
  const FakeRoot root;
  BenchOptions options = quick_options();
  options.root = root.path();
  std::unique_ptr<Interpreter> interpreter;
  const BenchResult result =
      run_bench(small_model(Precision::kInt8), "small", options, &interpreter);
  REQUIRE(interpreter != nullptr);
  CHECK(result.statistics.samples >= 8);  // of a visit of ten, those that nothing interrupted
  CHECK(result.statistics.samples + result.statistics.rejected >= 10);
  CHECK(result.load_us > 0);
  CHECK(result.first_invoke_us > 0);
  REQUIRE(result.layers.size() == 1);
  CHECK(result.layers[0].name == "layer");
  CHECK(result.layers[0].key.text() == interpreter->key(0).text());
  CHECK(result.layers[0].work.operations == 2.0 * 64 * 16 * 32);
  CHECK(!result.layers[0].point);
  CHECK(result.stream.queries == 5);
  CHECK(!result.energy);
  CHECK(result.energy_source == "none");
  CHECK(result.energy_note.find("no power sensor") == 0);
  CHECK(!result.temperature_rise_c);
  CHECK(!result.roofs);
  CHECK(result.trace.empty());
}

TEST_CASE("sensors are those below the root, and energy by a counter that stands still is none") {
  FakeRoot root;
  const std::string package = "/sys/class/powercap/intel-rapl:0/";
  root.write(package + "name", "package-0\n");
  root.write(package + "energy_uj", "1000\n");
  root.write(package + "max_energy_range_uj", "262143328850\n");
  root.write("/sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n");
  root.write("/sys/class/thermal/thermal_zone0/temp", "50000\n");
  BenchOptions options = quick_options();
  options.root = root.path();
  std::unique_ptr<Interpreter> interpreter;
  const BenchResult result =
      run_bench(small_model(Precision::kFloat32), "small", options, &interpreter);
  CHECK(!result.energy);
  CHECK(result.energy_note.find("power sensor rapl package-0 updated 0 times") == 0);
  REQUIRE(result.temperature_rise_c);
  CHECK(*result.temperature_rise_c == 0);
}

TEST_CASE("roofs place every layer, and a trace holds every step of every invocation") {
  const FakeRoot root;  // no caches are known: memory alone is measured
  BenchOptions options = quick_options();
  options.root = root.path();
  options.roofs = true;
  options.traced_invocations = 2;
  std::unique_ptr<Interpreter> interpreter;
  const BenchResult result =
      run_bench(small_model(Precision::kInt8), "small", options, &interpreter);
  REQUIRE(result.roofs);
  CHECK(result.roofs->kernel_set == "reference");
  REQUIRE(result.layers[0].point);
  CHECK(result.layers[0].point->gops > 0);
  CHECK(result.layers[0].point->activation_level == "DRAM");
  REQUIRE(result.trace.size() == 2);
  CHECK(result.trace[0].step_us.size() == 1);
  CHECK(result.trace[1].start_us > result.trace[0].start_us);
}

TEST_CASE("what cannot be loaded is refused with the reason") {
  BenchOptions options = quick_options();
  options.load.kernel_set = "mmx";
  std::unique_ptr<Interpreter> interpreter;
  CHECK_THROWS_WITH_AS(run_bench(small_model(Precision::kInt8), "small", options, &interpreter),
                       doctest::Contains("mmx"), InputError);
}
