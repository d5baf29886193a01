#include "runtime/export/bias_correction.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <memory>

#include "runtime/interpreter.h"
#include "tests/runtime/export/sample_networks.h"

using namespace edgefront;

namespace {

CalibrationSet random_images(const Shape& shape, int count, std::uint64_t seed) {
  samples::NetworkBuilder generator(shape, seed);
  return {generator.normal(shape.elements() * count, 1.0), count};
}

/// Mean over the images of int8 logits minus float logits, as root mean square over classes.
double mean_logit_error(const FloatModel& float_model, const Model& quantized,
                        const CalibrationSet& images) {
  std::unique_ptr<Interpreter> interpreter;
  REQUIRE(Interpreter::load(quantized, {}, &interpreter).ok());
  const std::int64_t elements = quantized.graph.tensors[0].shape.elements();
  const std::int32_t output = quantized.graph.outputs[0];
  const TensorQuantization q = quantized.quantization[output];
  samples::Values error(quantized.graph.tensors[output].shape.elements(), 0.0);
  std::vector<std::int8_t> input(elements);
  for (int i = 0; i < images.count; ++i) {
    const float* image = images.images.data() + i * elements;
    const samples::Values expected = samples::plain_forward(float_model, image)[output];
    quantize_input(quantized, std::span(image, elements), input);
    std::memcpy(interpreter->input_data(), input.data(), input.size());
    interpreter->invoke();
    const auto* got = static_cast<const std::int8_t*>(interpreter->output_data());
    for (std::size_t c = 0; c < error.size(); ++c) {
      error[c] += (double{q.scale} * (got[c] - q.zero_point) - expected[c]) / images.count;
    }
  }
  double squares = 0;
  for (const double e : error) squares += e * e;
  return std::sqrt(squares / static_cast<double>(error.size()));
}

}  // namespace

TEST_CASE("the mean output of a layer follows from the mean input image alone") {
  for (const OpKind op : {OpKind::kConv2d, OpKind::kDepthwiseConv2d}) {
    samples::NetworkBuilder builder({5, 7, 3}, 8);
    const std::int32_t t = builder.convolution("conv", op, 0, 3, 5, 2);
    const FloatModel model = builder.finish(t);
    const Model folded = fold_batch_norm(model);
    const CalibrationSet images = random_images({5, 7, 3}, 4, 21);
    const Shape out = model.graph.tensors[t].shape;
    samples::Values mean_input(5 * 7 * 3, 0.0), expected(3, 0.0);
    for (int i = 0; i < 4; ++i) {
      const float* image = images.images.data() + i * 5 * 7 * 3;
      for (int j = 0; j < 5 * 7 * 3; ++j) mean_input[j] += image[j] / 4.0;
      const samples::Values y = samples::plain_forward(model, image)[t];
      for (std::size_t j = 0; j < y.size(); ++j) {
        expected[j % 3] += y[j] / (4.0 * out.height * out.width);
      }
    }
    const LayerParameters& parameters = folded.parameters[0];
    const std::vector<double> mean =
        mean_outputs(model.graph, model.graph.layers[0], mean_input,
                     {parameters.weights_f32.begin(), parameters.weights_f32.end()},
                     {parameters.bias_f32.begin(), parameters.bias_f32.end()});
    for (int c = 0; c < 3; ++c) CHECK(mean[c] == doctest::Approx(expected[c]).epsilon(1e-5));
  }
}

TEST_CASE("correction brings the mean of the logits nearer to that of the float model") {
  const Shape shape{12, 12, 2};
  double before = 0, after = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const FloatModel model = samples::small_network(shape, 8, 32, 10, seed);
    const CalibrationSet images = random_images(shape, 48, 100 + seed);
    QuantizeOptions options;
    options.bias_correction = false;
    const Model folded = fold_batch_norm(model);
    before += mean_logit_error(model, quantize(folded, images, options), images);
    options.bias_correction = true;
    after += mean_logit_error(model, quantize(folded, images, options), images);
  }
  MESSAGE("mean logit error before " << before / 4 << ", after " << after / 4);
  CHECK(after < 0.5 * before);
}

TEST_CASE("images for correction fit the memory that is set aside, and are at least one") {
  const FloatModel small = samples::small_network({12, 12, 2}, 8, 32, 10, 1);
  CHECK(correction_images(small.graph, 500) == 500);
  LayerGraph large = small.graph;
  for (Tensor& tensor : large.tensors) tensor.shape = {1024, 1024, 32};
  // At most four tensors are alive at once, 32 MiB each: input, hidden, gate and skip.
  CHECK(correction_images(large, 500) >= 1);
  CHECK(correction_images(large, 500) <= 4);
}
