#include "runtime/probe/probe.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "runtime/interpreter.h"

using namespace edgefront;

namespace {

ProtocolOptions quick() {
  ProtocolOptions options;
  options.warmup = 1;
  options.min_samples = 5;
  options.max_samples = 5;
  options.patience_s = 0;
  options.passes = 3;
  return options;
}

LayerKey key_of_text(const std::string& text) {
  LayerKey key;
  REQUIRE(LayerKey::parse(text, &key).ok());
  return key;
}

// A graph of two fused steps.
LayerGraph two_steps() {
  LayerGraph graph;
  graph.tensors.assign(3, Tensor{Shape{4, 4, 8}, Precision::kInt8});
  for (int i = 0; i < 2; ++i) {
    Layer layer;
    layer.inputs = {{i, -1}};
    layer.output = i + 1;
    layer.precision = Precision::kInt8;
    layer.name = "layer" + std::to_string(i);
    graph.layers.push_back(layer);
  }
  graph.inputs = {0};
  graph.outputs = {2};
  return graph;
}

}  // namespace

TEST_CASE("layers come back in the order of their keys, for every kernel set of this CPU") {
  for (const KernelSet* set : kernel_sets()) {
    if (!set->available()) {
      MESSAGE("skipped: this CPU lacks ", std::string(set->name));
      continue;
    }
    const std::string fc = "@" + std::to_string(set->fully_connected_version);
    const std::string depthwise = "@" + std::to_string(set->depthwise_version);
    const std::string name = set->name;
    const std::vector<LayerKey> keys = {
        key_of_text("fully_connected fp32 1x1x24>1x1x10 k1 s1 none t1 " + name + fc),
        key_of_text("depthwise_conv2d int8 9x9x8>5x5x8 k3 s2 hswish t1 " + name + depthwise),
        key_of_text("depthwise_conv2d int8 9x9x8>9x9x8 k5 s1 relu6 t1 " + name + depthwise)};
    int calls = 0, total = 0;
    std::vector<LayerMeasurement> measured;
    const Status status = measure_layers(
        keys, quick(),
        [&](int done, int all) {
          CHECK(done == ++calls);
          total = all;
        },
        &measured);
    REQUIRE_MESSAGE(status.ok(), status.message());
    REQUIRE(measured.size() == keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      CHECK(measured[i].key == keys[i]);
      CHECK(measured[i].statistics.samples >= 5);
      CHECK(measured[i].statistics.latency_us > 0);
    }
    // Three passes, and as many more at the most for entries whose passes do not agree.
    CHECK(calls >= 9);
    CHECK(calls <= 18);
    CHECK(total == calls);
  }
}

TEST_CASE("a key of a kernel set that this CPU lacks is refused with the accepted names") {
  const LayerKey key = key_of_text("conv2d int8 4x4x8>4x4x8 k1 s1 none t1 mmx@1");
  std::vector<LayerMeasurement> measured;
  const Status status = measure_layers({key}, quick(), nullptr, &measured);
  CHECK(status.code() == StatusCode::kInvalid);
  CHECK_MESSAGE(status.message().find("mmx") != std::string::npos, status.message());
  CHECK_MESSAGE(status.message().find("reference") != std::string::npos, status.message());
  CHECK(check_measurable(key).code() == StatusCode::kInvalid);
}

TEST_CASE("a key of another kernel version is refused, naming both") {
  const LayerKey key = key_of_text("conv2d int8 4x4x8>4x4x8 k1 s1 none t1 reference@77");
  const Status status = check_measurable(key);
  CHECK(status.code() == StatusCode::kInvalid);
  CHECK(status.message().find("reference@77") != std::string::npos);
  CHECK(status.message().find("is not what this program runs") != std::string::npos);
}

TEST_CASE("networks come back in order with a latency per fused step") {
  const Model a = generated_model(two_steps(), 1);
  LayerGraph one;
  REQUIRE(graph_of(key_of_text("conv2d int8 4x4x8>4x4x8 k3 s1 relu6 t1 reference@1"), &one).ok());
  const Model b = generated_model(one, 1);
  std::vector<NetworkMeasurement> measured;
  REQUIRE(measure_networks({&a, &b}, {"a", "b"}, "reference", 1, quick(), nullptr, &measured).ok());
  REQUIRE(measured.size() == 2);
  CHECK(measured[0].name == "a");
  CHECK(measured[0].step_latency_us.size() == 2);
  CHECK(measured[1].name == "b");
  CHECK(measured[1].step_latency_us.size() == 1);
}

TEST_CASE("a network for an unknown kernel set is refused by name") {
  const Model model = generated_model(two_steps(), 1);
  std::vector<NetworkMeasurement> measured;
  const Status status = measure_networks({&model}, {"mine"}, "mmx", 1, quick(), nullptr, &measured);
  CHECK(status.code() == StatusCode::kInvalid);
  CHECK(status.message().find("network 'mine'") != std::string::npos);
  CHECK(status.message().find("mmx") != std::string::npos);
}

TEST_CASE("a graph that asks for more than a board has is refused before it is built") {
  LayerGraph graph = two_steps();
  for (Tensor& tensor : graph.tensors) tensor.shape = Shape{8192, 8192, 4};
  for (Layer& layer : graph.layers) layer.op = OpKind::kRelu6;
  const Status status = check_measurable(graph, "", 1);
  CHECK(status.code() == StatusCode::kInvalid);
  CHECK_MESSAGE(status.message().find("too large") != std::string::npos, status.message());
}

TEST_CASE("nothing to measure is no error") {
  std::vector<LayerMeasurement> layers;
  CHECK(measure_layers({}, quick(), nullptr, &layers).ok());
  CHECK(layers.empty());
  std::vector<NetworkMeasurement> networks;
  CHECK(measure_networks({}, {}, "", 1, quick(), nullptr, &networks).ok());
  CHECK(networks.empty());
}
