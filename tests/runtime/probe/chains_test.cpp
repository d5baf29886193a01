#include "runtime/probe/chains.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"

using namespace edgefront;

namespace {

std::vector<LayerKey> keys_of(const std::vector<std::string>& texts) {
  std::vector<LayerKey> keys(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) REQUIRE(LayerKey::parse(texts[i], &keys[i]).ok());
  return keys;
}

// The layers of a small inverted-bottleneck network, in no order.
std::vector<LayerKey> bottleneck_keys() {
  return keys_of({"conv2d int8 14x14x48>14x14x16 k1 s1 none+add t1 reference@1",
                  "fully_connected int8 1x1x64>1x1x10 k1 s1 none t1 reference@1",
                  "conv2d int8 28x28x1>14x14x16 k3 s2 relu6 t1 reference@1",
                  "depthwise_conv2d int8 14x14x48>14x14x48 k3 s1 relu6 t1 reference@1",
                  "conv2d int8 14x14x16>14x14x48 k1 s1 relu6 t1 reference@1",
                  "global_average_pool int8 14x14x64>1x1x64 k1 s1 none t1 reference@1",
                  "depthwise_conv2d int8 14x14x48>14x14x48 k7 s1 hswish t1 reference@1",
                  "conv2d int8 14x14x16>14x14x64 k1 s1 relu6 t1 reference@1"});
}

std::vector<Chain> chains_of(const std::vector<LayerKey>& keys, int max_layers,
                             std::uint64_t seed) {
  std::vector<Chain> chains;
  const Status status = make_chains(keys, {max_layers, 0}, seed, &chains);
  CHECK_MESSAGE(status.ok(), status.message());
  return chains;
}

// The key of a step, read off the joined graph.
std::string text_of(const LayerGraph& graph, const Step& step, const LayerKey& like) {
  const Layer& layer = graph.layers[static_cast<std::size_t>(step.layer)];
  LayerKey key = like;  // threads, kernel set and version are no part of a graph
  key.op = layer.op;
  key.precision = layer.precision;
  key.input = graph.tensors[static_cast<std::size_t>(step.input)].shape;
  key.output = graph.tensors[static_cast<std::size_t>(step.output)].shape;
  key.kernel_size = layer.kernel_size;
  key.stride = layer.stride;
  key.activation = step.activation;
  key.residual = step.residual >= 0;
  return key.text();
}

}  // namespace

TEST_CASE("every key is a step of some chain, whatever the seed and the length") {
  const std::vector<LayerKey> keys = bottleneck_keys();
  for (const int max_layers : {1, 2, 5, 24}) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      std::set<int> found;
      for (const Chain& chain : chains_of(keys, max_layers, seed)) {
        CHECK(static_cast<int>(chain.keys.size()) <= max_layers);
        CHECK(validate(chain.graph).ok());
        const std::vector<Step> steps = fuse(chain.graph);
        REQUIRE(steps.size() == chain.keys.size());
        for (std::size_t i = 0; i < steps.size(); ++i) {
          const LayerKey& key = keys[static_cast<std::size_t>(chain.keys[i])];
          CHECK(text_of(chain.graph, steps[i], key) == key.text());
          found.insert(chain.keys[i]);
        }
      }
      CHECK(found.size() == keys.size());
    }
  }
}

TEST_CASE("each layer reads what the layer before it wrote") {
  for (const Chain& chain : chains_of(bottleneck_keys(), 24, 3)) {
    const std::vector<Step> steps = fuse(chain.graph);
    for (std::size_t i = 1; i < steps.size(); ++i) CHECK(steps[i].input == steps[i - 1].output);
  }
}

TEST_CASE("banded bottlenecks are joined with layers, and stay the one step that they are") {
  const auto keys = keys_of(
      {"conv2d int8 28x28x1>14x14x16 k3 s2 relu6 t1 reference@1",
       "inverted_bottleneck int8 14x14x16>48>14x14x16 k3 s1 relu6,relu6,none+add t1 reference@1",
       "inverted_bottleneck int8 14x14x16>7x7x24 k5 s2 relu6,none t1 reference@1",
       "conv2d int8 14x14x16>14x14x48 k1 s1 relu6 t1 reference@1",
       "depthwise_conv2d int8 14x14x48>14x14x48 k3 s1 relu6 t1 reference@1",
       "conv2d int8 14x14x48>14x14x16 k1 s1 none t1 reference@1"});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::set<int> found;
    for (const Chain& chain : chains_of(keys, 24, seed)) {
      const auto steps = execution_steps(chain.graph, *kernel_sets().back(),
                                         {true, BlockPath::kLayers, chain.choices, 0});
      REQUIRE(steps.size() == chain.keys.size());
      for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::string text = key_of(chain.graph, steps[i], *kernel_sets().back(), 1).text();
        CHECK(text == keys[static_cast<std::size_t>(chain.keys[i])].text());
        found.insert(chain.keys[i]);
      }
    }
    CHECK(found.size() == keys.size());
  }
}

TEST_CASE("the keys of one network make one chain") {
  CHECK(chains_of(bottleneck_keys(), 24, 1).size() <= 2);
}

TEST_CASE("a residual is an earlier tensor of the chain where there is one") {
  const auto keys = keys_of({"conv2d int8 8x8x3>8x8x16 k3 s1 relu6 t1 reference@1",
                             "conv2d int8 8x8x16>8x8x32 k1 s1 relu6 t1 reference@1",
                             "conv2d int8 8x8x32>8x8x16 k1 s1 none+add t1 reference@1"});
  const std::vector<Chain> chains = chains_of(keys, 24, 1);
  REQUIRE(chains.size() == 1);
  const std::vector<Step> steps = fuse(chains[0].graph);
  CHECK(steps[2].residual == steps[0].output);
  CHECK(chains[0].graph.inputs.size() == 1);
}

TEST_CASE("a residual or gate without an earlier tensor is an input of the graph") {
  for (const char* text : {"conv2d fp32 8x8x32>8x8x16 k1 s1 none+add t1 reference@1",
                           "mul fp32 8x8x16>8x8x16 k1 s1 none t1 reference@1",
                           "add fp32 8x8x16>8x8x16 k1 s1 none t1 reference@1"}) {
    const std::vector<Chain> chains = chains_of(keys_of({text}), 1, 1);
    REQUIRE(chains.size() == 1);
    CHECK(chains[0].graph.inputs.size() == 2);
  }
}

TEST_CASE("a stand-alone add or activation is not joined to a convolution that would absorb it") {
  const auto keys = keys_of({"conv2d int8 8x8x16>8x8x16 k1 s1 none t1 reference@1",
                             "add int8 8x8x16>8x8x16 k1 s1 none t1 reference@1",
                             "relu6 int8 8x8x16>8x8x16 k1 s1 none t1 reference@1"});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const Chain& chain : chains_of(keys, 24, seed)) {
      for (std::size_t i = 1; i < chain.keys.size(); ++i) {
        CHECK((chain.keys[i] == 0 || chain.keys[i - 1] != 0));
      }
    }
  }
}

TEST_CASE("precisions, threads and kernel sets are not mixed in a chain") {
  const auto keys = keys_of({"conv2d int8 8x8x16>8x8x16 k1 s1 relu t1 reference@1",
                             "conv2d fp32 8x8x16>8x8x16 k1 s1 relu t1 reference@1",
                             "conv2d int8 8x8x16>8x8x16 k1 s1 relu t2 reference@1",
                             "conv2d int8 8x8x16>8x8x16 k1 s1 relu t1 avx2@1"});
  for (const Chain& chain : chains_of(keys, 24, 1)) {
    for (const int key : chain.keys) CHECK(key == chain.keys[0]);
  }
}

TEST_CASE("the same seed gives the same chains") {
  const auto once = chains_of(bottleneck_keys(), 6, 7);
  const auto again = chains_of(bottleneck_keys(), 6, 7);
  REQUIRE(once.size() == again.size());
  for (std::size_t i = 0; i < once.size(); ++i) CHECK(once[i].keys == again[i].keys);
}

TEST_CASE("a key with shapes that no layer has is refused by name") {
  LayerKey key;
  REQUIRE(LayerKey::parse("conv2d int8 8x8x16>9x9x16 k1 s1 relu t1 reference@1", &key).ok());
  std::vector<Chain> chains;
  const Status status = make_chains({key}, {}, 1, &chains);
  CHECK(status.code() == StatusCode::kInvalid);
  CHECK(status.message().find("8x8x16>9x9x16") != std::string::npos);
}
