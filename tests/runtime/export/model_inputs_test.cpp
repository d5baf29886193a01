#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <string>

#include "runtime/export/quantize.h"
#include "runtime/interpreter.h"
#include "space/error.h"
#include "tests/runtime/export/sample_networks.h"

using namespace edgefront;

namespace {

constexpr Shape kShape{12, 12, 2};

Model quantized_sample() {
  const FloatModel model = samples::small_network(kShape, 8, 32, 10, 7);
  samples::NetworkBuilder generator(kShape, 3);
  return quantize(fold_batch_norm(model), {generator.normal(kShape.elements() * 8, 1.0), 8}, {});
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("pixels become the bytes of the normalised image") {
  Model model = quantized_sample();
  model.normalization = {{0.25f, 0.5f}, {0.5f, 0.125f}};
  std::vector<std::uint8_t> pixels(kShape.elements());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 37);
  const std::vector<std::uint8_t> bytes = input_bytes_of_pixels(model, pixels);
  REQUIRE(bytes.size() == pixels.size());
  const TensorQuantization q = model.quantization[0];
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const double real = (pixels[i] / 255.0 - (i % 2 ? 0.5 : 0.25)) / (i % 2 ? 0.125 : 0.5);
    const double level = std::clamp(real / q.scale + q.zero_point, -128.0, 127.0);
    CHECK(std::abs(static_cast<std::int8_t>(bytes[i]) - level) < 0.501);
  }
}

TEST_CASE("a float model takes the normalised values themselves") {
  const Model model = fold_batch_norm(samples::small_network(kShape, 8, 32, 10, 7));
  const std::vector<std::uint8_t> pixels(kShape.elements(), 255);
  const std::vector<std::uint8_t> bytes = input_bytes_of_pixels(model, pixels);
  REQUIRE(bytes.size() == 4 * pixels.size());
  float value;
  std::memcpy(&value, bytes.data() + 40, 4);
  CHECK(value == 1.5f);
}

TEST_CASE("probes replay on every kernel set of this processor") {
  Model model = quantized_sample();
  samples::NetworkBuilder generator(kShape, 11);
  std::vector<std::vector<std::uint8_t>> inputs;
  for (int i = 0; i < 3; ++i) {
    std::vector<std::int8_t> levels(kShape.elements());
    quantize_input(model, generator.normal(levels.size(), 1.0), levels);
    inputs.emplace_back(levels.begin(), levels.end());
  }
  add_probes(model, inputs);
  REQUIRE(model.probes.size() == 3);
  CHECK(model.probes[0].expected != model.probes[1].expected);
  for (const KernelSet* set : kernel_sets()) {
    if (!set->available()) {
      MESSAGE("skipped: this processor lacks " << std::string(set->name));
      continue;
    }
    InterpreterOptions options;
    options.kernel_set = set->name;
    std::unique_ptr<Interpreter> interpreter;
    REQUIRE(Interpreter::load(model, options, &interpreter).ok());
    for (const ProbeSample& probe : model.probes) {
      std::memcpy(interpreter->input_data(), probe.input.data(), probe.input.size());
      interpreter->invoke();
      REQUIRE(interpreter->output_bytes() == std::int64_t(probe.expected.size()));
      CHECK(std::memcmp(interpreter->output_data(), probe.expected.data(), probe.expected.size()) ==
            0);
    }
  }
}

TEST_CASE("inputs that do not fit the model are refused with both sizes") {
  Model model = quantized_sample();
  CHECK(refusal([&] { input_bytes_of_pixels(model, std::vector<std::uint8_t>(7)); }) ==
        "an image of 7 bytes, but the model takes 12x12x2");
  CHECK(refusal([&] { add_probes(model, {std::vector<std::uint8_t>(7)}); }) ==
        "a probe of 7 bytes, but the model's inputs have 288");
  std::vector<std::int8_t> out(3);
  CHECK(refusal([&] { quantize_input(model, std::vector<float>(4), out); }) ==
        "quantize_input: 4 values for 3 places");
  model.normalization.mean.pop_back();
  CHECK(refusal([&] { input_bytes_of_pixels(model, std::vector<std::uint8_t>(288)); }) ==
        "the model's normalisation has 1 means and 2 deviations, its input has 2 channels");
  const Model real = fold_batch_norm(samples::small_network(kShape, 8, 32, 10, 7));
  CHECK(refusal([&] { quantize_input(real, std::vector<float>(3), out); }) ==
        "the model's input is fp32: it takes real values as they are");
}
