#include "runtime/graph.h"

#include <doctest/doctest.h>

#include <functional>

#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::GraphBuilder;
using test::RandomGraph;

/// input 6x6x4 -> conv 8 -> relu -> pool -> fully connected 3, plus an add of the relu to itself.
LayerGraph small_graph() {
  GraphBuilder b;
  std::int32_t x = b.unary(OpKind::kRelu, b.conv(b.input({6, 6, 4}), 8, 3, 2));
  b.block = 1;
  x = b.add(x, x);
  b.graph.outputs.push_back(b.fully_connected(b.pool(x), 3));
  return b.graph;
}

std::string message_after(const std::function<void(LayerGraph&)>& change) {
  LayerGraph graph = small_graph();
  change(graph);
  const Status status = validate(graph);
  CHECK(status.code() == StatusCode::kInvalid);
  return status.message();
}

}  // namespace

TEST_CASE("a convolution's output has as many pixels as its window has places") {
  for (const int kernel : {1, 3, 5, 7}) {
    for (const int stride : {1, 2}) {
      for (int side = 1; side <= 12; ++side) {
        int places = 0;
        for (int at = -(kernel / 2); at + kernel <= side + kernel / 2; at += stride) ++places;
        GraphBuilder b;
        b.conv(b.input({side, side + 1, 3}), 5, kernel, stride);
        Shape shape;
        REQUIRE(infer_shape(b.graph.layers[0], b.graph.tensors, &shape).ok());
        CHECK(shape.height == places);
        CHECK(shape.channels == 5);
      }
    }
  }
}

TEST_CASE("random graphs are valid in both precisions") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const LayerGraph graph = RandomGraph(seed).make(static_cast<int>(seed % 3));
    CHECK(validate(graph).message() == "");
    CHECK(validate(with_precision(graph, Precision::kInt8)).message() == "");
  }
}

TEST_CASE("counts of work and parameters are those done by hand") {
  const LayerGraph graph = small_graph();
  CHECK(macs(graph, graph.layers[0]) == 3 * 3 * 9 * 4 * 8);
  CHECK(macs(graph, graph.layers[1]) == 0);
  CHECK(total_macs(graph) == 3 * 3 * 9 * 4 * 8 + 8 * 3);
  CHECK(weight_count(graph, graph.layers[0]) == 9 * 4 * 8);
  CHECK(parameter_count(graph) == 9 * 4 * 8 + 8 + 8 * 3 + 3);
  GraphBuilder b;
  b.depthwise(b.input({5, 5, 6}), 5, 1);
  CHECK(macs(b.graph, b.graph.layers[0]) == 25 * 25 * 6);
  CHECK(weight_count(b.graph, b.graph.layers[0]) == 25 * 6);
}

TEST_CASE("each thing that a graph can have wrong is named") {
  CHECK(message_after([](LayerGraph& g) { g.layers.clear(); }) ==
        "graph has 0 layers, accepted is 1 to 65536");
  CHECK(message_after([](LayerGraph& g) { g.tensors.emplace_back(); }) ==
        "graph has 7 tensors but 1 inputs and 5 layers that write one each");
  CHECK(message_after([](LayerGraph& g) { g.tensors[0].shape.height = 0; }) ==
        "tensor 0 has shape 0x6x4, accepted is 1 to 2^28 elements, no side below 1");
  CHECK(message_after([](LayerGraph& g) {
          g.tensors[0].shape = {2147483647, 2147483647, 2147483647};
        }).find("2^28") != std::string::npos);
  CHECK(message_after([](LayerGraph& g) { g.inputs[0] = 99; }) ==
        "graph input 99 is no tensor or is listed twice");
  CHECK(message_after([](LayerGraph& g) { g.outputs[0] = 0; }) ==
        "graph output 0 is no tensor, is an input or is listed twice");
  CHECK(message_after([](LayerGraph& g) { g.outputs.clear(); }) == "graph has no outputs");
  CHECK(message_after([](LayerGraph& g) { g.layers[0].inputs[0] = -1; }) ==
        "layer 'layer0' (conv2d): input 0 is tensor -1, accepted is 0 to 6 exclusive");
  CHECK(message_after([](LayerGraph& g) { g.layers[0].inputs[1] = 0; }) ==
        "layer 'layer0' (conv2d): input 1 is tensor 0, accepted is -1 for an operator with one "
        "input");
  CHECK(message_after([](LayerGraph& g) { g.layers[0].inputs[0] = 2; }) ==
        "layer 'layer0' (conv2d): reads tensor 2 before it is written");
  CHECK(message_after([](LayerGraph& g) { g.layers[1].output = 1; }) ==
        "layer 'layer1' (relu): writes tensor 1, which is an input or was written before");
  CHECK(message_after([](LayerGraph& g) { g.layers[1].output = 77; }) ==
        "layer 'layer1' (relu): output is tensor 77, accepted is 0 to 6 exclusive");
  CHECK(message_after([](LayerGraph& g) { g.layers[0].kernel_size = 4; }) ==
        "layer 'layer0' (conv2d): kernel_size 4, accepted are 1, 3, 5, 7");
  CHECK(message_after([](LayerGraph& g) { g.layers[0].stride = 3; }) ==
        "layer 'layer0' (conv2d): stride 3, accepted are 1, 2");
  CHECK(message_after([](LayerGraph& g) { g.layers[1].stride = 2; }) ==
        "layer 'layer1' (relu): kernel_size and stride must be 1");
  CHECK(message_after([](LayerGraph& g) { g.layers[0].stride = 1; }) ==
        "layer 'layer0' (conv2d): output shape 3x3x8, expected 6x6x8");
  CHECK(message_after([](LayerGraph& g) { g.layers[0].op = OpKind::kDepthwiseConv2d; }) ==
        "layer 'layer0' (depthwise_conv2d): turns 4 channels into 8; they must be equal");
  CHECK(message_after([](LayerGraph& g) { g.layers[3].op = OpKind::kFullyConnected; }) ==
        "layer 'layer3' (fully_connected): input shape 3x3x8, accepted is 1x1xC");
  CHECK(message_after([](LayerGraph& g) { g.layers[2].inputs[1] = 0; }) ==
        "layer 'layer2' (add): operand shapes 3x3x8 and 6x6x4 do not fit");
  CHECK(message_after([](LayerGraph& g) { g.layers[1].precision = Precision::kInt8; }) ==
        "layer 'layer1' (relu): tensor 1 is read as int8 but is fp32");
  CHECK(message_after([](LayerGraph& g) { g.tensors[5].precision = Precision::kInt8; }) ==
        "layer 'layer4' (fully_connected): precision fp32 differs from that of its output tensor");
  CHECK(message_after([](LayerGraph& g) { g.layers[1].op = OpKind::kQuantize; }) ==
        "layer 'layer1' (quantize): precision must be int8");
  CHECK(message_after([](LayerGraph& g) { g.layers[1].name = "layer0"; }) ==
        "layer 'layer0' (relu): another layer has this name");
  CHECK(message_after([](LayerGraph& g) { g.layers[4].block = 0; }) ==
        "layer 'layer4' (fully_connected): block 0 follows block 1; blocks must not decrease");
  CHECK(message_after([](LayerGraph& g) { g.layers[1].op = static_cast<OpKind>(12); }) ==
        "layer 'layer1' (unknown): unknown operator");
  CHECK(message_after([](LayerGraph& g) {
          g.tensors[0].shape = {1, 1, 1 << 20};
          g.tensors[1].shape = {1, 1, 1 << 20};
        }) == "layer 'layer0' (conv2d): more than 2^28 weights");
}

TEST_CASE("a mul takes a gate or its own shape") {
  GraphBuilder b;
  const std::int32_t x = b.input({4, 5, 6});
  const std::int32_t gated = b.mul(x, b.pool(x));
  b.graph.outputs = {b.mul(gated, x)};
  CHECK(validate(b.graph).message() == "");
}

TEST_CASE("a range of layers is a valid graph with what crosses its borders") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const LayerGraph graph = RandomGraph(seed).make(static_cast<int>(seed % 3));
    const int layers = static_cast<int>(graph.layers.size());
    for (int first = 0; first < layers; first += 3) {
      for (int last = first + 1; last <= layers; last += 2) {
        LayerGraph part;
        std::vector<std::int32_t> tensor_of;
        REQUIRE(extract_range(graph, first, last, &part, &tensor_of).ok());
        CHECK(validate(part).message() == "");
        REQUIRE(tensor_of.size() == part.tensors.size());
        for (std::size_t i = 0; i < tensor_of.size(); ++i) {
          CHECK(part.tensors[i].shape == graph.tensors[tensor_of[i]].shape);
        }
        for (int i = first; i < last; ++i) {
          CHECK(part.layers[i - first].name == graph.layers[i].name);
          CHECK(tensor_of[part.layers[i - first].output] == graph.layers[i].output);
        }
      }
    }
    LayerGraph whole;
    std::vector<std::int32_t> tensor_of;
    REQUIRE(extract_range(graph, 0, layers, &whole, &tensor_of).ok());
    REQUIRE(whole.outputs.size() == graph.outputs.size());
    for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
      CHECK(tensor_of[whole.outputs[i]] == graph.outputs[i]);
    }
  }
  LayerGraph part;
  CHECK(extract_range(small_graph(), 3, 3, &part, nullptr).message() ==
        "layers [3, 3), accepted is a non-empty range within [0, 5)");
}

}  // namespace edgefront
