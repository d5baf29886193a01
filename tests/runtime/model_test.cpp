#include "runtime/model.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::GraphBuilder;
using test::RandomGraph;

/// 0 conv -> 1 relu6 -> 2 hswish -> 3 pool -> 4 fully connected.
Model small_model() {
  GraphBuilder b;
  const std::int32_t x = b.unary(OpKind::kRelu6, b.conv(b.input({4, 4, 3}), 8, 3, 1));
  b.graph.outputs.push_back(b.fully_connected(b.pool(b.unary(OpKind::kHswish, x)), 5));
  return generated_model(with_precision(b.graph, Precision::kInt8), 3);
}

std::string message_after(const std::function<void(Model&)>& change) {
  Model model = small_model();
  change(model);
  const Status status = validate(model);
  CHECK(status.code() == StatusCode::kInvalid);
  return status.message();
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("generated models are valid and repeatable, and depend on the seed") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    LayerGraph graph = RandomGraph(seed).make(static_cast<int>(seed % 3));
    if (seed % 2 == 0) graph = with_precision(graph, Precision::kInt8);
    const Model model = generated_model(graph, seed);
    CHECK(validate(model).message() == "");
    CHECK(weights_bytes(model) == weights_bytes(graph));
    const Model again = generated_model(graph, seed), other = generated_model(graph, seed + 1);
    CHECK(again.parameters[0].weights_f32 == model.parameters[0].weights_f32);
    CHECK(again.parameters[0].weights_s8 == model.parameters[0].weights_s8);
    CHECK((other.parameters[0].weights_f32 != model.parameters[0].weights_f32 ||
           other.parameters[0].weights_s8 != model.parameters[0].weights_s8));
  }
}

TEST_CASE("stored bytes are those counted by hand") {
  const Model model = small_model();
  const std::int64_t conv = 9 * 3 * 8 + 4 * 8 + 4 * 8, table = 256, head = 8 * 5 + 4 * 5 + 4 * 5;
  CHECK(weights_bytes(model) == conv + table + head);
  CHECK(weights_bytes(with_precision(model.graph, Precision::kFloat32)) ==
        4 * (9 * 3 * 8 + 8 + 8 * 5 + 5));
}

TEST_CASE("multipliers are products and quotients in binary32, from left to right") {
  Model model = small_model();
  model.quantization[0].scale = 0.1f;
  model.quantization[1].scale = 0.7f;
  model.parameters[0].weight_scales.assign(8, 0.003f);
  const float product = 0.1f * 0.003f;
  CHECK(requantize_multipliers(model, 0)[7] == product / 0.7f);
  model.quantization[3].scale = 0.3f;
  model.quantization[4].scale = 0.2f;
  const float divisor = 0.2f * 16.0f;
  CHECK(elementwise_multiplier(model, 3, 0) == 0.3f / divisor);
}

TEST_CASE("relu6 allows the integers of zero to six") {
  CHECK(clamp_range(OpKind::kRelu6, {0.05f, -100}).qmin == -100);
  CHECK(clamp_range(OpKind::kRelu6, {0.05f, -100}).qmax == 20);
  CHECK(clamp_range(OpKind::kRelu6, {0.01f, 0}).qmax == 127);
  CHECK(clamp_range(OpKind::kRelu6, {1e-40f, -128}).qmax == 127);
  CHECK(clamp_range(OpKind::kRelu6, {100.0f, 5}).qmax == 5);
  CHECK(clamp_range(OpKind::kRelu, {0.05f, -7}).qmin == -7);
  CHECK(clamp_range(OpKind::kRelu, {0.05f, -7}).qmax == 127);
  CHECK(clamp_range(OpKind::kConv2d, {0.05f, -7}).qmin == -128);
}

TEST_CASE("tables hold the nearest integer of the real function") {
  const TensorQuantization in{0.06f, 11};
  for (const OpKind op : {OpKind::kHswish, OpKind::kHsigmoid}) {
    const TensorQuantization out = op == OpKind::kHswish ? TensorQuantization{0.03f, -100}
                                                         : TensorQuantization{1 / 256.f, -128};
    const auto table = unary_table(op, in, out);
    REQUIRE(table.size() == 256);
    for (int q = -128; q < 128; ++q) {
      const double x = static_cast<double>(in.scale) * (q - in.zero_point);
      const double gate = x <= -3 ? 0 : x >= 3 ? 1 : x / 6 + 0.5;
      const double y = op == OpKind::kHswish ? x * gate : gate;
      const double stored = static_cast<double>(out.scale) * (table[q + 128] - out.zero_point);
      const double largest = static_cast<double>(out.scale) * (127 - out.zero_point);
      CHECK(std::abs(std::min(y, largest) - stored) <= out.scale * 0.5001);
    }
  }
}

TEST_CASE("each thing that a model can have wrong is named") {
  CHECK(message_after([](Model& m) { m.quantization.pop_back(); }) ==
        "model has 5 quantizations and 5 parameter sets for 6 tensors and 5 layers");
  CHECK(message_after([](Model& m) { m.quantization[2].scale = 0; }).find("tensor 2: scale 0.0") ==
        0);
  CHECK(message_after([](Model& m) {
          m.quantization[2].scale = kInfinity;
        }).find("tensor 2: scale inf") == 0);
  CHECK(message_after([](Model& m) {
          m.quantization[0].scale = std::nanf("");
        }).find("accepted for int8 is finite and positive") != std::string::npos);
  CHECK(message_after([](Model& m) { m.quantization[0].zero_point = 128; }) ==
        "tensor 0: zero point 128, accepted is -128 to 127");
  CHECK(message_after([](Model& m) { m.parameters[0].weights_s8.pop_back(); }) ==
        "layer 'layer0' (conv2d): weights_s8 has 215 values, expected 216");
  CHECK(message_after([](Model& m) { m.parameters[0].weights_f32.push_back(1); }) ==
        "layer 'layer0' (conv2d): weights_f32 has 1 values, expected 0");
  CHECK(message_after([](Model& m) { m.parameters[2].table.clear(); }) ==
        "layer 'layer2' (hswish): table has 0 values, expected 256");
  CHECK(message_after([](Model& m) { m.parameters[1].bias_s32.push_back(1); }) ==
        "layer 'layer1' (relu6): bias_s32 has 1 values, expected 0");
  CHECK(message_after([](Model& m) { m.parameters[0].weights_s8[7] = -128; }) ==
        "layer 'layer0' (conv2d): a weight is -128, accepted are -127 to 127");
  CHECK(message_after([](Model& m) { m.parameters[0].weight_scales[1] = -1; }) ==
        "layer 'layer0' (conv2d): a weight scale is not finite and positive");
  CHECK(message_after([](Model& m) { m.quantization[1].zero_point += 1; }) ==
        "layer 'layer1' (relu6): input and output differ in scale or zero point; they must be "
        "equal");
  CHECK(message_after([](Model& m) { m.quantization[5].scale = 1e-30f; }) ==
        "layer 'layer4' (fully_connected): the scales of its tensors give a multiplier of 1e18 or "
        "more");
  CHECK(message_after([](Model& m) { m.normalization.mean = {0.5f}; }) ==
        "normalisation has 1 means and 0 deviations, accepted are none or 3 of both");
  CHECK(message_after([](Model& m) {
          m.normalization.mean = {0, 0, 0};
          m.normalization.stddev = {1, 0, 1};
        }) == "normalisation: means must be finite, deviations finite and positive");
  CHECK(message_after([](Model& m) { m.class_names = {"a"}; }) ==
        "1 class names, accepted are none or 5, one per value of the first output");
  CHECK(message_after([](Model& m) { m.probes.emplace_back(); }) ==
        "a probe has 0 and 0 bytes, expected 48 and 5");
  CHECK(message_after([](Model& m) {
          m = generated_model(with_precision(m.graph, Precision::kFloat32), 1);
          m.parameters[0].weights_f32[0] = kInfinity;
        }) == "layer 'layer0' (conv2d): a weight or bias is not finite");
  CHECK(message_after([](Model& m) {
          m = generated_model(with_precision(m.graph, Precision::kFloat32), 1);
          m.quantization[3].scale = 1;
        }) == "tensor 3: scale 1.000000, accepted for fp32 is 0");
}

TEST_CASE("no accumulator of an accepted layer can leave int32") {
  // The largest fan-in: 66311·127·255 < 2^31 <= 66312·127·255.
  for (const int channels : {66311, 66312}) {
    GraphBuilder b;
    b.graph.outputs.push_back(b.fully_connected(b.input({1, 1, channels}), 1));
    Model model = generated_model(with_precision(b.graph, Precision::kInt8), 1);
    const std::int64_t products = std::int64_t{channels} * 127 * 255;
    const std::int64_t room = (std::int64_t{1} << 31) - 1 - products;
    if (room < 0) {
      CHECK(validate(model).message() ==
            "layer 'layer0' (fully_connected): fan-in 66312 could overflow the accumulator, "
            "accepted is at most 66311");
      continue;
    }
    model.parameters[0].bias_s32[0] = static_cast<std::int32_t>(-room);
    CHECK(validate(model).message() == "");
    model.parameters[0].bias_s32[0] = static_cast<std::int32_t>(room + 1);
    CHECK(validate(model).message().find("could overflow the accumulator, accepted is at most " +
                                         std::to_string(room)) != std::string::npos);
  }
  GraphBuilder b;
  b.graph.outputs.push_back(b.pool(b.input({4096, 2057, 1})));
  CHECK(validate(generated_model(with_precision(b.graph, Precision::kInt8), 1)).message() ==
        "layer 'layer0' (global_average_pool): more pixels than an int32 sum can hold");
}

TEST_CASE("a part of a model keeps what still fits") {
  Model model = small_model();
  model.normalization = {{0.1f, 0.2f, 0.3f}, {1, 1, 1}};
  model.class_names = {"a", "b", "c", "d", "e"};
  Model head, tail;
  REQUIRE(extract_range(model, 0, 2, &head).ok());
  REQUIRE(extract_range(model, 2, 5, &tail).ok());
  CHECK(validate(head).message() == "");
  CHECK(validate(tail).message() == "");
  CHECK(head.normalization.mean == model.normalization.mean);
  CHECK(head.class_names.empty());
  CHECK(tail.normalization.mean.empty());
  CHECK(tail.class_names == model.class_names);
  CHECK(weights_bytes(head) + weights_bytes(tail) == weights_bytes(model));
  CHECK(extract_range(model, 4, 9, &head).message() ==
        "layers [4, 9), accepted is a non-empty range within [0, 5)");
}

}  // namespace edgefront
