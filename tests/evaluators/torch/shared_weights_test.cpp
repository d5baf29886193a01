#include "evaluators/torch/shared_weights.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "space/error.h"
#include "space/lower.h"
#include "tests/evaluators/torch/tiny.h"

using namespace edgefront;

namespace {

const char* kPath = "supernet.bin";

std::string refusal(const std::vector<std::uint8_t>& bytes, const std::string& identity) {
  SharedWeights weights(tiny::space(), 1);
  try {
    weights.parse(bytes, identity, kPath);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("every network of every shipped space finds its layers in the shared weights") {
  for (const char* name : {"fashion_small", "cifar", "mobilenet_v3"}) {
    const SearchSpace space =
        load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/" + std::string(name) + ".toml");
    const SharedWeights shared(space, 1);
    for (int i = 0; i < 40; ++i) {
      const Architecture architecture = decode(space, tiny::any_genotype(space, i));
      const LayerGraph graph = lower(architecture);
      const WeightMap weights = shared.extract(architecture, graph);
      for (const Layer& layer : graph.layers) {
        if (!has_weights(layer.op)) continue;
        CHECK(weights.at(layer.name).weights.size() ==
              static_cast<std::size_t>(weight_count(graph, layer)));
      }
    }
  }
}

TEST_CASE("a network has the first channels and the centre of the kernels") {
  const SearchSpace space = tiny::space();
  SharedWeights shared(space, 1);
  int smaller = 0;
  for (int i = 0; i < 200; ++i) {
    const Architecture architecture = decode(space, tiny::any_genotype(space, i));
    const LayerGraph graph = lower(architecture);
    const WeightMap weights = shared.extract(architecture, graph);
    const BlockArchitecture& block = architecture.blocks[0];
    if (block.op != OperatorKind::kConv) continue;
    const SharedLayer& all = shared.layers().at(block.name + ".conv@conv");
    REQUIRE(all.kernel_size == 7);
    REQUIRE(all.in == 16);
    REQUIRE(all.out == 16);
    const int k = block.kernel_size, in = block.in_channels;
    smaller += k < 7 || in < 16;
    for (int o = 0; o < block.out_channels; ++o)
      for (int y = 0; y < k; ++y)
        for (int x = 0; x < k; ++x)
          for (int c = 0; c < in; ++c) {
            const int fy = y + (7 - k) / 2, fx = x + (7 - k) / 2;
            CHECK(weights.at(block.name + ".conv").weights[((o * k + y) * k + x) * in + c] ==
                  all.weights[((o * 7 + fy) * 7 + fx) * 16 + c]);
          }
  }
  CHECK(smaller > 5);
}

TEST_CASE("gradients land where the weights came from") {
  const SearchSpace space = tiny::space();
  SharedWeights shared(space, 1);
  for (int i = 0; i < 50; ++i) {
    const Architecture architecture = decode(space, tiny::any_genotype(space, i));
    const LayerGraph graph = lower(architecture);
    WeightMap weights = shared.extract(architecture, graph);
    // With the weights themselves as gradients, sums hold shared values and zeros only, and as many
    // of them as the network has weights.
    std::vector<Parameter> parameters;
    std::size_t wanted = 0;
    for (auto& [name, layer] : weights) {
      parameters.push_back({.layer = name, .value = layer.weights, .gradient = layer.weights});
      wanted += static_cast<std::size_t>(std::count_if(layer.weights.begin(), layer.weights.end(),
                                                       [](float w) { return w != 0; }));
    }
    SharedWeights::Sums sums = shared.zeros();
    SharedWeights::add_gradients(architecture, graph, parameters, sums);
    std::size_t found = 0;
    for (const auto& [key, sum] : sums) {
      const std::vector<float>& all = shared.layers().at(key).weights;
      for (std::size_t k = 0; k < sum.weights.size(); ++k) {
        if (sum.weights[k] == 0) continue;
        ++found;
        CHECK(sum.weights[k] == all[k]);
      }
    }
    CHECK(found == wanted);
  }
}

TEST_CASE("the largest network is at least as large as any of many random ones") {
  const SearchSpace space = tiny::space();
  const auto macs = [&](const Genotype& g) { return total_macs(lower(decode(space, g))); };
  const auto largest = macs(largest_genotype(space));
  for (int i = 0; i < 500; ++i) {
    CHECK(macs(tiny::any_genotype(space, i)) <= largest);
  }
}

TEST_CASE("a supernet file gives back every weight, and is refused after any flipped byte") {
  SharedWeights written(tiny::space(), 1), read(tiny::space(), 2);
  std::vector<std::uint8_t> bytes = written.serialize("space a data b");
  read.parse(bytes, "space a data b", kPath);
  CHECK(read.serialize("space a data b") == bytes);
  for (std::size_t i = 0; i < bytes.size(); i += i < 200 ? 1 : 997) {
    bytes[i] ^= 1;
    CHECK(refusal(bytes, "space a data b") != "");
    bytes[i] ^= 1;
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{39}, std::size_t{40}, bytes.size() / 2, bytes.size() - 1}) {
    const std::vector<std::uint8_t> part(bytes.begin(), bytes.begin() + std::ptrdiff_t(size));
    CHECK(refusal(part, "space a data b") != "");
  }
  CHECK(refusal(bytes, "space c data b").find("belongs to space a data b, wanted is space c") !=
        std::string::npos);
}
