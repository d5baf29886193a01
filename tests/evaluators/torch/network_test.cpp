#include "evaluators/torch/network.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <map>

#include "evaluators/torch/batches.h"
#include "evaluators/torch/training.h"
#include "evaluators/untrained_network.h"
#include "runtime/export/float_model.h"
#include "runtime/interpreter.h"
#include "space/lower.h"
#include "tests/evaluators/torch/tiny.h"

using namespace edgefront;

namespace {

std::vector<float> random_images(int count, const Shape& shape) {
  RandomStream random(9, 0);
  std::vector<float> out(count * shape.elements());
  for (float& v : out) v = static_cast<float>(random.normal());
  return out;
}

/// Largest difference between the network in libtorch and the same weights, folded, on the
/// interpreter, relative to the largest logit.
double parity(const SearchSpace& space, const Genotype& genotype, std::uint64_t seed) {
  const LayerGraph graph = lower(decode(space, genotype));
  const Shape shape = graph.tensors[graph.inputs[0]].shape;
  Network network(graph, initial_weights(graph, seed));
  constexpr int kImages = 6;
  const std::vector<float> images = random_images(kImages, shape);
  const ImageBatch batch{images, kImages, shape.height, shape.width, shape.channels};
  network.reset_statistics();
  network.add_statistics(batch);  // running statistics that are not 0 and 1
  const std::vector<float> logits = network.logits(batch);

  FloatModel model{
      .graph = graph, .layers = network.weights(), .normalization = {}, .class_names = {}};
  model.normalization.mean.assign(shape.channels, 0.0f);
  model.normalization.stddev.assign(shape.channels, 1.0f);
  for (int i = 0; i < space.classes; ++i) model.class_names.push_back(std::to_string(i));
  std::unique_ptr<Interpreter> interpreter;
  const Status status =
      Interpreter::load(fold_batch_norm(model), {.kernel_set = "reference"}, &interpreter);
  REQUIRE_MESSAGE(status.ok(), status.message());
  double worst = 0, largest = 1e-6;
  for (int i = 0; i < kImages; ++i) {
    std::memcpy(interpreter->input_data(), images.data() + i * shape.elements(),
                shape.elements() * sizeof(float));
    interpreter->invoke();
    const auto* out = static_cast<const float*>(interpreter->output_data());
    for (int c = 0; c < space.classes; ++c) {
      worst = std::max(worst, double(std::abs(out[c] - logits[i * space.classes + c])));
      largest = std::max(largest, double(std::abs(out[c])));
    }
  }
  return worst / std::max(1.0, largest);
}

}  // namespace

TEST_CASE(
    "libtorch and the interpreter give the same logits for random networks of all operators") {
  use_one_thread();
  const SearchSpace space = tiny::space();
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    CHECK(parity(space, tiny::any_genotype(space, i), i) < 1e-4);
  }
}

TEST_CASE("libtorch and the interpreter give the same logits for the references of fashion_small") {
  use_one_thread();
  const SearchSpace space =
      load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/fashion_small.toml");
  REQUIRE(space.references.size() >= 2);
  for (const auto& reference : space.references) {
    CAPTURE(reference.first);
    CHECK(parity(space, reference.second, 1) < 1e-4);
  }
}

TEST_CASE("gradients are the slopes of the loss, with labels and with a temperature") {
  use_one_thread();
  const SearchSpace space = tiny::space();
  for (int i = 0; i < 6; ++i) {
    const LayerGraph graph = lower(decode(space, tiny::any_genotype(space, 100 + i)));
    Network network(graph, initial_weights(graph, 2));
    const std::vector<float> images = random_images(8, {12, 12, 2});
    const ImageBatch batch{images, 8, 12, 12, 2};
    std::vector<float> probabilities(8 * 4, 0.1f);
    for (int n = 0; n < 8; ++n) probabilities[n * 4 + n % 4] = 0.7f;
    const Targets targets{probabilities, i % 2 == 0 ? 1.0 : 3.0};
    network.train_step(batch, targets);
    // Along the gradient of each array the loss rises by its squared length.
    std::vector<std::vector<float>> gradients;
    for (const Parameter& p : network.parameters()) {
      gradients.emplace_back(p.gradient.begin(), p.gradient.end());
    }
    for (std::size_t a = 0; a < gradients.size(); ++a) {
      double squares = 0;
      for (float g : gradients[a]) squares += double(g) * g;
      if (squares < 1e-4) continue;  // below what binary32 resolves in the loss
      const float h = static_cast<float>(2e-3 / std::sqrt(squares));
      const auto moved_loss = [&](float sign) {
        const std::vector<Parameter> parameters = network.parameters();
        const std::span<float> value = parameters[a].value;
        const std::vector<float> old(value.begin(), value.end());
        for (std::size_t k = 0; k < value.size(); ++k) value[k] += sign * h * gradients[a][k];
        const double loss = network.train_step(batch, targets).loss;
        const std::vector<Parameter> now = network.parameters();
        std::copy(old.begin(), old.end(), now[a].value.begin());
        return loss;
      };
      const double slope = (moved_loss(1) - moved_loss(-1)) / (2 * h);
      CAPTURE(network.parameters()[a].layer);
      CHECK(slope == doctest::Approx(squares).epsilon(0.05));
    }
  }
}

TEST_CASE("a replica shares the parameters and keeps gradients and statistics of its own") {
  use_one_thread();
  const SearchSpace space = tiny::space();
  const LayerGraph graph = lower(decode(space, tiny::any_genotype(space, 1)));
  Network network(graph, initial_weights(graph, 2));
  const std::unique_ptr<Network> replica = network.replica();
  CHECK(network.parameters()[0].value.data() == replica->parameters()[0].value.data());
  const std::vector<float> images = random_images(4, {12, 12, 2});
  const std::vector<float> targets(16, 0.25f);
  replica->train_step({images, 4, 12, 12, 2}, {targets, 1});
  CHECK(network.parameters()[0].gradient.empty());
  CHECK(!replica->parameters()[0].gradient.empty());
  CHECK(network.weights().at("stem.conv").batch_norm.mean[0] == 0.0f);
  CHECK(replica->weights().at("stem.conv").batch_norm.mean[0] != 0.0f);
}

TEST_CASE("without libtorch the loss has the same gradient, for networks of all operators") {
  use_one_thread();
  const SearchSpace space = tiny::space();
  for (int i = 0; i < 30; ++i) {
    CAPTURE(i);
    const LayerGraph graph = lower(decode(space, tiny::any_genotype(space, i)));
    const LayerWeights weights = random_weights(graph, i);
    WeightMap floats = initial_weights(graph, 1);
    for (std::size_t l = 0; l < weights.size(); ++l) {
      if (weights[l].empty()) continue;
      floats.at(graph.layers[l].name).weights.assign(weights[l].begin(), weights[l].end());
      for (float& bias : floats.at(graph.layers[l].name).bias) bias = 0;
    }
    Network network(graph, floats);
    const std::vector<float> images = random_images(8, {12, 12, 2});
    std::vector<int> labels;
    std::vector<float> wanted(8 * 4, 0.0f);
    for (int n = 0; n < 8; ++n) {
      labels.push_back(n * 3 % 4);
      wanted[std::size_t(n * 4 + labels.back())] = 1;
    }
    const double loss = network.train_step({images, 8, 12, 12, 2}, {wanted, 1}).loss;
    const LossGradient slope =
        loss_gradient(graph, weights, {images.begin(), images.end()}, labels);
    CHECK(slope.loss == doctest::Approx(loss).epsilon(1e-4));
    std::map<std::string, std::size_t> place;
    for (std::size_t l = 0; l < graph.layers.size(); ++l) place[graph.layers[l].name] = l;
    for (const Parameter& p : network.parameters()) {
      if (p.kind != ParameterKind::kWeights) continue;
      CAPTURE(p.layer);
      const std::vector<double>& own = slope.gradients[place.at(p.layer)];
      REQUIRE(p.gradient.size() == own.size());
      double difference = 0, squares = 1e-8;
      for (std::size_t k = 0; k < own.size(); ++k) {
        difference += (own[k] - p.gradient[k]) * (own[k] - p.gradient[k]);
        squares += own[k] * own[k];
      }
      CHECK(std::sqrt(difference / squares) < 1e-2);
    }
  }
}
