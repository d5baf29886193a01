#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "runtime/export/float_model.h"
#include "space/error.h"
#include "tests/runtime/export/sample_networks.h"

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

}  // namespace

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
