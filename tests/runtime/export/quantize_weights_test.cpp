#include "runtime/export/quantize_weights.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "space/error.h"
#include "tests/runtime/export/sample_networks.h"

using namespace edgefront;

namespace {

Layer layer_of(OpKind op) {
  Layer layer;
  layer.op = op;
  layer.name = "layer";
  return layer;
}

}  // namespace

TEST_CASE("weights round to the nearest level of their own channel") {
  samples::NetworkBuilder generator({1, 1, 1}, 4);
  const int channels = 6, taps = 9;
  for (const OpKind op : {OpKind::kConv2d, OpKind::kDepthwiseConv2d}) {
    std::vector<float> weights = generator.normal(channels * taps, 1.0);
    const auto channel = [&](int i) { return op == OpKind::kConv2d ? i / taps : i % channels; };
    // Channels of very different size: a scale per tensor would lose the small ones.
    for (int i = 0; i < channels * taps; ++i) weights[i] *= std::pow(10.0f, -channel(i));
    const std::vector<double> bias(channels, 0.25);
    const LayerParameters q = quantize_weights(layer_of(op), weights, bias, 0.02f);
    std::vector<int> largest(channels, 0);
    for (int i = 0; i < channels * taps; ++i) {
      const int c = channel(i);
      const double scale = q.weight_scales[c];
      CHECK(std::abs(scale * q.weights_s8[i] - weights[i]) <= 0.5001 * scale);
      largest[c] = std::max(largest[c], std::abs(int{q.weights_s8[i]}));
    }
    for (int c = 0; c < channels; ++c) {
      CHECK(largest[c] == 127);
      const double bias_scale = 0.02f * q.weight_scales[c];  // a binary32 product
      CHECK(std::abs(bias_scale * q.bias_s32[c] - 0.25) <= 0.51 * bias_scale);
    }
  }
}

TEST_CASE("a channel whose bias would overflow the accumulator gets a larger scale") {
  const std::vector<float> weights = {1e-6f, -1e-6f, 0, 0, 0.5f, 1.0f};
  const std::vector<double> bias = {1000.0, -3.0, 1.0};
  const LayerParameters q =
      quantize_weights(layer_of(OpKind::kFullyConnected), weights, bias, 1e-4f);
  for (int c = 0; c < 3; ++c) {
    CHECK(std::abs(std::int64_t{q.bias_s32[c]}) + 2 * 127 * 255 < (std::int64_t{1} << 31));
    const double real = 1e-4f * double{q.weight_scales[c]} * q.bias_s32[c];
    CHECK(real == doctest::Approx(bias[c]).epsilon(1e-6));
  }
  CHECK(q.weight_scales[2] == 1.0f / 127);  // the others are not touched
}

TEST_CASE("a channel of zeros keeps a positive scale and its zeros") {
  const LayerParameters q =
      quantize_weights(layer_of(OpKind::kFullyConnected), {0, 0}, {0.0}, 0.1f);
  CHECK(q.weight_scales[0] > 0);
  CHECK(q.weights_s8 == std::vector<std::int8_t>{0, 0});
  CHECK(q.bias_s32[0] == 0);
}

TEST_CASE("a fan-in that can overflow an accumulator is refused") {
  const std::vector<float> weights(66312, 1.0f);
  try {
    quantize_weights(layer_of(OpKind::kFullyConnected), weights, {0.0}, 0.1f);
    FAIL("accepted");
  } catch (const InputError& error) {
    CHECK(std::string(error.what()) ==
          "layer layer: fan-in 66312 can overflow an int32 accumulator; at most 66311 is accepted");
  }
}

TEST_CASE("every table entry is the level nearest to the function") {
  const TensorQuantization x{0.045f, -31}, y{0.0171f, -106};
  for (const OpKind op : {OpKind::kHswish, OpKind::kHsigmoid}) {
    const std::vector<std::int8_t> table = activation_table(op, x, y);
    REQUIRE(table.size() == 256);
    for (int q = -128; q <= 127; ++q) {
      const double real = double{x.scale} * (q - x.zero_point);
      const double value =
          (op == OpKind::kHswish ? real : 1.0) * std::min(6.0, std::max(0.0, real + 3)) / 6;
      // No other level is nearer than the one in the table.
      double best = 1e9;
      for (int level = -128; level <= 127; ++level) {
        best = std::min(best, std::abs(double{y.scale} * (level - y.zero_point) - value));
      }
      const double got = double{y.scale} * (table[q + 128] - y.zero_point);
      CHECK(std::abs(got - value) == doctest::Approx(best));
    }
  }
}

TEST_CASE("a value half way between two levels goes to the even one") {
  // hsigmoid in binary fractions: ∓1.5 and 0.75 give 0.25, 0.75 and 0.625.
  const std::vector<std::int8_t> halves = activation_table(OpKind::kHsigmoid, {1.5f, 0}, {0.5f, 0});
  CHECK(halves[127] == 0);                                                       // 0.5 steps
  CHECK(halves[129] == 2);                                                       // 1.5 steps
  CHECK(activation_table(OpKind::kHsigmoid, {0.75f, 0}, {0.25f, 0})[129] == 2);  // 2.5 steps
}
