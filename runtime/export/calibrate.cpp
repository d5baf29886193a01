#include "runtime/export/calibrate.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "runtime/interpreter.h"
#include "space/error.h"

namespace edgefront {
namespace {

class Observer {
 public:
  Observer(const LayerGraph& graph, int summed_images) : graph_(graph) {
    const std::size_t tensors = graph.tensors.size();
    result_.histograms.resize(tensors);
    result_.sums.resize(tensors);
    result_.summed_images = summed_images;
    for (std::size_t t = 0; t < tensors; ++t) {
      windows_.push_back(observation_window(graph, static_cast<std::int32_t>(t)));
    }
    if (summed_images == 0) return;
    for (const Layer& layer : graph.layers) {
      if (!has_weights(layer.op)) continue;
      result_.sums[layer.inputs[0]].assign(graph.tensors[layer.inputs[0]].shape.elements(), 0.0);
    }
  }

  void see(std::int32_t tensor, const float* values, int image, const std::string& where) {
    const std::int64_t count = graph_.tensors[tensor].shape.elements();
    std::span<const float> seen(values, count);
    const Range& window = windows_[tensor];
    if (window.low > -kUnbounded || window.high < kUnbounded) {
      clipped_.resize(count);
      const float low = static_cast<float>(window.low), high = static_cast<float>(window.high);
      // NaN passes through std::clamp, so the histogram still refuses it.
      for (std::int64_t i = 0; i < count; ++i) clipped_[i] = std::clamp(values[i], low, high);
      seen = clipped_;
    }
    if (!result_.histograms[tensor].add(seen)) {
      throw InputError("calibration image " + std::to_string(image) + ": " + where +
                       " gives a value that is not finite");
    }
    std::vector<double>& sum = result_.sums[tensor];
    if (image >= result_.summed_images || sum.empty()) return;
    for (std::int64_t i = 0; i < count; ++i) sum[i] += values[i];
  }

  Observations take() { return std::move(result_); }

  static constexpr double kUnbounded = std::numeric_limits<float>::max();

 private:
  const LayerGraph& graph_;
  std::vector<Range> windows_;
  std::vector<float> clipped_;
  Observations result_;
};

}  // namespace

Range observation_window(const LayerGraph& graph, std::int32_t tensor) {
  const double unbounded = Observer::kUnbounded;
  bool hswish = false, hsigmoid = false;
  for (const std::int32_t output : graph.outputs) {
    if (output == tensor) return {-unbounded, unbounded};
  }
  for (const Layer& layer : graph.layers) {
    if (layer.inputs[0] != tensor && layer.inputs[1] != tensor) continue;
    if (layer.op == OpKind::kHswish) {
      hswish = true;
    } else if (layer.op == OpKind::kHsigmoid) {
      hsigmoid = true;
    } else {
      return {-unbounded, unbounded};
    }
  }
  if (hswish) return {-3, unbounded};
  if (hsigmoid) return {-3, 3};
  return {-unbounded, unbounded};
}

Observations observe(const Model& float_model, const CalibrationSet& calibration,
                     int summed_images) {
  // Every tensor must be visible, and read right after its step: the arena is shared.
  InterpreterOptions options;
  options.fuse = false;
  std::unique_ptr<Interpreter> interpreter;
  if (const Status status = Interpreter::load(float_model, options, &interpreter); !status.ok()) {
    throw InputError(status.message());
  }
  const LayerGraph& graph = float_model.graph;
  const std::int32_t input = graph.inputs[0];
  const std::int64_t elements = graph.tensors[input].shape.elements();
  Observer observer(graph, summed_images);
  for (int image = 0; image < calibration.count; ++image) {
    const float* pixels = calibration.images.data() + image * elements;
    observer.see(input, pixels, image, "the input");
    std::memcpy(interpreter->input_data(), pixels, elements * sizeof(float));
    const std::vector<Step>& steps = interpreter->steps();
    for (int i = 0; i < static_cast<int>(steps.size()); ++i) {
      interpreter->invoke_range(i, i + 1);
      const Layer& layer = graph.layers[steps[i].layer];
      observer.see(layer.output, static_cast<const float*>(interpreter->tensor_data(layer.output)),
                   image, "layer " + layer.name);
    }
  }
  return observer.take();
}

}  // namespace edgefront
