#include "space/reference_networks.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "space/error.h"
#include "tests/space/message.h"

using namespace edgefront;

namespace {

std::int64_t count(const LayerGraph& graph, OpKind op) {
  return std::count_if(graph.layers.begin(), graph.layers.end(),
                       [op](const Layer& layer) { return layer.op == op; });
}

}  // namespace

TEST_CASE("MobileNetV2 has the published multiply-accumulates and parameters") {
  const LayerGraph graph = mobilenet_v2_graph();
  REQUIRE(validate(graph).ok());
  CHECK(total_macs(graph) == 300774272);  // 300 M in the paper, table 4
  // 3,504,872 with batch norm's two numbers for each of 17,056 channels; folding leaves one bias.
  CHECK(parameter_count(graph) == 3504872 - 17056);
  CHECK(count(graph, OpKind::kDepthwiseConv2d) == 17);
  CHECK(count(graph, OpKind::kAdd) == 10);
}

TEST_CASE("MobileNetV3-Large has the published multiply-accumulates and parameters") {
  const LayerGraph graph = mobilenet_v3_large_graph();
  REQUIRE(validate(graph).ok());
  // 219 M in the paper, table 3.
  CHECK(total_macs(graph) / 1000000 >= 215);
  CHECK(total_macs(graph) / 1000000 <= 219);
  // 5,483,032 with batch norm's two numbers for each of 12,200 channels; folding leaves one bias.
  CHECK(parameter_count(graph) == 5483032 - 12200);
  CHECK(count(graph, OpKind::kDepthwiseConv2d) == 15);
  CHECK(count(graph, OpKind::kAdd) == 10);
  CHECK(count(graph, OpKind::kMul) == 8);
  CHECK(count(graph, OpKind::kRelu6) == 0);
}

TEST_CASE("an unknown reference network is an error that lists the known ones") {
  for (const std::string& name : reference_network_names()) {
    CHECK(validate(reference_network(name)).ok());
  }
  CHECK(input_error_of([] { reference_network("resnet"); }) ==
        "network 'resnet' is unknown; accepted are mobilenet_v2, mobilenet_v3_large");
}
