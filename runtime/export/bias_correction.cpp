#include "runtime/export/bias_correction.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "runtime/export/quantize_weights.h"
#include "runtime/interpreter.h"
#include "space/error.h"

namespace edgefront {
namespace {

/// Mean over output positions of the input value under each tap: [ky][kx][channel].
std::vector<double> mean_windows(const LayerGraph& graph, const Layer& layer,
                                 const std::vector<double>& mean_input) {
  const Shape in = graph.tensors[layer.inputs[0]].shape, out = graph.tensors[layer.output].shape;
  const int k = layer.kernel_size, pad = k / 2;
  std::vector<double> windows(std::size_t(k) * k * in.channels, 0.0);
  for (int oy = 0; oy < out.height; ++oy) {
    for (int ox = 0; ox < out.width; ++ox) {
      for (int tap = 0; tap < k * k; ++tap) {
        const int y = oy * layer.stride + tap / k - pad, x = ox * layer.stride + tap % k - pad;
        if (y < 0 || y >= in.height || x < 0 || x >= in.width) continue;
        const double* pixel = mean_input.data() + (std::size_t(y) * in.width + x) * in.channels;
        double* sums = windows.data() + std::size_t(tap) * in.channels;
        for (int c = 0; c < in.channels; ++c) sums[c] += pixel[c];
      }
    }
  }
  const double positions = double(out.height) * out.width;
  for (double& value : windows) value /= positions;
  return windows;
}

/// The int8 network, one layer at a time over all images; a tensor is dropped after its last
/// reader.
class LayerwiseRun {
 public:
  LayerwiseRun(const Model& model, const CalibrationSet& calibration, int images)
      : model_(model), images_(images), values_(model.graph.tensors.size()) {
    const std::int32_t input = model.graph.inputs[0];
    const std::int64_t elements = model.graph.tensors[input].shape.elements();
    values_[input].resize(elements * images);
    quantize_input(model, std::span(calibration.images).first(elements * images), values_[input]);
  }

  std::vector<double> mean_image(std::int32_t tensor) const {
    const std::int64_t elements = model_.graph.tensors[tensor].shape.elements();
    const TensorQuantization& quantization = model_.quantization[tensor];
    std::vector<std::int64_t> sums(elements, 0);
    for (int image = 0; image < images_; ++image) {
      const std::int8_t* from = values_[tensor].data() + image * elements;
      for (std::int64_t i = 0; i < elements; ++i) sums[i] += from[i];
    }
    std::vector<double> mean(elements);
    for (std::int64_t i = 0; i < elements; ++i) {
      mean[i] = (double(sums[i]) / images_ - quantization.zero_point) * double{quantization.scale};
    }
    return mean;
  }

  void run(int index) {
    const Layer& layer = model_.graph.layers[index];
    const Model single = single_layer(index);
    std::unique_ptr<Interpreter> interpreter;
    if (const Status status = Interpreter::load(single, {}, &interpreter); !status.ok()) {
      throw InputError(status.message());
    }
    const std::int64_t out_bytes = interpreter->output_bytes();
    values_[layer.output].resize(out_bytes * images_);
    for (int image = 0; image < images_; ++image) {
      for (int i = 0; i < static_cast<int>(single.graph.inputs.size()); ++i) {
        const std::int64_t bytes = interpreter->input_bytes(i);
        std::memcpy(interpreter->input_data(i), values_[layer.inputs[i]].data() + image * bytes,
                    bytes);
      }
      interpreter->invoke();
      std::memcpy(values_[layer.output].data() + image * out_bytes, interpreter->output_data(),
                  out_bytes);
    }
    for (const std::int32_t tensor : layer.inputs) {
      if (tensor >= 0 && last_reader(tensor) == index)
        std::vector<std::int8_t>().swap(values_[tensor]);
    }
  }

 private:
  int last_reader(std::int32_t tensor) const {
    int last = -1;
    for (std::size_t i = 0; i < model_.graph.layers.size(); ++i) {
      const Layer& layer = model_.graph.layers[i];
      if (layer.inputs[0] == tensor || layer.inputs[1] == tensor) last = static_cast<int>(i);
    }
    return last;
  }

  Model single_layer(int index) const {
    Model single;
    Layer layer = model_.graph.layers[index];
    const auto import = [&](std::int32_t tensor) {
      single.graph.tensors.push_back(model_.graph.tensors[tensor]);
      single.quantization.push_back(model_.quantization[tensor]);
      return static_cast<std::int32_t>(single.graph.tensors.size()) - 1;
    };
    const bool same = layer.inputs[0] == layer.inputs[1];
    for (std::int32_t& input : layer.inputs) {
      if (input < 0) continue;
      if (same && !single.graph.inputs.empty()) {
        input = single.graph.inputs[0];
      } else {
        input = import(input);
        single.graph.inputs.push_back(input);
      }
    }
    layer.output = import(layer.output);
    single.graph.outputs = {layer.output};
    single.graph.layers = {layer};
    single.parameters = {model_.parameters[index]};
    return single;
  }

  const Model& model_;
  int images_;
  std::vector<std::vector<std::int8_t>> values_;  ///< per tensor, image after image
};

std::vector<double> dequantized_weights(const Layer& layer, const LayerParameters& parameters) {
  const std::int64_t count = static_cast<std::int64_t>(parameters.weights_s8.size());
  const std::int64_t channels = static_cast<std::int64_t>(parameters.weight_scales.size());
  std::vector<double> weights(count);
  for (std::int64_t i = 0; i < count; ++i) {
    weights[i] = double{parameters.weight_scales[channel_of_weight(layer, i, count, channels)]} *
                 parameters.weights_s8[i];
  }
  return weights;
}

std::vector<double> dequantized_bias(const LayerParameters& parameters, float input_scale) {
  std::vector<double> bias(parameters.bias_s32.size());
  for (std::size_t c = 0; c < bias.size(); ++c) {
    bias[c] = double{input_scale * parameters.weight_scales[c]} * parameters.bias_s32[c];
  }
  return bias;
}

}  // namespace

std::vector<double> mean_outputs(const LayerGraph& graph, const Layer& layer,
                                 const std::vector<double>& mean_input,
                                 const std::vector<double>& weights,
                                 const std::vector<double>& bias) {
  const std::vector<double> windows = mean_windows(graph, layer, mean_input);
  std::vector<double> mean = bias;
  const std::int64_t count = static_cast<std::int64_t>(weights.size());
  const std::int64_t channels = static_cast<std::int64_t>(bias.size());
  for (std::int64_t i = 0; i < count; ++i) {
    // A depthwise weight has the index of its tap; others repeat the taps for every channel.
    const std::int64_t tap = i % static_cast<std::int64_t>(windows.size());
    mean[channel_of_weight(layer, i, count, channels)] += weights[i] * windows[tap];
  }
  return mean;
}

int correction_images(const LayerGraph& graph, int available) {
  constexpr std::int64_t kBudgetBytes = std::int64_t{256} << 20;
  std::vector<int> last(graph.tensors.size(), -1);
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    for (const std::int32_t input : graph.layers[i].inputs) {
      if (input >= 0) last[input] = static_cast<int>(i);
    }
  }
  std::int64_t live = 0, peak = 1;
  for (const std::int32_t input : graph.inputs) live += graph.tensors[input].shape.elements();
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    live += graph.tensors[layer.output].shape.elements();
    peak = std::max(peak, live);
    for (std::int32_t& reader : last) {
      if (reader != static_cast<int>(i)) continue;
      live -= graph.tensors[&reader - last.data()].shape.elements();
    }
  }
  return static_cast<int>(
      std::clamp(kBudgetBytes / peak, std::int64_t{1}, std::int64_t{available}));
}

void correct_biases(const Model& float_model, const CalibrationSet& calibration,
                    const Observations& observations, Model* quantized) {
  const LayerGraph& graph = quantized->graph;
  const int images = observations.summed_images;
  LayerwiseRun int8_run(*quantized, calibration, images);
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    if (has_weights(layer.op)) {
      const LayerParameters& real = float_model.parameters[i];
      LayerParameters& parameters = quantized->parameters[i];
      const std::int32_t input = layer.inputs[0];
      const float input_scale = quantized->quantization[input].scale;
      std::vector<double> mean_input = observations.sums[input];
      for (double& value : mean_input) value /= images;
      std::vector<double> bias(real.bias_f32.begin(), real.bias_f32.end());
      const std::vector<double> expected = mean_outputs(
          graph, layer, mean_input, {real.weights_f32.begin(), real.weights_f32.end()}, bias);
      const std::vector<double> got = mean_outputs(graph, layer, int8_run.mean_image(input),
                                                   dequantized_weights(layer, parameters),
                                                   dequantized_bias(parameters, input_scale));
      for (std::size_t c = 0; c < bias.size(); ++c) bias[c] += expected[c] - got[c];
      parameters = quantize_weights(layer, real.weights_f32, bias, input_scale);
    }
    int8_run.run(static_cast<int>(i));
  }
}

}  // namespace edgefront
