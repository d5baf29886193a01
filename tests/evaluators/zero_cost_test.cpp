#include "evaluators/zero_cost.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "space/lower.h"
#include "space/random.h"
#include "space/uniform_sampler.h"

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
  for (const ZeroCost kind :
       {ZeroCost::kParameters, ZeroCost::kMacs, ZeroCost::kSynflow, ZeroCost::kNaswot}) {
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

TEST_CASE("the lowest fidelity is the score and the others are the evaluator's, one lower") {
  const SearchSpace space = fashion();
  class Echo final : public AccuracyEvaluator {
   public:
    std::string prepare(const std::string& folder, const EvaluatorProgress&) override {
      return "digest of " + folder;
    }
    Accuracy evaluate(const AccuracyRequest& request) override {
      Accuracy accuracy;
      accuracy.ok = true;
      accuracy.error_percent = 10.0 * request.fidelity + double(request.seed);
      return accuracy;
    }
  };
  const auto first = make_zero_cost_first(space, ZeroCost::kParameters, std::make_shared<Echo>());
  CHECK(first->prepare("f", nullptr) == "digest of f");
  RandomStream random(10, 0);
  const Genotype genotype = UniformSampler(space).sample(random);
  const double parameters = double(parameter_count(lower(decode(space, genotype))));
  CHECK(first->evaluate({genotype, 0, 5}).error_percent == -parameters);
  CHECK(first->evaluate({genotype, 1, 5}).error_percent == 5);
  CHECK(first->evaluate({genotype, 2, 5}).error_percent == 15);
}

}  // namespace
}  // namespace edgefront
