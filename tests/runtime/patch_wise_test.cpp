// First layers as one chain of bands: memory and bits.
#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"
#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::GraphBuilder;
using test::RandomGraph;

/// MobileNetV2 of width 1 (Sandler et al. 2018, table 2) for square int8 images.
LayerGraph mobilenet_v2(int resolution) {
  struct Stage {
    int expand, channels, blocks, stride;
  };
  GraphBuilder b;
  std::int32_t x = b.unary(OpKind::kRelu6, b.conv(b.input({resolution, resolution, 3}), 32, 3, 2));
  for (const Stage& stage :
       {Stage{1, 16, 1, 1}, Stage{6, 24, 2, 2}, Stage{6, 32, 3, 2}, Stage{6, 64, 4, 2},
        Stage{6, 96, 3, 1}, Stage{6, 160, 3, 2}, Stage{6, 320, 1, 1}}) {
    for (int i = 0; i < stage.blocks; ++i) {
      ++b.block;
      std::int32_t y = x;
      const int wide = stage.expand * b.shape(x).channels;
      if (stage.expand > 1) y = b.unary(OpKind::kRelu6, b.conv(y, wide, 1, 1));
      y = b.unary(OpKind::kRelu6, b.depthwise(y, 3, i == 0 ? stage.stride : 1));
      y = b.conv(y, stage.channels, 1, 1);
      x = i > 0 ? b.add(y, x) : y;
    }
  }
  ++b.block;
  x = b.unary(OpKind::kRelu6, b.conv(x, 1280, 1, 1));
  b.graph.outputs.push_back(b.fully_connected(b.pool(x), 1000));
  return with_precision(b.graph, Precision::kInt8);
}

const KernelSet& best_set() {
  const KernelSet* set = nullptr;
  REQUIRE(choose_kernel_set("", &set).ok());
  return *set;
}

std::vector<char> run(Interpreter& interpreter, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  auto* input = static_cast<char*>(interpreter.input_data());
  const bool int8 =
      interpreter.graph().tensors[interpreter.graph().inputs[0]].precision == Precision::kInt8;
  for (std::int64_t i = 0; i < interpreter.input_bytes(); ++i) {
    input[i] = static_cast<char>(random());
    if (!int8 && i % 4 == 3) input[i] = 0x3f;  // floats between 0.5 and 2
  }
  interpreter.invoke();
  const auto* output = static_cast<const char*>(interpreter.output_data());
  return std::vector<char>(output, output + interpreter.output_bytes());
}

std::unique_ptr<Interpreter> load(const Model& model, const std::string& set,
                                  std::int32_t patch_layers) {
  InterpreterOptions options;
  options.kernel_set = set;
  options.patch_layers = patch_layers;
  std::unique_ptr<Interpreter> interpreter;
  const Status status = Interpreter::load(model, options, &interpreter);
  REQUIRE_MESSAGE(status.ok(), status.message());
  return interpreter;
}

}  // namespace

TEST_CASE("the first layers of MobileNetV2 in bands need a third of the memory or less") {
  for (const int resolution : {96, 224}) {
    const LayerGraph graph = mobilenet_v2(resolution);
    for (const KernelSet* set : {kernel_sets().back(), &best_set()}) {
      StepOptions options{true, BlockPath::kLayers, {}, 0};
      const auto arena = [&] {
        return plan_memory(graph, execution_steps(graph, *set, options), *set, 1).arena_bytes;
      };
      const std::int64_t whole = arena();
      options.patch_layers = best_patch_layers(graph, *set, 1, options);
      const std::int64_t patched = arena();
      MESSAGE(resolution, " pixels, ", std::string(set->name), ": ", whole, " > ", patched,
              " bytes, ", options.patch_layers, " layers");
      // Of a small image the depthwise kernels' scratch is a large part, in bands as without.
      const bool scratch_counts = resolution == 96 && set != kernel_sets().back();
      CHECK((scratch_counts ? 5 : 6) * patched <= 2 * whole);
    }
  }
}

TEST_CASE("MobileNetV2 gives the same bits with its first layers in bands") {
  const LayerGraph graph = mobilenet_v2(64);
  const Model model = generated_model(graph, 3);
  const std::string set = best_set().name;
  const auto whole = load(model, set, 0);
  const auto patched = load(model, set, best_patch_layers(graph, best_set(), 1));
  REQUIRE(patched->steps()[0].parts.size() > 3);
  CHECK(std::string(patched->kernel_name(0)) == "patch_wise");
  CHECK(patched->key(0).text().find("conv2d int8 64x64x3>32x32x32 k3 s2 relu6 t1 " + set) == 0);
  CHECK(patched->key(0).text().find(" + depthwise_conv2d int8") != std::string::npos);
  CHECK(run(*patched, 5) == run(*whole, 5));
}

TEST_CASE("random networks with patches allocate what is planned and keep every bit") {
  int patched = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    LayerGraph graph = RandomGraph(seed).make();
    if (seed % 3 > 0) graph = with_precision(graph, Precision::kInt8);
    Model model = generated_model(graph, seed);
    std::vector<std::int32_t> accepted;
    for (std::int32_t n = 1; n <= static_cast<std::int32_t>(graph.layers.size()); ++n) {
      if (check_patch_layers(graph, n).ok()) accepted.push_back(n);
    }
    if (accepted.empty()) continue;
    model.patch_layers = accepted[seed % accepted.size()];
    REQUIRE(validate(model).ok());
    ++patched;
    for (const KernelSet* set : kernel_sets()) {
      if (!set->available()) continue;
      CAPTURE(set->name);
      const auto interpreter = load(model, set->name, -1);
      CHECK(interpreter->steps()[0].banded());
      const auto steps =
          execution_steps(graph, *set, {true, BlockPath::kRule, {}, model.patch_layers});
      const MemoryPlan plan = plan_memory(graph, steps, *set, 1);
      CHECK(interpreter->allocated_arena_bytes() == plan.arena_bytes);
      CHECK(interpreter->allocated_packed_bytes() == plan.packed_bytes);
      CHECK(run(*interpreter, seed) == run(*load(model, set->name, 0), seed));
    }
  }
  CHECK(patched > 100);
}

TEST_CASE("patches that look like a bottleneck are not taken for its table entry") {
  GraphBuilder b;
  const std::int32_t x = b.input({8, 8, 8});
  b.graph.outputs.push_back(b.conv(b.depthwise(b.conv(x, 24, 1, 1), 3, 1), 8, 1, 1));
  const auto interpreter = load(generated_model(b.graph, 1), "reference", 3);
  CHECK(std::string(interpreter->kernel_name(0)) == "patch_wise");
  CHECK(interpreter->key(0).text().find("conv2d fp32 8x8x8>8x8x24") == 0);
}

TEST_CASE("layers that are no chain from the input on are refused as patches") {
  const LayerGraph graph = mobilenet_v2(32);
  // Layer 1 is the activation of layer 0; the last two pool and classify.
  for (const std::int32_t n : {-1, 1, 3, static_cast<std::int32_t>(graph.layers.size())}) {
    CHECK(check_patch_layers(graph, n).message().find("patch_layers " + std::to_string(n)) == 0);
  }
  CHECK(check_patch_layers(graph, 4).ok());
  Model model = generated_model(graph, 1);
  model.patch_layers = 3;
  CHECK_FALSE(validate(model).ok());
}

}  // namespace edgefront
