#include "runtime/export/quantize.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>

#include "runtime/export/calibrate.h"
#include "runtime/interpreter.h"
#include "space/error.h"
#include "tests/runtime/export/sample_networks.h"

using namespace edgefront;

namespace {

constexpr Shape kShape{12, 12, 2};

CalibrationSet random_images(int count, std::uint64_t seed) {
  samples::NetworkBuilder generator(kShape, seed);
  return {generator.normal(kShape.elements() * count, 1.0), count};
}

std::string refusal(const Model& model, const CalibrationSet& images,
                    const QuantizeOptions& options = {}) {
  try {
    quantize(model, images, options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

samples::Values int8_logits(const Model& model, const CalibrationSet& images) {
  std::unique_ptr<Interpreter> interpreter;
  REQUIRE(Interpreter::load(model, {}, &interpreter).ok());
  const TensorQuantization q = model.quantization[model.graph.outputs[0]];
  std::vector<std::int8_t> input(kShape.elements());
  samples::Values logits;
  for (int i = 0; i < images.count; ++i) {
    quantize_input(model, std::span(images.images).subspan(i * input.size(), input.size()), input);
    std::memcpy(interpreter->input_data(), input.data(), input.size());
    interpreter->invoke();
    const auto* out = static_cast<const std::int8_t*>(interpreter->output_data());
    for (int c = 0; c < interpreter->output_bytes(); ++c) {
      logits.push_back(double{q.scale} * (out[c] - q.zero_point));
    }
  }
  return logits;
}

}  // namespace

TEST_CASE("int8 logits follow the float network for every range method") {
  const FloatModel model = samples::small_network(kShape, 8, 32, 10, 7);
  const CalibrationSet calibration = random_images(64, 1), fresh = random_images(32, 2);
  samples::Values expected;
  for (int i = 0; i < fresh.count; ++i) {
    const float* image = fresh.images.data() + i * kShape.elements();
    const samples::Values logits = samples::plain_forward(model, image).back();
    expected.insert(expected.end(), logits.begin(), logits.end());
  }
  for (const RangeMethod method :
       {RangeMethod::kMinMax, RangeMethod::kPercentile, RangeMethod::kMse}) {
    QuantizeOptions options;
    options.range = method;
    const Model quantized = quantize(fold_batch_norm(model), calibration, options);
    CHECK(validate(quantized).ok());
    const double snr = samples::signal_to_noise_db(expected, int8_logits(quantized, fresh));
    MESSAGE("range method " << static_cast<int>(method) << ": " << snr << " dB");
    CHECK(snr > 25);
  }
}

TEST_CASE("relu6 shares the range of its output with the convolution before it") {
  const FloatModel model = samples::small_network(kShape, 8, 32, 10, 7);
  const Model quantized = quantize(fold_batch_norm(model), random_images(16, 1), {});
  int clamps = 0;
  for (const Layer& layer : quantized.graph.layers) {
    if (layer.op != OpKind::kRelu && layer.op != OpKind::kRelu6) continue;
    ++clamps;
    const TensorQuantization& before = quantized.quantization[layer.inputs[0]];
    const TensorQuantization& after = quantized.quantization[layer.output];
    CHECK(before.scale == after.scale);
    CHECK(before.zero_point == -128);
    CHECK(after.zero_point == -128);
    if (layer.op == OpKind::kRelu6) CHECK(after.scale <= 6.0f / 255 * 1.0001f);
  }
  CHECK(clamps == 5);
}

TEST_CASE("a tensor that others read beside relu keeps its negative values") {
  samples::NetworkBuilder builder(kShape, 5);
  std::int32_t t = builder.convolution("conv", OpKind::kConv2d, 0, 4);
  const std::int32_t clamped = builder.add("act", OpKind::kRelu, t);
  const FloatModel model = builder.finish(builder.add("sum", OpKind::kAdd, t, clamped));
  const Model quantized = quantize(fold_batch_norm(model), random_images(16, 1), {});
  CHECK(quantized.quantization[t].zero_point > -100);
  CHECK(quantized.quantization[clamped].scale == quantized.quantization[t].scale);
}

TEST_CASE("no level is spent where hswish and hsigmoid are constant") {
  const FloatModel model = samples::small_network(kShape, 8, 32, 10, 7);
  const Model quantized = quantize(fold_batch_norm(model), random_images(16, 1), {});
  for (std::size_t i = 0; i < quantized.graph.layers.size(); ++i) {
    const Layer& layer = quantized.graph.layers[i];
    const TensorQuantization& q = quantized.quantization[layer.inputs[0]];
    if (layer.op != OpKind::kHswish && layer.op != OpKind::kHsigmoid) continue;
    CHECK(q.scale * (-128 - q.zero_point) > -3.0f - q.scale);
    if (layer.op == OpKind::kHsigmoid) CHECK(q.scale * (127 - q.zero_point) < 3.0f + q.scale);
    CHECK(quantized.parameters[i].table.size() == 256);
  }
}

TEST_CASE("no entry of a gate's table hangs on how a tie is rounded") {
  samples::NetworkBuilder builder(kShape, 5);
  const FloatModel model = builder.finish(builder.add("gate", OpKind::kHsigmoid, 0));
  CalibrationSet images = random_images(2, 1);
  for (float& value : images.images) value *= 3;  // saturates on both sides
  QuantizeOptions options;
  options.range = RangeMethod::kMinMax;
  Model quantized = quantize(fold_batch_norm(model), images, options);
  const TensorQuantization x = quantized.quantization[0], y = quantized.quantization[1];
  for (int q = -128; q <= 127; ++q) {
    const double real = double{x.scale} * (q - x.zero_point);
    const double level = std::clamp(real + 3, 0.0, 6.0) / 6 / double{y.scale};
    CHECK(std::abs(level - std::floor(level) - 0.5) > 1e-4);
  }
}

TEST_CASE("every pixel value of a one-channel input has a level of its own") {
  samples::NetworkBuilder builder({16, 16, 1}, 5);
  const FloatModel model = builder.finish(builder.convolution("conv", OpKind::kConv2d, 0, 4));
  CalibrationSet images;
  images.count = 1;
  std::vector<std::uint8_t> pixels;
  for (int p = 0; p < 256; ++p) {
    pixels.push_back(static_cast<std::uint8_t>(p));
    images.images.push_back((p / 255.0f - 0.25f) / 0.5f);
  }
  const Model quantized = quantize(fold_batch_norm(model), images, {});
  const std::vector<std::uint8_t> bytes = input_bytes_of_pixels(quantized, pixels);
  for (int p = 1; p < 256; ++p) {
    CHECK(static_cast<std::int8_t>(bytes[p]) == static_cast<std::int8_t>(bytes[p - 1]) + 1);
  }
}

TEST_CASE("what cannot be calibrated is refused") {
  const Model model = fold_batch_norm(samples::small_network(kShape, 8, 32, 10, 7));
  CalibrationSet images = random_images(3, 1);
  CHECK(refusal(model, {}) == "the calibration set is empty");
  images.count = 4;
  CHECK(refusal(model, images) == "the calibration set has 864 values, expected 4 images of 288");
  images.count = 3;
  QuantizeOptions options;
  options.percentile_tail = 0.5;
  CHECK(refusal(model, images, options) ==
        "percentile_tail is 0.500000, accepted are 0 <= percentile_tail < 0.5");
  images.images[300] = std::nanf("");
  CHECK(refusal(model, images) ==
        "calibration image 1: the input gives a value that is not finite");
  std::fill(images.images.begin() + 288, images.images.begin() + 576,
            std::numeric_limits<float>::max());
  // Which layer overflows first depends on the order in which a kernel adds.
  CHECK(refusal(model, images).find("calibration image 1: layer stem.") == 0);
  CHECK(refusal(model, images).find(" gives a value that is not finite") != std::string::npos);
  const Model quantized = quantize(model, random_images(3, 1), {});
  CHECK(refusal(quantized, images) ==
        "layer stem.conv is not fp32: only float models can be quantized");
}
