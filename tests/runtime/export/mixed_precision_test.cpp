#include "runtime/export/mixed_precision.h"

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "runtime/export/quantize.h"
#include "runtime/fuse.h"
#include "runtime/interpreter.h"
#include "space/error.h"
#include "tests/runtime/export/sample_networks.h"

using namespace edgefront;

namespace {

constexpr Shape kShape{12, 12, 2};
constexpr int kImages = 8;

struct Models {
  FloatModel plain;
  Model real, int8;
  CalibrationSet images;
};

Models sample_models(std::uint64_t seed) {
  Models m;
  m.plain = samples::small_network(kShape, 8, 32, 10, seed);
  samples::NetworkBuilder generator(kShape, seed + 1);
  m.images = {generator.normal(kShape.elements() * kImages, 1.0), kImages};
  m.real = fold_batch_norm(m.plain);
  m.int8 = quantize(m.real, m.images, {});
  return m;
}

/// All outputs, one image after another.
std::vector<std::int8_t> outputs(const Model& model, const CalibrationSet& images) {
  std::unique_ptr<Interpreter> interpreter;
  REQUIRE(Interpreter::load(model, {}, &interpreter).ok());
  std::vector<std::int8_t> input(kShape.elements()), all;
  for (int i = 0; i < images.count; ++i) {
    quantize_input(model, std::span(images.images).subspan(i * input.size(), input.size()), input);
    std::memcpy(interpreter->input_data(), input.data(), input.size());
    interpreter->invoke();
    const auto* out = static_cast<const std::int8_t*>(interpreter->output_data());
    all.insert(all.end(), out, out + interpreter->output_bytes());
  }
  return all;
}

double signal_to_noise_db(const Models& m, const Model& model) {
  const TensorQuantization q = m.int8.quantization[m.int8.graph.outputs[0]];
  samples::Values expected, got;
  for (const std::int8_t value : outputs(model, m.images)) {
    got.push_back(double{q.scale} * (value - q.zero_point));
  }
  for (int i = 0; i < kImages; ++i) {
    const auto tensors =
        samples::plain_forward(m.plain, m.images.images.data() + i * kShape.elements());
    const samples::Values& logits = tensors[m.plain.graph.outputs[0]];
    expected.insert(expected.end(), logits.begin(), logits.end());
  }
  return samples::signal_to_noise_db(expected, got);
}

/// Whole steps in fp32, each with probability one half.
std::vector<bool> random_choice(const LayerGraph& graph, std::uint64_t seed) {
  RandomStream random(seed, 0);
  std::vector<bool> chosen(graph.layers.size());
  for (const Step& step : fuse(graph)) {
    const bool is_float = random.uniform() < 0.5;
    for (const std::int32_t layer : {step.layer, step.activation_layer, step.add_layer}) {
      if (layer >= 0) chosen[layer] = is_float;
    }
  }
  return chosen;
}

}  // namespace

TEST_CASE("with no layer in fp32 nothing changes, and with all of them only the ends are int8") {
  const Models m = sample_models(3);
  const std::size_t layers = m.int8.graph.layers.size();
  const Model none = mix_precisions(m.real, m.int8, std::vector<bool>(layers, false));
  CHECK(none.graph.layers.size() == layers);
  CHECK(outputs(none, m.images) == outputs(m.int8, m.images));
  const Model all = mix_precisions(m.real, m.int8, std::vector<bool>(layers, true));
  CHECK(all.graph.layers.size() == layers + 2);
  CHECK(all.graph.layers.front().op == OpKind::kDequantize);
  CHECK(all.graph.layers.back().op == OpKind::kQuantize);
  CHECK(signal_to_noise_db(m, all) > signal_to_noise_db(m, m.int8));
}

TEST_CASE("any mixture follows the float network and runs the steps that were chosen") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    INFO("seed " << seed);
    const Models m = sample_models(seed % 3);
    const std::vector<bool> chosen = random_choice(m.int8.graph, seed);
    const Model mixed = mix_precisions(m.real, m.int8, chosen);
    CHECK(validate(mixed).ok());
    CHECK(signal_to_noise_db(m, mixed) > 20);
    std::map<std::string, Precision> precision_of;
    std::map<std::pair<OpKind, std::int32_t>, int> conversions;
    std::size_t steps = 0;
    for (const Step& step : fuse(mixed.graph)) {
      const Layer& layer = mixed.graph.layers[step.layer];
      if (layer.op == OpKind::kQuantize || layer.op == OpKind::kDequantize) {
        CHECK(++conversions[{layer.op, layer.inputs[0]}] == 1);
        continue;
      }
      ++steps;
      precision_of[layer.name] = layer.precision;
    }
    // The same steps as before: no conversion has parted a fused one.
    CHECK(steps == fuse(m.int8.graph).size());
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const auto found = precision_of.find(m.int8.graph.layers[i].name);
      if (found == precision_of.end()) continue;
      CHECK((found->second == Precision::kFloat32) == chosen[i]);
    }
    for (const std::int32_t id : mixed.graph.outputs) {
      CHECK(mixed.graph.tensors[id].precision == Precision::kInt8);
    }
  }
}

TEST_CASE("models of different networks are refused") {
  const Models m = sample_models(1);
  CHECK_THROWS_WITH_AS(mix_precisions(m.real, m.int8, {true}), doctest::Contains("same layers"),
                       InputError);
}
