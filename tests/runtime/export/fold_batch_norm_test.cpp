#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>

#include "runtime/export/float_model.h"
#include "runtime/interpreter.h"
#include "space/error.h"
#include "tests/runtime/export/sample_networks.h"
#include "tests/runtime/random_graph.h"

using namespace edgefront;

namespace {

std::string refusal(const FloatModel& model) {
  try {
    fold_batch_norm(model);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

/// Random weights; batch norm behind seven of ten convolutions, with or without a bias before it.
FloatModel random_float_model(const LayerGraph& graph, std::uint64_t seed) {
  RandomStream random(seed, 1);
  samples::NetworkBuilder values({1, 1, 1}, seed);
  FloatModel model;
  model.graph = graph;
  for (const Layer& layer : graph.layers) {
    if (!has_weights(layer.op)) continue;
    const int channels = graph.tensors[layer.output].shape.channels;
    const std::int64_t count = weight_count(graph, layer);
    FloatLayer& weights = model.layers[layer.name];
    weights.weights = values.normal(std::size_t(count), std::sqrt(2.0 * channels / double(count)));
    const bool norm = layer.op != OpKind::kFullyConnected && random.uniform() < 0.7;
    if (!norm || random.uniform() < 0.3) weights.bias = values.normal(channels, 0.1);
    if (!norm) continue;
    weights.batch_norm.gamma = values.uniform(channels, -1.3, 1.3);
    weights.batch_norm.beta = values.normal(channels, 0.3);
    weights.batch_norm.mean = values.normal(channels, 0.3);
    weights.batch_norm.variance = values.uniform(channels, 0.2, 1.5);
  }
  return model;
}

}  // namespace

TEST_CASE("500 random networks give the same folded as with batch norm as it is defined") {
  int norms = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    test::RandomGraph random(seed);
    const int exits = static_cast<int>(seed % 3);
    const LayerGraph graph = seed % 2 == 0 ? random.make(exits) : random.make_untidy(exits);
    const FloatModel model = random_float_model(graph, seed);
    for (const auto& entry : model.layers) norms += !entry.second.batch_norm.gamma.empty();
    samples::NetworkBuilder values({1, 1, 1}, seed + 1);
    const std::vector<float> image =
        values.normal(std::size_t(graph.tensors[graph.inputs[0]].shape.elements()), 1.0);
    const std::vector<samples::Values> expected = samples::plain_forward(model, image.data());
    std::unique_ptr<Interpreter> interpreter;
    REQUIRE(Interpreter::load(fold_batch_norm(model), {}, &interpreter).ok());
    std::memcpy(interpreter->input_data(), image.data(), image.size() * sizeof(float));
    interpreter->invoke();
    double difference = 0, largest = 1e-6;
    for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
      const samples::Values& values_of = expected[graph.outputs[i]];
      const auto* actual = static_cast<const float*>(interpreter->output_data(static_cast<int>(i)));
      for (std::size_t k = 0; k < values_of.size(); ++k) {
        difference = std::max(difference, std::abs(values_of[k] - double{actual[k]}));
        largest = std::max(largest, std::abs(values_of[k]));
      }
    }
    CHECK(difference < 1e-5 * largest);
  }
  CHECK(norms > 2000);
}

TEST_CASE("folded layers give what convolution followed by batch norm gives") {
  samples::NetworkBuilder builder({7, 6, 5}, 3);
  const std::vector<float> image = builder.normal(7 * 6 * 5, 1.0);
  std::int32_t t = builder.convolution("dense", OpKind::kConv2d, 0, 8, 3, 2);
  t = builder.convolution("depthwise", OpKind::kDepthwiseConv2d, t, 8, 5, 1);
  t = builder.convolution("pointwise", OpKind::kConv2d, t, 4);
  t = builder.add("pool", OpKind::kGlobalAveragePool, t);
  t = builder.convolution("classifier", OpKind::kFullyConnected, t, 3);
  FloatModel model = builder.finish(t);
  model.layers["dense"].bias = {1, 2, 3, 4, -1, -2, -3, -4};  // a bias before the norm is legal
  const std::vector<samples::Values> expected = samples::plain_forward(model, image.data());
  const Model folded = fold_batch_norm(model);
  for (std::size_t i = 0; i < model.graph.layers.size(); ++i) {
    const Layer& layer = model.graph.layers[i];
    if (!has_weights(layer.op)) continue;
    const samples::Values got =
        samples::plain_convolution(model.graph, layer, expected[layer.inputs[0]],
                                   folded.parameters[i].weights_f32, folded.parameters[i].bias_f32);
    for (std::size_t j = 0; j < got.size(); ++j) {
      CHECK(got[j] == doctest::Approx(expected[layer.output][j]).epsilon(1e-5));
    }
  }
}

TEST_CASE("a variance of zero is lifted by epsilon") {
  samples::NetworkBuilder builder({1, 1, 1}, 3);
  FloatModel model = builder.finish(builder.convolution("conv", OpKind::kConv2d, 0, 1));
  model.layers["conv"] = {{2.0f}, {}, {{1.0f}, {0.5f}, {3.0f}, {0.0f}, 0.25f}};
  const Model folded = fold_batch_norm(model);
  CHECK(folded.parameters[0].weights_f32[0] == 4.0f);      // 2·1/√0.25
  CHECK(folded.parameters[0].bias_f32[0] == 0.5f - 6.0f);  // 0.5 − 3·2
}

TEST_CASE("weights that do not fit are refused by the name of their layer") {
  samples::NetworkBuilder builder({4, 4, 2}, 3);
  const FloatModel good = builder.finish(builder.convolution("stem.conv", OpKind::kConv2d, 0, 3));
  FloatModel model = good;
  model.layers["stem.conv"].weights.pop_back();
  CHECK(refusal(model) == "layer stem.conv: weights has 5 values, expected 6");
  model = good;
  model.layers["stem.conv"].batch_norm.mean.clear();
  CHECK(refusal(model) == "layer stem.conv: batch norm mean has 0 values, expected 3");
  model = good;
  model.layers["stem.conv"].batch_norm.variance[1] = -0.5f;
  CHECK(refusal(model) == "layer stem.conv: batch norm variance -0.500000 is negative");
  model = good;
  model.layers["stem.conv"].batch_norm.variance[1] = std::numeric_limits<float>::infinity();
  CHECK(refusal(model) == "layer stem.conv: batch norm variance holds a value that is not finite");
  model = good;
  model.layers["stem.conv"].weights[0] = std::nanf("");
  CHECK(refusal(model) == "layer stem.conv: weights holds a value that is not finite");
  model = good;
  model.layers["stem.conv"].batch_norm.variance[1] = 0;
  model.layers["stem.conv"].batch_norm.epsilon = 0;
  CHECK(refusal(model) == "layer stem.conv: batch norm variance + epsilon must be greater than 0");
  model = good;
  model.layers["other"] = {};
  CHECK(refusal(model) == "weights of \"other\" belong to no layer of the graph");
  model = good;
  model.layers.clear();
  CHECK(refusal(model) == "layer stem.conv: the float model has no weights for it");
}
