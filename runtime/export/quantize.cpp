#include "runtime/export/quantize.h"

#include <cmath>
#include <utility>

#include "runtime/export/bias_correction.h"
#include "runtime/export/calibrate.h"
#include "runtime/export/histogram.h"
#include "runtime/export/quantize_weights.h"
#include "space/error.h"

namespace edgefront {
namespace {

void check(const Model& model, const CalibrationSet& calibration, const QuantizeOptions& options) {
  if (const Status status = validate(model); !status.ok()) throw InputError(status.message());
  if (model.graph.inputs.size() != 1) {
    throw InputError("quantize accepts models with 1 input, this one has " +
                     std::to_string(model.graph.inputs.size()));
  }
  for (const Layer& layer : model.graph.layers) {
    if (layer.precision != Precision::kFloat32 || layer.op == OpKind::kQuantize) {
      throw InputError("layer " + layer.name + " is not fp32: only float models can be quantized");
    }
  }
  if (calibration.count <= 0) throw InputError("the calibration set is empty");
  const std::int64_t elements = model.graph.tensors[model.graph.inputs[0]].shape.elements();
  if (calibration.images.size() != static_cast<std::size_t>(elements) * calibration.count) {
    throw InputError("the calibration set has " + std::to_string(calibration.images.size()) +
                     " values, expected " + std::to_string(calibration.count) + " images of " +
                     std::to_string(elements));
  }
  if (!(options.percentile_tail >= 0 && options.percentile_tail < 0.5)) {
    throw InputError("percentile_tail is " + std::to_string(options.percentile_tail) +
                     ", accepted are 0 <= percentile_tail < 0.5");
  }
}

/// Which tensor's range each tensor takes. relu and relu6 are a clamp in int8, so their input and
/// output share one quantization: that of the output where nobody else reads the input (levels
/// beyond the clamp would be wasted), else that of the input.
std::vector<std::int32_t> range_sources(const LayerGraph& graph) {
  std::vector<std::int32_t> source(graph.tensors.size());
  std::vector<int> readers(graph.tensors.size(), 0);
  for (std::size_t t = 0; t < source.size(); ++t) source[t] = static_cast<std::int32_t>(t);
  for (const Layer& layer : graph.layers) {
    for (const std::int32_t input : layer.inputs) {
      if (input >= 0) ++readers[input];
    }
  }
  for (const std::int32_t output : graph.outputs) ++readers[output];
  for (const Layer& layer : graph.layers) {
    if (layer.op != OpKind::kRelu && layer.op != OpKind::kRelu6) continue;
    const std::int32_t input = layer.inputs[0];
    if (readers[input] == 1) {
      source[input] = layer.output;
    } else {
      source[layer.output] = input;
    }
  }
  for (std::int32_t& t : source) {
    while (source[t] != t) t = source[t];
  }
  return source;
}

/// Widens the scale of a gate (by at most 1/127) so that hsigmoid(0) = 0.5 is a level. With ranges
/// [−3, 3] and [0, 1] every table entry would otherwise lie half way between two levels: biased by
/// half a step, and rounded differently by runtimes that compute it in float.
TensorQuantization gate_quantization(TensorQuantization q) {
  const double levels_to_half = std::floor(0.5 / double{q.scale});
  if (levels_to_half >= 1) q.scale = static_cast<float>(0.5 / levels_to_half);
  return q;
}

std::vector<TensorQuantization> tensor_quantizations(const LayerGraph& graph,
                                                     const Observations& observations,
                                                     const QuantizeOptions& options) {
  const std::vector<std::int32_t> source = range_sources(graph);
  std::vector<TensorQuantization> result(graph.tensors.size());
  for (std::size_t t = 0; t < result.size(); ++t) {
    QuantizeOptions choice = options;
    // Pixels have a fixed range: all 256 levels of one channel fit int8 without loss.
    if (source[t] == graph.inputs[0]) choice.range = RangeMethod::kMinMax;
    result[t] = quantization_of(choose_range(observations.histograms[source[t]], choice));
  }
  for (const Layer& layer : graph.layers) {
    if (layer.op != OpKind::kHsigmoid || source[layer.output] != layer.output) continue;
    result[layer.output] = gate_quantization(result[layer.output]);
  }
  return result;
}

LayerParameters quantize_layer(const Model& real, const Model& quantized, std::size_t index) {
  const Layer& layer = quantized.graph.layers[index];
  const TensorQuantization& input = quantized.quantization[layer.inputs[0]];
  switch (layer.op) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kFullyConnected: {
      const LayerParameters& parameters = real.parameters[index];
      return quantize_weights(layer, parameters.weights_f32,
                              {parameters.bias_f32.begin(), parameters.bias_f32.end()},
                              input.scale);
    }
    case OpKind::kHswish:
    case OpKind::kHsigmoid: {
      LayerParameters parameters;
      parameters.table = activation_table(layer.op, input, quantized.quantization[layer.output]);
      return parameters;
    }
    case OpKind::kAdd:
    case OpKind::kMul:
    case OpKind::kGlobalAveragePool:
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      return {};
  }
  return {};
}

}  // namespace

Model quantize(const Model& float_model, const CalibrationSet& calibration,
               const QuantizeOptions& options) {
  check(float_model, calibration, options);
  const int summed =
      options.bias_correction ? correction_images(float_model.graph, calibration.count) : 0;
  const Observations observations = observe(float_model, calibration, summed);
  Model result;
  result.graph = with_precision(float_model.graph, Precision::kInt8);
  result.normalization = float_model.normalization;
  result.class_names = float_model.class_names;
  result.metadata = float_model.metadata;
  result.quantization = tensor_quantizations(result.graph, observations, options);
  for (std::size_t i = 0; i < result.graph.layers.size(); ++i) {
    result.parameters.push_back(quantize_layer(float_model, result, i));
  }
  if (options.bias_correction) correct_biases(float_model, calibration, observations, &result);
  if (const Status status = validate(result); !status.ok()) throw InputError(status.message());
  return result;
}

}  // namespace edgefront
