#include "runtime/fuse.h"

#include <doctest/doctest.h>

#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"
#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::GraphBuilder;
using test::RandomGraph;

std::string key_text(const LayerGraph& graph, const Step& step) {
  return key_of(graph, step, *kernel_sets().back(), 1).text();
}

}  // namespace

TEST_CASE("a convolution takes its activation and the add whose other operand exists") {
  GraphBuilder b;
  const std::int32_t x = b.input({14, 14, 16});
  std::int32_t y = b.unary(OpKind::kHswish, b.conv(x, 96, 1, 1));
  y = b.unary(OpKind::kRelu6, b.depthwise(y, 5, 1));
  y = b.add(x, b.conv(y, 16, 1, 1));
  b.graph.outputs.push_back(y);
  const auto steps = fuse(b.graph);
  REQUIRE(steps.size() == 3);
  CHECK(key_text(b.graph, steps[0]) == "conv2d fp32 14x14x16>14x14x96 k1 s1 hswish t1 reference@1");
  CHECK(key_text(b.graph, steps[1]) ==
        "depthwise_conv2d fp32 14x14x96>14x14x96 k5 s1 relu6 t1 reference@1");
  CHECK(key_text(b.graph, steps[2]) ==
        "conv2d fp32 14x14x96>14x14x16 k1 s1 none+add t1 reference@1");
  CHECK(steps[2].residual == x);
  CHECK(steps[2].output == y);
}

TEST_CASE("of two convolutions that meet in an add the later one takes it") {
  GraphBuilder b;
  const std::int32_t x = b.input({4, 4, 8});
  const std::int32_t main = b.conv(x, 8, 3, 1);
  const std::int32_t skip = b.conv(x, 8, 1, 1);
  b.graph.outputs.push_back(b.add(main, skip));
  const auto steps = fuse(b.graph);
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].add_layer == -1);
  CHECK(steps[1].add_layer == 2);
  CHECK(steps[1].residual == main);
}

TEST_CASE("graph outputs and tensors with several readers are never fused away") {
  GraphBuilder b;
  const std::int32_t x = b.input({4, 4, 8});
  const std::int32_t early = b.conv(x, 8, 1, 1);  // an output
  const std::int32_t twice = b.conv(b.unary(OpKind::kRelu, early), 8, 1, 1);
  const std::int32_t relu = b.unary(OpKind::kRelu, twice);
  const std::int32_t doubled = b.add(b.conv(relu, 8, 1, 1), twice);
  const std::int32_t self = b.conv(doubled, 8, 1, 1);
  b.graph.outputs = {early, b.add(self, self)};
  const auto steps = fuse(b.graph);
  for (const Step& step : steps) {
    const Layer& layer = b.graph.layers[step.layer];
    if (layer.output == early || layer.output == twice) CHECK(step.activation_layer == -1);
    if (layer.output == self) CHECK(step.add_layer == -1);
  }
  CHECK(steps.size() == 7);
}

TEST_CASE("every layer is in exactly one step, and steps read what earlier steps wrote") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const LayerGraph graph = RandomGraph(seed).make(static_cast<int>(seed % 3));
    std::vector<int> covered(graph.layers.size(), 0);
    std::vector<bool> written(graph.tensors.size());
    for (const std::int32_t id : graph.inputs) written[id] = true;
    for (const Step& step : fuse(graph)) {
      for (const std::int32_t id : {step.layer, step.activation_layer, step.add_layer}) {
        if (id >= 0) ++covered[id];
      }
      for (const std::int32_t id : {step.input, step.input2, step.residual}) {
        if (id >= 0) CHECK(written[id]);
      }
      written[step.output] = true;
    }
    for (const int times : covered) CHECK(times == 1);
    for (const std::int32_t id : graph.outputs) CHECK(written[id]);
    CHECK(unfused(graph).size() == graph.layers.size());
  }
}

TEST_CASE("a key's text round-trips and its graph has one step with that key") {
  int keys = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    LayerGraph graph = RandomGraph(seed).make();
    if (seed % 2 == 0) graph = with_precision(graph, Precision::kInt8);
    for (const Step& step : fuse(graph)) {
      const bool gate = step.input2 < 0 || graph.layers[step.layer].op != OpKind::kMul ||
                        graph.tensors[step.input2].shape.height == 1;
      if (!gate) continue;
      const std::string text = key_text(graph, step);
      LayerKey key;
      REQUIRE_MESSAGE(LayerKey::parse(text, &key).ok(), text);
      CHECK(key.text() == text);
      LayerGraph alone;
      REQUIRE_MESSAGE(graph_of(key, &alone).ok(), text);
      const auto steps = fuse(alone);
      REQUIRE(steps.size() == 1);
      CHECK(key_text(alone, steps[0]) == text);
      ++keys;
    }
  }
  CHECK(keys > 1000);
}

TEST_CASE("a banded bottleneck has one key that round-trips, and a graph of that one step") {
  const StepOptions banded{true, BlockPath::kBanded, {}};
  int keys = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    LayerGraph graph = RandomGraph(seed).make();
    if (seed % 2 == 0) graph = with_precision(graph, Precision::kInt8);
    for (const Step& step : execution_steps(graph, *kernel_sets().back(), banded)) {
      if (!step.banded()) continue;
      const std::string text = key_text(graph, step);
      LayerKey key;
      REQUIRE_MESSAGE(LayerKey::parse(text, &key).ok(), text);
      CHECK(key.text() == text);
      LayerGraph alone;
      REQUIRE_MESSAGE(graph_of(key, &alone).ok(), text);
      const auto steps = execution_steps(alone, *kernel_sets().back(), banded);
      REQUIRE(steps.size() == 1);
      CHECK(key_text(alone, steps[0]) == text);
      ++keys;
    }
  }
  CHECK(keys > 100);
  GraphBuilder b;
  const std::int32_t x = b.input({14, 14, 16});
  std::int32_t y = b.unary(OpKind::kRelu6, b.conv(x, 96, 1, 1));
  y = b.unary(OpKind::kHswish, b.depthwise(y, 5, 1));
  b.graph.outputs.push_back(b.add(b.conv(y, 16, 1, 1), x));
  const auto steps = execution_steps(b.graph, *kernel_sets().back(), banded);
  REQUIRE(steps.size() == 1);
  CHECK(key_text(b.graph, steps[0]) ==
        "inverted_bottleneck fp32 14x14x16>96>14x14x16 k5 s1 relu6,hswish,none+add t1 reference@1");
}

TEST_CASE("conversions between precisions have keys too") {
  for (const char* text : {"quantize int8 4x4x8>4x4x8 k1 s1 none t1 reference@1",
                           "dequantize fp32 4x4x8>4x4x8 k1 s1 none t1 reference@1"}) {
    LayerKey key;
    REQUIRE(LayerKey::parse(text, &key).ok());
    LayerGraph graph;
    REQUIRE(graph_of(key, &graph).ok());
    CHECK(key_text(graph, fuse(graph)[0]) == text);
  }
}

TEST_CASE("a text that is no key names the wrong word") {
  const auto message = [](const std::string& text) {
    LayerKey key;
    return LayerKey::parse(text, &key).message();
  };
  const char* rest = " 4x4x8>4x4x8 k1 s1 none t1 reference@1";
  CHECK(message("conv2d int8").find("has 2 words, accepted is 8") != std::string::npos);
  CHECK(message("conv3d int8" + std::string(rest)).find("word 1 'conv3d'") != std::string::npos);
  CHECK(message("conv2d int9" + std::string(rest)).find("word 2 'int9'") != std::string::npos);
  const std::pair<const char*, const char*> cases[] = {
      {"conv2d int8 4x4>4x4x8 k1 s1 none t1 reference@1", "word 3 '4x4>4x4x8'"},
      {"conv2d int8 04x4x8>4x4x8 k1 s1 none t1 reference@1", "word 3"},
      {"conv2d int8 4x4x8>4x4x8 1 s1 none t1 reference@1", "word 4 '1'"},
      {"conv2d int8 4x4x8>4x4x8 k1 s-1 none t1 reference@1", "word 5 's-1'"},
      {"conv2d int8 4x4x8>4x4x8 k1 s1 gelu t1 reference@1", "word 6 'gelu'"},
      {"conv2d int8 4x4x8>4x4x8 k1 s1 none t99999999999 reference@1", "word 7"},
      {"conv2d int8 4x4x8>4x4x8 k1 s1 none t1 reference", "word 8 'reference'"},
      {"conv2d int8 4x4x8>4x4x8 k1 s1 none t1 Ref@1", "word 8 'Ref@1'"},
      {"conv2d int8 4x4x8>16>4x4x8 k1 s1 none t1 reference@1", "word 3 '4x4x8>16>4x4x8'"},
      {"inverted_bottleneck int8 4x4x8>0>4x4x8 k3 s1 none,none,none t1 reference@1", "word 3"},
      {"inverted_bottleneck int8 4x4x8>16>4x4x8 k3 s1 none,none t1 reference@1",
       "word 6 'none,none'"},
      {"inverted_bottleneck int8 4x4x8>4x4x8 k3 s1 none,none,none t1 reference@1", "word 6"},
  };
  for (const auto& [text, expected] : cases) {
    const std::string what = message(text);
    CHECK_MESSAGE(what.find(expected) != std::string::npos, what);
  }
}

TEST_CASE("a key that no layer has gives no graph") {
  const auto message = [](const std::string& text) {
    LayerKey key;
    REQUIRE(LayerKey::parse(text, &key).ok());
    LayerGraph graph;
    return graph_of(key, &graph).message();
  };
  CHECK(message("conv2d int8 4x4x8>9x9x8 k3 s1 none t1 reference@1").find("expected 4x4x8") !=
        std::string::npos);
  CHECK(message("add int8 4x4x8>4x4x8 k1 s1 relu t1 reference@1").find("only convolutions") !=
        std::string::npos);
  CHECK(message("inverted_bottleneck int8 4x4x8>16>2x2x8 k3 s2 none,none,none+add t1 reference@1")
            .find("do not fit") != std::string::npos);
}

}  // namespace edgefront
