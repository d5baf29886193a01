#include "space/lower.h"

#include <doctest/doctest.h>

#include <set>

#include "space/genes.h"
#include "space/random.h"
#include "space/uniform_sampler.h"
#include "tests/space/message.h"
#include "tests/space/small_space.h"

using namespace edgefront;

namespace {

SearchSpace shipped(const char* name) {
  return load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/" + std::string(name) + ".toml");
}

struct Size {
  std::int64_t macs = 0, parameters = 0;
};

void add_conv(Size& size, std::int64_t side, std::int64_t in, std::int64_t out, std::int64_t k) {
  size.macs += side * side * in * out * k * k;
  size.parameters += in * out * k * k + out;
}

/// The papers' formulas on the architecture, without a graph.
Size size_of(const Architecture& a) {
  Size size;
  std::int64_t side = (a.resolution + a.stem_stride - 1) / a.stem_stride;
  add_conv(size, side, a.input_channels, a.stem_channels, a.stem_kernel_size);
  std::int64_t channels = a.stem_channels;
  for (const BlockArchitecture& b : a.blocks) {
    const std::int64_t small = (side + b.stride - 1) / b.stride, hidden = b.hidden_channels;
    if (b.op == OperatorKind::kConv) {
      add_conv(size, small, b.in_channels, b.out_channels, b.kernel_size);
    } else {
      if (hidden != b.in_channels) add_conv(size, side, b.in_channels, hidden, 1);
      add_conv(size, small, 1, hidden, b.kernel_size);
      if (b.se_channels > 0) {
        add_conv(size, 1, hidden, b.se_channels, 1);
        add_conv(size, 1, b.se_channels, hidden, 1);
      }
      add_conv(size, small, hidden, b.out_channels, 1);
    }
    if (b.skip == SkipKind::kProjection) add_conv(size, small, b.in_channels, b.out_channels, 1);
    side = small;
    channels = b.out_channels;
  }
  for (const auto& [units, at] : {std::pair{a.head_channels, side}, {a.feature_units, 1L}})
    if (units > 0) {
      add_conv(size, at, channels, units, 1);
      channels = units;
    }
  add_conv(size, 1, channels, a.classes, 1);
  return size;
}

std::string names_of(const LayerGraph& graph, const std::string& prefix) {
  std::string names;
  for (const Layer& layer : graph.layers)
    if (layer.name.rfind(prefix, 0) == 0) names += layer.name.substr(prefix.size()) + " ";
  return names;
}

/// Adds every layer by its shapes, its attributes and what follows it.
void collect_layers(const LayerGraph& graph, std::set<std::string>& layers) {
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    const Shape &in = graph.tensors[layer.inputs[0]].shape,
                &out = graph.tensors[layer.output].shape;
    std::string key = op_name(layer.op);
    for (int number :
         {in.height, in.channels, out.height, out.channels, layer.kernel_size, layer.stride})
      key += " " + std::to_string(number);
    for (std::size_t next = i + 1; next < graph.layers.size() && next <= i + 2; ++next) {
      const OpKind op = graph.layers[next].op;
      if (!is_unary_activation(op) && op != OpKind::kAdd) break;
      key += std::string(" ") + op_name(op);
    }
    layers.insert(key);
  }
}

/// One block at a time through all of its choices, with every width before and behind it, for a
/// space whose strides are fixed and where every stage of `base` has one block.
std::set<std::string> distinct_layers_of(const SearchSpace& space, const Architecture& base) {
  std::set<std::string> layers;
  const auto try_block = [&](std::size_t s, const BlockChoice& choice, int in, int out,
                             bool first) {
    Architecture built = base;
    built.blocks.resize(s + 1);
    const std::string name = built.blocks[s].name;
    built.blocks[s] = build_block(space, space.stages[s].block, choice, in, out,
                                  first ? space.stages[s].stride[0] : 1);
    built.blocks[s].name = name;
    if (!first) built.resolution /= 2;  // as behind a first block
    (s == 0 ? built.stem_channels : built.blocks[s - 1].out_channels) = in;
    for (int head : space.head.width) {
      built.head_channels = head;
      collect_layers(lower(built), layers);
    }
  };
  for (std::size_t s = 0; s < space.stages.size(); ++s) {
    const BlockChoice counts = block_choice_counts(space.stages[s].block);
    for (int in : s == 0 ? space.stem.width : space.stages[s - 1].width)
      for (int out : space.stages[s].width) {
        BlockChoice choice{};
        do {
          try_block(s, choice, in, out, true);
          try_block(s, choice, out, out, false);
        } while (next_choice(counts, choice));
      }
  }
  return layers;
}

}  // namespace

TEST_CASE("macs and parameters of the graph are those of the papers' formulas") {
  const SearchSpace small = parse_space(kSmallSpace, "small");
  const SearchSpace fashion = shipped("fashion_small"), cifar = shipped("cifar"),
                    mobile = shipped("mobilenet_v3");
  for (const SearchSpace* space : {&small, &fashion, &cifar, &mobile}) {
    const UniformSampler sampler(*space);
    RandomStream random(31, 0);
    for (int i = 0; i < 200; ++i) {
      const Architecture built = decode(*space, sampler.sample(random));
      const LayerGraph graph = lower(built);
      const Size size = size_of(built);
      REQUIRE(total_macs(graph) == size.macs);
      REQUIRE(parameter_count(graph) == size.parameters);
    }
  }
}

TEST_CASE("the MobileNetV3-Large reference has the published size, but for its rounded ratios") {
  // Howard et al. 2019, table 3: 219 M multiply-adds, 5.4 M parameters; the expansions 2.3 and
  // 2.5 are 3 here
  const SearchSpace space = shipped("mobilenet_v3");
  const LayerGraph graph = lower(decode(space, space.references.at("mobilenet_v3_like")));
  CHECK(total_macs(graph) / 1e6 == doctest::Approx(219).epsilon(0.03));
  CHECK(parameter_count(graph) / 1e6 == doctest::Approx(5.4).epsilon(0.03));
}

TEST_CASE("layers carry the documented names, in order") {
  const SearchSpace space = parse_space(kSmallSpace, "small");
  const LayerGraph graph = lower(decode(space, parse_genotype(space, "0.0.100.1210.0010.11.2.1")));
  CHECK(names_of(graph, "stem.") == "conv act ");
  CHECK(names_of(graph, "stage1.block1.") ==
        "expand expand_act depthwise depthwise_act se_pool se_reduce se_relu se_expand "
        "se_hsigmoid se_mul project add ");
  CHECK(names_of(graph, "stage1.block2.") ==
        "depthwise depthwise_act se_pool se_reduce se_relu se_expand se_hsigmoid se_mul project "
        "add ");
  CHECK(names_of(graph, "stage2.block1.") == "conv act skip add ");
  CHECK(names_of(graph, "head.") == "conv act pool classifier ");
  const SearchSpace mobile = shipped("mobilenet_v3");
  CHECK(names_of(lower(decode(mobile, mobile.references.begin()->second)), "head.") ==
        "conv act pool feature feature_act classifier ");
}

TEST_CASE("every stem, block and head is one graph block; shapes agree with infer_shape") {
  const SearchSpace space = shipped("cifar");
  const UniformSampler sampler(space);
  RandomStream random(32, 0);
  for (int i = 0; i < 100; ++i) {
    const Architecture built = decode(space, sampler.sample(random));
    const LayerGraph graph = lower(built);
    REQUIRE(validate(graph).ok());
    CHECK(graph.layers.front().block == 0);
    CHECK(graph.layers.back().block == static_cast<int>(built.blocks.size()) + 1);
    for (const Layer& layer : graph.layers) {
      Shape shape;
      REQUIRE(infer_shape(layer, graph.tensors, &shape).ok());
      REQUIRE(shape == graph.tensors[layer.output].shape);
    }
    CHECK(graph.outputs.size() == 1);
    CHECK(graph.tensors[graph.outputs[0]].shape == Shape{1, 1, space.classes});
  }
}

TEST_CASE("shapes that no graph can have are refused by layer and shape") {
  Architecture a;
  a.resolution = 2;
  a.input_channels = 1;
  a.classes = 10;
  a.stem_channels = 8;
  a.stem_stride = 2;
  BlockArchitecture block;
  block.name = "stage1.block1";
  block.op = OperatorKind::kConv;
  block.in_channels = block.out_channels = block.hidden_channels = 8;
  block.stride = 2;
  a.blocks = {block};
  CHECK(input_error_of([&] { lower(a); }) ==
        "layer stage1.block1.conv: an image of 1x1x8 is smaller than its stride 2");
  a.resolution = 4096;
  a.stem_stride = 1;
  a.stem_channels = 512;
  CHECK(input_error_of([&] { lower(a); }) ==
        "layer stem.conv: shape 4096x4096x512, accepted are 1 to 2^28 elements");
}

TEST_CASE("fashion_small spans two decades of cost and has layers few enough to measure all") {
  const SearchSpace space = shipped("fashion_small");
  // The extremes by MACs, block by block: everything smallest, everything largest.
  Genotype least{std::vector<std::uint8_t>(space.decisions.size())}, most = least;
  for (std::size_t i = 0; i < space.decisions.size(); ++i) {
    const Decision& decision = space.decisions[i];
    most.choices[i] = static_cast<std::uint8_t>(decision.choices.size() - 1);
    // Of the operators the dense one comes first in stage 1 only; dwsep is the cheapest.
    if (decision.name.find("stage1") == 0 && decision.choices[0] == "conv") {
      least.choices[i] = 1;
      most.choices[i] = 2;
    }
  }
  CHECK(total_macs(lower(decode(space, least))) < 150e3);
  CHECK(total_macs(lower(decode(space, most))) > 10e6);
  CHECK(total_macs(lower(decode(space, most))) < 16e6);

  const std::set<std::string> layers = distinct_layers_of(space, decode(space, least));
  MESSAGE("distinct layers, unfused ones counted too: ", layers.size());
  CHECK(layers.size() < 1500);
}
