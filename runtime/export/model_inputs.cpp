// What goes into a model: real values, pixels, recorded probes.
#include <cstring>
#include <memory>

#include "runtime/export/quantize.h"
#include "runtime/interpreter.h"
#include "runtime/kernels/elementwise.h"
#include "space/error.h"

namespace edgefront {

void quantize_input(const Model& model, std::span<const float> real, std::span<std::int8_t> out) {
  const std::int32_t input = model.graph.inputs.at(0);
  if (model.graph.tensors[input].precision != Precision::kInt8) {
    throw InputError("the model's input is fp32: it takes real values as they are");
  }
  if (real.size() != out.size()) {
    throw InputError("quantize_input: " + std::to_string(real.size()) + " values for " +
                     std::to_string(out.size()) + " places");
  }
  const TensorQuantization& quantization = model.quantization[input];
  quantize_s8(real.data(), out.data(), static_cast<std::int64_t>(real.size()), quantization.scale,
              quantization.zero_point);
}

std::vector<std::uint8_t> input_bytes_of_pixels(const Model& model,
                                                std::span<const std::uint8_t> pixels) {
  const Tensor& input = model.graph.tensors[model.graph.inputs.at(0)];
  const std::size_t channels = input.shape.channels;
  if (pixels.size() != static_cast<std::size_t>(input.shape.elements())) {
    throw InputError("an image of " + std::to_string(pixels.size()) +
                     " bytes, but the model takes " + std::to_string(input.shape.height) + "x" +
                     std::to_string(input.shape.width) + "x" +
                     std::to_string(input.shape.channels));
  }
  const InputNormalization& normalization = model.normalization;
  if (normalization.mean.size() != channels || normalization.stddev.size() != channels) {
    throw InputError("the model's normalisation has " + std::to_string(normalization.mean.size()) +
                     " means and " + std::to_string(normalization.stddev.size()) +
                     " deviations, its input has " + std::to_string(channels) + " channels");
  }
  std::vector<float> real(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const std::size_t c = i % channels;
    real[i] =
        (static_cast<float>(pixels[i]) / 255.0f - normalization.mean[c]) / normalization.stddev[c];
  }
  std::vector<std::uint8_t> bytes(input.bytes());
  if (input.precision == Precision::kFloat32) {
    std::memcpy(bytes.data(), real.data(), bytes.size());
  } else {
    quantize_input(model, real, {reinterpret_cast<std::int8_t*>(bytes.data()), bytes.size()});
  }
  return bytes;
}

void add_probes(Model& model, const std::vector<std::vector<std::uint8_t>>& inputs) {
  InterpreterOptions options;
  options.kernel_set = "reference";
  std::unique_ptr<Interpreter> interpreter;
  if (const Status status = Interpreter::load(model, options, &interpreter); !status.ok()) {
    throw InputError(status.message());
  }
  std::int64_t expected_bytes = 0;
  const int input_count = static_cast<int>(model.graph.inputs.size());
  for (int i = 0; i < input_count; ++i) expected_bytes += interpreter->input_bytes(i);
  for (const std::vector<std::uint8_t>& input : inputs) {
    if (static_cast<std::int64_t>(input.size()) != expected_bytes) {
      throw InputError("a probe of " + std::to_string(input.size()) +
                       " bytes, but the model's inputs have " + std::to_string(expected_bytes));
    }
    const std::uint8_t* from = input.data();
    for (int i = 0; i < input_count; ++i) {
      std::memcpy(interpreter->input_data(i), from, interpreter->input_bytes(i));
      from += interpreter->input_bytes(i);
    }
    interpreter->invoke();
    ProbeSample sample;
    sample.input = input;
    for (int i = 0; i < static_cast<int>(model.graph.outputs.size()); ++i) {
      const auto* bytes = static_cast<const std::uint8_t*>(interpreter->output_data(i));
      sample.expected.insert(sample.expected.end(), bytes, bytes + interpreter->output_bytes(i));
    }
    model.probes.push_back(std::move(sample));
  }
}

}  // namespace edgefront
