#include "experiments/pipeline/int8_accuracy.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "experiments/host.h"
#include "runtime/export/quantize.h"
#include "runtime/interpreter.h"
#include "search/parallel.h"
#include "space/error.h"

namespace edgefront {
namespace {

std::string text(const Shape& s) {
  return std::to_string(s.height) + "x" + std::to_string(s.width) + "x" +
         std::to_string(s.channels);
}

void check_fit(const Model& model, const ImageSet& images) {
  if (model.graph.inputs.size() != 1 || model.graph.outputs.size() != 1) {
    throw InputError("the model has several inputs or outputs; accuracy needs one of each");
  }
  const Shape wanted = model.graph.tensors[std::size_t(model.graph.inputs[0])].shape;
  const Shape given{images.height, images.width, images.channels};
  if (wanted != given) {
    throw InputError("the model takes images of " + text(wanted) + ", the data set has " +
                     text(given));
  }
  const std::int64_t classes =
      model.graph.tensors[std::size_t(model.graph.outputs[0])].shape.elements();
  for (const std::uint8_t label : images.labels) {
    if (label >= classes) {
      throw InputError("the data set has label " + std::to_string(label) + ", the model only " +
                       std::to_string(classes) + " classes");
    }
  }
}

template <typename T>
int arg_max(const void* data, std::int64_t count) {
  const T* values = static_cast<const T*>(data);
  return int(std::max_element(values, values + count) - values);
}

}  // namespace

ModelAccuracy measure_accuracy(const Model& model, const ImageSet& images,
                               const std::string& kernel_set, int threads) {
  check_fit(model, images);
  const Tensor& output = model.graph.tensors[std::size_t(model.graph.outputs[0])];
  const int count = images.count();
  if (count == 0) throw InputError("the data set has no images");
  const int parts = std::clamp(threads, 1, count);
  std::vector<int> correct(std::size_t(parts), 0);
  parallel_for(parts, threads, [&](std::int64_t part) {
    std::unique_ptr<Interpreter> interpreter;
    InterpreterOptions options;
    options.kernel_set = kernel_set;
    require(Interpreter::load(model, options, &interpreter));
    const int first = int(std::int64_t{count} * part / parts);
    const int last = int(std::int64_t{count} * (part + 1) / parts);
    for (int i = first; i < last; ++i) {
      const auto bytes = input_bytes_of_pixels(model, images.image(i));
      std::memcpy(interpreter->input_data(), bytes.data(), bytes.size());
      interpreter->invoke();
      const int best =
          output.precision == Precision::kInt8
              ? arg_max<std::int8_t>(interpreter->output_data(), output.shape.elements())
              : arg_max<float>(interpreter->output_data(), output.shape.elements());
      correct[std::size_t(part)] += best == images.labels[std::size_t(i)];
    }
  });
  std::int64_t total = 0;
  for (int c : correct) total += c;
  return {100.0 * double(total) / count, count};
}

}  // namespace edgefront
