#include "runtime/export/simplify.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "runtime/interpreter.h"
#include "runtime/memory_plan.h"
#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::GraphBuilder;
using test::RandomGraph;

using Bytes = std::vector<std::uint8_t>;

/// All outputs for generated inputs; fp32 as floats.
std::vector<Bytes> run(const Model& model, bool fuse, std::uint64_t seed) {
  REQUIRE_MESSAGE(validate(model).ok(), validate(model).message());
  InterpreterOptions options;
  options.fuse = fuse;
  std::unique_ptr<Interpreter> interpreter;
  REQUIRE(Interpreter::load(model, options, &interpreter).ok());
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < model.graph.inputs.size(); ++i) {
    const Tensor& tensor = model.graph.tensors[model.graph.inputs[i]];
    void* data = interpreter->input_data(static_cast<int>(i));
    for (std::int64_t k = 0; k < tensor.shape.elements(); ++k) {
      const auto byte = static_cast<std::int8_t>(random());
      if (tensor.precision == Precision::kInt8) {
        static_cast<std::int8_t*>(data)[k] = byte;
      } else {
        static_cast<float*>(data)[k] = byte / 40.0f;
      }
    }
  }
  interpreter->invoke();
  std::vector<Bytes> outputs;
  for (std::size_t i = 0; i < model.graph.outputs.size(); ++i) {
    const auto* from =
        static_cast<const std::uint8_t*>(interpreter->output_data(static_cast<int>(i)));
    outputs.emplace_back(from, from + interpreter->output_bytes(static_cast<int>(i)));
  }
  return outputs;
}

/// Largest difference of float outputs, relative to the largest value.
double relative_difference(const std::vector<Bytes>& a, const std::vector<Bytes>& b) {
  double difference = 0, largest = 1e-6;
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].size() == b[i].size());
    for (std::size_t k = 0; k < a[i].size(); k += 4) {
      float x, y;
      std::memcpy(&x, &a[i][k], 4);
      std::memcpy(&y, &b[i][k], 4);
      difference = std::max(difference, std::abs(double{x} - double{y}));
      largest = std::max(largest, std::abs(double{x}));
    }
  }
  return difference / largest;
}

/// The graph with a dequantize and a quantize layer behind layer `at`; all readers of its output
/// now read through them.
LayerGraph through_float(LayerGraph graph, std::size_t at) {
  const std::int32_t from = graph.layers[at].output;
  const Tensor tensor = graph.tensors[from];
  Layer dequantize, quantize;
  dequantize.op = OpKind::kDequantize;
  dequantize.name = "to_float";
  dequantize.block = quantize.block = graph.layers[at].block;
  dequantize.inputs = {{from, -1}};
  dequantize.output = static_cast<std::int32_t>(graph.tensors.size());
  quantize.op = OpKind::kQuantize;
  quantize.name = "to_int8";
  quantize.precision = Precision::kInt8;
  quantize.inputs = {{dequantize.output, -1}};
  quantize.output = dequantize.output + 1;
  graph.tensors.push_back({tensor.shape, Precision::kFloat32});
  graph.tensors.push_back(tensor);
  for (Layer& layer : graph.layers) {
    for (std::int32_t& id : layer.inputs) id = id == from ? quantize.output : id;
  }
  const auto where = graph.layers.begin() + static_cast<std::ptrdiff_t>(at) + 1;
  graph.layers.insert(where, {dequantize, quantize});
  return graph;
}

/// A random int8 model that passes find something in.
Model untidy_int8_model(std::uint64_t seed) {
  LayerGraph graph =
      with_precision(RandomGraph(seed).make_untidy(static_cast<int>(seed % 3)), Precision::kInt8);
  if (seed % 3 != 0) return generated_model(graph, seed);
  // A convolution that no clamp reads: clamps want equal quantization on both sides.
  std::vector<bool> clamped(graph.tensors.size());
  for (const Layer& layer : graph.layers) {
    if (layer.op == OpKind::kRelu || layer.op == OpKind::kRelu6) clamped[layer.inputs[0]] = true;
  }
  std::size_t at = graph.layers.size();
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    if (graph.layers[i].op == OpKind::kConv2d && !clamped[graph.layers[i].output]) at = i;
  }
  if (at == graph.layers.size()) return generated_model(graph, seed);
  Model model = generated_model(through_float(graph, at), seed);
  const Layer& quantize = model.graph.layers[at + 2];
  // Every second one with another quantization, which must stay.
  TensorQuantization& q = model.quantization[quantize.output];
  q = model.quantization[model.graph.layers[at].output];
  if (seed % 2 == 0) q.zero_point += q.zero_point > 100 ? -1 : 1;
  return model;
}

bool has_layer(const Model& model, OpKind op) {
  return std::any_of(model.graph.layers.begin(), model.graph.layers.end(),
                     [&](const Layer& layer) { return layer.op == op; });
}

std::int64_t live_bytes(const Model& model) {
  return live_set_bound(model.graph, fuse(model.graph));
}

int dead_layers(const Model& model) {
  return static_cast<int>(model.graph.layers.size() -
                          remove_dead_layers(model).graph.layers.size());
}

}  // namespace

TEST_CASE("each pass keeps every bit of 500 random int8 networks, fused or not") {
  int removed = 0, folded_more = 0, conversions = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    const Model model = untidy_int8_model(seed);
    const auto expected = run(model, false, seed);
    const Model alive = remove_dead_layers(model), folded = fold_constants(model),
                simple = simplify(model);
    for (const bool fused : {false, true}) {
      CHECK(run(alive, fused, seed) == expected);
      CHECK(run(folded, fused, seed) == expected);
      CHECK(run(simple, fused, seed) == expected);
    }
    CHECK(dead_layers(simple) == 0);
    CHECK(fuse(simple.graph).size() <= fuse(model.graph).size());
    CHECK(live_bytes(simple) <= live_bytes(model));
    removed += dead_layers(model) > 0;
    folded_more += simple.graph.layers.size() < alive.graph.layers.size();
    conversions += has_layer(alive, OpKind::kDequantize) && !has_layer(simple, OpKind::kDequantize);
  }
  // The comparison means something.
  CHECK(removed > 100);
  CHECK(folded_more > 100);
  CHECK(conversions > 20);
}

TEST_CASE("each pass keeps the values of 500 random fp32 networks, fused or not") {
  int removed = 0, folded_more = 0;
  for (std::uint64_t seed = 5000; seed < 5500; ++seed) {
    CAPTURE(seed);
    const Model model =
        generated_model(RandomGraph(seed).make_untidy(static_cast<int>(seed % 3)), seed);
    const auto expected = run(model, false, seed);
    const Model alive = remove_dead_layers(model), folded = fold_constants(model),
                simple = simplify(model);
    for (const bool fused : {false, true}) {
      CHECK(relative_difference(expected, run(alive, fused, seed)) < 1e-5);
      CHECK(relative_difference(expected, run(folded, fused, seed)) < 1e-5);
      CHECK(relative_difference(expected, run(simple, fused, seed)) < 1e-5);
    }
    removed += dead_layers(model) > 0;
    folded_more += simple.graph.layers.size() < alive.graph.layers.size();
  }
  CHECK(removed > 100);
  CHECK(folded_more > 100);
}

TEST_CASE("a branch that reaches no output goes with its parameters, inputs stay") {
  GraphBuilder b;
  const std::int32_t x = b.input({4, 4, 3});
  const std::int32_t unread = b.input({2, 2, 1});
  const std::int32_t y = b.conv(x, 8, 3, 1);
  b.conv(b.unary(OpKind::kRelu, y), 4, 1, 1);
  const std::int32_t z = b.unary(OpKind::kHswish, y);
  b.graph.outputs = {b.pool(z), z};
  Model model = generated_model(b.graph, 1);
  model.class_names.assign(8, "name");
  const Model alive = remove_dead_layers(model);
  REQUIRE(alive.graph.layers.size() == 3);
  CHECK(alive.graph.layers[0].name == "layer0");
  CHECK(alive.graph.layers[1].name == "layer3");
  CHECK(alive.graph.tensors.size() == 5);
  CHECK(alive.graph.inputs == std::vector<std::int32_t>{x, unread});
  CHECK(alive.parameters[0].weights_f32 == model.parameters[0].weights_f32);
  CHECK(alive.class_names == model.class_names);
  CHECK(run(alive, true, 3) == run(model, true, 3));
}

TEST_CASE("an int8 clamp behind an add is gone where saturation does the same") {
  GraphBuilder b;
  const std::int32_t x = b.input({4, 4, 8});
  const std::int32_t sum = b.add(b.conv(x, 8, 3, 1), x);
  const std::int32_t y = b.unary(OpKind::kRelu6, sum);
  b.graph.outputs.push_back(b.pool(y));
  Model model = generated_model(with_precision(b.graph, Precision::kInt8), 1);
  CHECK(has_layer(simplify(model), OpKind::kRelu6));
  // [0, 6] in 256 levels: below and above is cut by the add itself.
  model.quantization[sum] = model.quantization[y] = {6.0f / 255.0f, -128};
  const Model simple = simplify(model);
  CHECK_FALSE(has_layer(simple, OpKind::kRelu6));
  CHECK(run(simple, true, 5) == run(model, true, 5));
}

TEST_CASE("an activation that its convolution takes in stays, for the look-up table's sake") {
  GraphBuilder b;
  const std::int32_t y = b.conv(b.input({4, 4, 8}), 8, 3, 1);
  const std::int32_t z = b.unary(OpKind::kRelu6, y);
  b.graph.outputs.push_back(z);
  Model model = generated_model(with_precision(b.graph, Precision::kInt8), 1);
  model.quantization[y] = model.quantization[z] = {6.0f / 255.0f, -128};
  CHECK(simplify(model).graph.layers.size() == 2);
}

TEST_CASE("of two clamps in a row one is left, and it fuses") {
  GraphBuilder b;
  std::int32_t x = b.conv(b.input({4, 4, 8}), 8, 3, 1);
  for (const OpKind op : {OpKind::kRelu, OpKind::kRelu6, OpKind::kRelu}) x = b.unary(op, x);
  b.graph.outputs.push_back(b.pool(x));
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    const Model model = generated_model(with_precision(b.graph, precision), 1);
    const Model simple = simplify(model);
    REQUIRE(simple.graph.layers.size() == 3);
    CHECK(simple.graph.layers[1].op == OpKind::kRelu6);
    CHECK(fuse(simple.graph).size() == 2);
    CHECK(run(simple, true, 2) == run(model, true, 2));
  }
}

TEST_CASE("an average over one pixel is gone, but not where it copies an input to an output") {
  GraphBuilder b;
  const std::int32_t x = b.input({1, 1, 8});
  b.graph.outputs = {b.pool(x), b.fully_connected(b.pool(b.conv(x, 4, 1, 1)), 3)};
  const Model simple = simplify(generated_model(b.graph, 1));
  CHECK(simple.graph.layers.size() == 3);
  CHECK(simple.graph.layers[0].op == OpKind::kGlobalAveragePool);
  // In int8 it changes bytes where the quantization does.
  const LayerGraph int8 = with_precision(b.graph, Precision::kInt8);
  CHECK(simplify(generated_model(int8, 1)).graph.layers.size() == 4);
}

}  // namespace edgefront
