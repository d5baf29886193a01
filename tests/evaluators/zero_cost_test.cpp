#include "evaluators/zero_cost.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "space/lower.h"
#include "space/random.h"
#include "space/uniform_sampler.h"
#include "tests/evaluators/torch/tiny.h"

namespace edgefront {
namespace {

SearchSpace fashion() {
  return load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/fashion_small.toml");
}

/// A chain of layers, each on the tensor before it.
LayerGraph chain(Shape input, const std::vector<std::pair<OpKind, int>>& layers, int kernel = 1,
                 int stride = 1) {
  LayerGraph graph;
  graph.tensors.push_back({input});
  graph.inputs = {0};
  for (const auto& [op, channels] : layers) {
    Layer layer;
    layer.op = op;
    layer.inputs[0] = std::int32_t(graph.tensors.size()) - 1;
    layer.output = layer.inputs[0] + 1;
    const bool spatial = op == OpKind::kConv2d || op == OpKind::kDepthwiseConv2d;
    layer.kernel_size = spatial ? kernel : 1;
    layer.stride = spatial ? stride : 1;
    layer.name = "layer" + std::to_string(graph.layers.size());
    graph.tensors.push_back({{1, 1, channels}});
    Shape out;
    graph.tensors.back().shape.channels = channels;
    REQUIRE(infer_shape(layer, graph.tensors, &out).ok());
    graph.tensors.back().shape = out;
    graph.layers.push_back(layer);
  }
  graph.outputs = {std::int32_t(graph.tensors.size()) - 1};
  REQUIRE(validate(graph).ok());
  return graph;
}

TensorValues noise(int count, const LayerGraph& graph) {
  RandomStream random(12, 0);
  TensorValues images(std::size_t(count) * std::size_t(graph.tensors[0].shape.elements()));
  for (double& pixel : images) pixel = random.normal();
  return images;
}

TEST_CASE("synaptic flow of two layers, by hand") {
  const LayerGraph graph =
      chain({1, 1, 2}, {{OpKind::kConv2d, 2}, {OpKind::kRelu, 2}, {OpKind::kFullyConnected, 1}});
  // |W| (1, 1) = (3, 7), R = 5·3 + 6·7 = 57; both layers carry all of it.
  const LayerWeights weights{{1, -2, -3, 4}, {}, {-5, 6}};
  const SynapticFlow flow = synaptic_flow(graph, weights);
  CHECK(flow.flow == doctest::Approx(57));
  CHECK(flow.score == doctest::Approx(2 * 57));
}

TEST_CASE("the score is what doubling each layer's weights adds to the flow") {
  // R is linear in the weights of each layer, so Σ θ · ∂R/∂θ of it is R(2θ) − R(θ).
  const SearchSpace space = fashion();
  const UniformSampler sampler(space);
  for (std::uint64_t i = 0; i < 2; ++i) {
    RandomStream random(8, i);
    const LayerGraph graph = lower(decode(space, sampler.sample(random)));
    const LayerWeights weights = random_weights(graph, i);
    const SynapticFlow flow = synaptic_flow(graph, weights);
    double sum = 0;
    for (std::size_t l = 0; l < weights.size(); ++l) {
      if (weights[l].empty()) continue;
      LayerWeights doubled = weights;
      for (double& weight : doubled[l]) weight *= 2;
      sum += synaptic_flow(graph, doubled).flow - flow.flow;
    }
    CHECK(flow.score == doctest::Approx(sum).epsilon(1e-9));
  }
}

TEST_CASE("naswot of one activation is the log determinant of the codes that agree") {
  // One pixel, one channel in, three out: batch norm makes the sign of w · (x − mean).
  const LayerGraph graph = chain({1, 1, 1}, {{OpKind::kConv2d, 3}, {OpKind::kRelu, 3}});
  const LayerWeights weights{{1, -1, 2}, {}};
  // Mean 2: images one and two are below it, three is above: codes 010, 010, 101.
  const std::vector<double> images{0, 1, 5};
  // K = ((3, 3, 0), (3, 3, 0), (0, 0, 3)) is singular: its pivots are 3, 1e-6 and 3.
  CHECK(naswot(graph, weights, images, 3) == doctest::Approx(std::log(9e-6)));
  // Two images with opposite codes: K = 3 I.
  CHECK(naswot(graph, weights, {0, 5}, 2) == doctest::Approx(2 * std::log(3.0)));
}

TEST_CASE("naswot counts every activation, and images that agree in part") {
  // Two pixels are two units of each channel. Codes by pixel: image one (off, on), image two
  // (off, off), three (on, on); a second activation of the first repeats them.
  const LayerGraph graph = chain({1, 2, 1}, {{OpKind::kConv2d, 1}, {OpKind::kRelu, 1}});
  const std::vector<double> images{0, 9, 0, 0, 9, 9};  // mean 4.5
  // Agreements: 2 with itself, 1 between one and two, 1 between one and three, 0 between the rest.
  // det ((2, 1, 1), (1, 2, 0), (1, 0, 2)) = 2·4 − 1·2 + 1·(−2) = 4.
  CHECK(naswot(graph, {{1}, {}}, images, 3) == doctest::Approx(std::log(4.0)));
  const LayerGraph twice =
      chain({1, 2, 1}, {{OpKind::kConv2d, 1}, {OpKind::kRelu, 1}, {OpKind::kRelu, 1}});
  CHECK(naswot(twice, {{1}, {}, {}}, images, 3) == doctest::Approx(std::log(8 * 4.0)));
}

TEST_CASE("every score is finite, the same at each call, and differs between networks") {
  const SearchSpace space = fashion();
  const UniformSampler sampler(space);
  for (const ZeroCost kind : {ZeroCost::kParameters, ZeroCost::kMacs, ZeroCost::kSynflow,
                              ZeroCost::kNaswot, ZeroCost::kGradNorm}) {
    std::set<double> scores;
    for (std::uint64_t i = 0; i < 3; ++i) {
      RandomStream random(9, i);
      const LayerGraph graph = lower(decode(space, sampler.sample(random)));
      const double score = zero_cost_score(graph, kind);
      CHECK(std::isfinite(score));
      if (i == 0) CHECK(zero_cost_score(graph, kind) == score);
      scores.insert(score);
    }
    CHECK(scores.size() == 3);
  }
}

TEST_CASE("the gradient norm of one layer is that of softmax regression, by hand") {
  const LayerGraph graph = chain({1, 1, 2}, {{OpKind::kFullyConnected, 3}});
  // Without weights each class has a third. Rows of the gradient: (1, -5)/6, (4, 1)/6, (-5, 4)/6.
  const std::vector<int> labels{0, 2};
  const TensorValues images{1, 2, 3, -1};
  const LayerWeights weights{{0, 0, 0, 0, 0, 0}};
  const LossGradient slope = loss_gradient(graph, weights, images, labels);
  CHECK(slope.loss == doctest::Approx(std::log(3.0)));
  for (const auto& [place, sixths] : std::map<int, int>{{0, 1}, {1, -5}, {2, 4}, {5, 4}}) {
    CHECK(slope.gradients[0][std::size_t(place)] == doctest::Approx(sixths / 6.0));
  }
  CHECK(gradient_norm(graph, weights, images, labels) == doctest::Approx(std::sqrt(84.0) / 6));
}

TEST_CASE("the gradient norm adds up the lengths of all layers' gradients") {
  const SearchSpace space = tiny::space();
  const LayerGraph graph = lower(decode(space, tiny::any_genotype(space, 4)));
  const LayerWeights weights = random_weights(graph, 6);
  const TensorValues images = noise(3, graph);
  const std::vector<int> labels{1, 0, 3};
  double sum = 0;
  int layers = 0;
  for (const auto& gradient : loss_gradient(graph, weights, images, labels).gradients) {
    double squares = 0;
    for (const double slope : gradient) squares += slope * slope;
    sum += std::sqrt(squares);
    layers += squares > 0;
  }
  CHECK(layers >= 3);
  CHECK(gradient_norm(graph, weights, images, labels) == doctest::Approx(sum));
}

TEST_CASE("minus the score stands in for the error") {
  const SearchSpace space = fashion();
  const auto evaluator = make_zero_cost_evaluator(space, ZeroCost::kParameters);
  CHECK(evaluator->prepare("f", nullptr).empty());
  RandomStream random(10, 0);
  const Genotype genotype = UniformSampler(space).sample(random);
  const double parameters = double(parameter_count(lower(decode(space, genotype))));
  CHECK(evaluator->evaluate({genotype, 0, 5}).error_percent == -parameters);
}

}  // namespace
}  // namespace edgefront
