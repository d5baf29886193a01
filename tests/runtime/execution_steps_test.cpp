#include "runtime/execution_steps.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::GraphBuilder;

const KernelSet& set_named(const std::string& name) {
  for (const KernelSet* set : kernel_sets()) {
    if (name == set->name) return *set;
  }
  return *kernel_sets().back();
}

/// Block 0: a stem; block 1: 64x64, expanded to 96; block 2: the same with 8 channels fewer.
LayerGraph two_blocks(Precision precision) {
  GraphBuilder b;
  std::int32_t x = b.conv(b.input({128, 128, 3}), 16, 3, 2);
  for (const int expanded : {96, 88}) {
    ++b.block;
    const std::int32_t y = b.unary(OpKind::kRelu6, b.conv(x, expanded, 1, 1));
    x = b.add(b.conv(b.unary(OpKind::kRelu6, b.depthwise(y, 3, 1)), 16, 1, 1), x);
  }
  b.graph.outputs.push_back(x);
  return with_precision(b.graph, precision);
}

/// One letter a step: b for banded, l for a layer.
std::string spelled(const LayerGraph& graph, const std::string& set, const StepOptions& options) {
  std::string text;
  for (const Step& step : execution_steps(graph, set_named(set), options)) {
    text += step.banded() ? 'b' : 'l';
  }
  return text;
}

}  // namespace

TEST_CASE("by the fixed rule a block runs banded where its expanded tensor has 384 KiB") {
  CHECK(spelled(two_blocks(Precision::kInt8), "avx512_vnni", {}) == "lblll");
  CHECK(spelled(two_blocks(Precision::kInt8), "avx2", {}) == "lblll");
  CHECK(spelled(two_blocks(Precision::kFloat32), "avx2", {}) == "lbb");
  CHECK(spelled(two_blocks(Precision::kInt8), "reference", {}) == "lllllll");
}

TEST_CASE("a block's own choice goes before the path of all, and that before the rule") {
  const LayerGraph graph = two_blocks(Precision::kInt8);
  CHECK(spelled(graph, "avx2", {true, BlockPath::kLayers, {}}) == "lllllll");
  CHECK(spelled(graph, "reference", {true, BlockPath::kBanded, {}}) == "lbb");
  CHECK(spelled(graph, "avx2", {true, BlockPath::kRule, {{1, BlockPath::kLayers}}}) == "lllllll");
  CHECK(spelled(graph, "avx2", {true, BlockPath::kLayers, {{2, BlockPath::kBanded}}}) == "llllb");
}

TEST_CASE("a block with squeeze-excite, a wider project layer or a foreign residual has no bands") {
  const StepOptions banded{true, BlockPath::kBanded, {}};
  for (const int kind : {0, 1, 2, 3}) {
    GraphBuilder b;
    const std::int32_t stem = b.input({8, 8, 16});
    const std::int32_t x = b.unary(OpKind::kRelu, stem);
    std::int32_t y = b.depthwise(b.conv(x, 32, 1, 1), 3, 1);
    if (kind == 1) y = b.mul(y, b.unary(OpKind::kHsigmoid, b.fully_connected(b.pool(y), 32)));
    y = b.conv(y, 16, kind == 2 ? 3 : 1, 1);
    b.graph.outputs.push_back(b.add(y, kind == 3 ? stem : x));
    bool any = false;
    for (const Step& step : execution_steps(b.graph, *kernel_sets().back(), banded)) {
      any = any || step.banded();
    }
    CHECK(any == (kind == 0));
  }
}

TEST_CASE("a step's multiply-accumulates are those of its parts") {
  const LayerGraph graph = two_blocks(Precision::kInt8);
  std::int64_t sum = 0;
  for (const Step& step : execution_steps(graph, set_named("avx2"))) sum += step_macs(graph, step);
  CHECK(sum == total_macs(graph));
}

}  // namespace edgefront
