#include "evaluators/untrained_network.h"

#include <doctest/doctest.h>

#include <cmath>

#include "space/lower.h"
#include "tests/evaluators/torch/tiny.h"

namespace edgefront {
namespace {

TEST_CASE("gradients are the slopes of the loss, for networks of all operators") {
  const SearchSpace space = tiny::space();
  RandomStream random(3, 0);
  for (std::uint64_t i = 0; i < 24; ++i) {
    CAPTURE(i);
    const LayerGraph graph = lower(decode(space, tiny::any_genotype(space, i)));
    LayerWeights weights = random_weights(graph, i);
    TensorValues images(std::size_t(5) * std::size_t(graph.tensors[0].shape.elements()));
    for (double& pixel : images) pixel = random.normal();
    const std::vector<int> labels{0, 3, 1, 1, 2};
    const LossGradient slope = loss_gradient(graph, weights, images, labels);
    const auto loss = [&] { return loss_gradient(graph, weights, images, labels).loss; };
    for (std::size_t l = 0; l < weights.size(); ++l) {
      if (weights[l].empty()) continue;
      CAPTURE(graph.layers[l].name);
      const std::vector<double> kept = weights[l], &g = slope.gradients[l];
      double squares = 0;
      for (const double value : g) squares += value * value;
      // Along its gradient the loss rises by the squared length. Steps are short, so that hardly a
      // unit switches; what a unit at a kink adds is of the order of the step.
      const double step = 1e-6 / std::max(1.0, std::sqrt(squares));
      const auto moved = [&](double sign) {
        for (std::size_t k = 0; k < g.size(); ++k) weights[l][k] = kept[k] + sign * step * g[k];
        return loss();
      };
      const double rise = (moved(1) - moved(-1)) / (2 * step);
      weights[l] = kept;
      CHECK(rise == doctest::Approx(squares).epsilon(1e-3));
    }
  }
}

TEST_CASE("batch norm leaves every channel with mean 0 and deviation 1") {
  const SearchSpace space = tiny::space();
  const LayerGraph graph = lower(decode(space, tiny::any_genotype(space, 2)));
  REQUIRE(graph.layers[0].op == OpKind::kConv2d);
  std::vector<TensorValues> values(graph.tensors.size());
  RandomStream random(4, 0);
  values[std::size_t(graph.inputs[0])].resize(
      std::size_t(4 * graph.tensors[std::size_t(graph.inputs[0])].shape.elements()));
  for (double& pixel : values[std::size_t(graph.inputs[0])]) pixel = 5 + random.normal();
  run_layer(graph, 0, random_weights(graph, 1), 4, values);
  const TensorValues& y = values[std::size_t(graph.layers[0].output)];
  const auto channels =
      std::size_t(graph.tensors[std::size_t(graph.layers[0].output)].shape.channels);
  for (std::size_t c = 0; c < channels; ++c) {
    double sum = 0, squares = 0;
    for (std::size_t i = c; i < y.size(); i += channels) sum += y[i], squares += y[i] * y[i];
    const auto pixels = double(y.size() / channels);
    CHECK(sum / pixels == doctest::Approx(0).epsilon(1e-9));
    CHECK(squares / pixels == doctest::Approx(1).epsilon(1e-3));
  }
}

TEST_CASE("weights have the variance of He et al., a stream per layer") {
  const SearchSpace space = tiny::space();
  const LayerGraph graph = lower(decode(space, tiny::any_genotype(space, 1)));
  const LayerWeights weights = random_weights(graph, 7), again = random_weights(graph, 7);
  CHECK(weights == again);
  CHECK(weights[0] != random_weights(graph, 8)[0]);
  const Layer& stem = graph.layers[0];
  const int fan_in = stem.kernel_size * stem.kernel_size *
                     graph.tensors[std::size_t(stem.inputs[0])].shape.channels;
  double squares = 0;
  for (const double weight : weights[0]) squares += weight * weight;
  CHECK(squares / double(weights[0].size()) == doctest::Approx(2.0 / fan_in).epsilon(0.3));
}

}  // namespace
}  // namespace edgefront
