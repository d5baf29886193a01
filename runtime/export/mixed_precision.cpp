#include "runtime/export/mixed_precision.h"

#include <algorithm>
#include <utility>

#include "runtime/fuse.h"
#include "space/error.h"

namespace edgefront {
namespace {

void check(const Model& float_model, const Model& int8_model, const std::vector<bool>& chosen) {
  const LayerGraph& a = float_model.graph;
  const LayerGraph& b = int8_model.graph;
  bool fits = a.layers.size() == b.layers.size() && a.tensors.size() == b.tensors.size() &&
              a.inputs == b.inputs && a.outputs == b.outputs && chosen.size() == a.layers.size();
  for (std::size_t i = 0; fits && i < a.layers.size(); ++i) {
    fits = a.layers[i].op == b.layers[i].op && a.layers[i].inputs == b.layers[i].inputs &&
           a.layers[i].output == b.layers[i].output;
  }
  if (!fits) throw InputError("mix_precisions: the two models do not have the same layers");
}

class Mixer {
 public:
  Mixer(const Model& float_model, const Model& int8_model, const std::vector<bool>& float_layers)
      : float_model_(float_model),
        int8_model_(int8_model),
        float_layers_(float_layers),
        converted_(int8_model.graph.tensors.size(), -1),
        result_(int8_model) {
    result_.graph.layers.clear();
    result_.parameters.clear();
    result_.probes.clear();
  }

  Model mix() {
    const std::vector<Layer>& layers = int8_model_.graph.layers;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (float_layers_[i]) set_float(layers[i].output);
    }
    std::vector<std::int32_t> residual_of(layers.size(), -1);
    for (const Step& step : fuse(int8_model_.graph)) {
      residual_of[std::size_t(step.layer)] = step.residual;
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Precision precision = precision_of(i);
      // An add is fused into the convolution of its step only if its other operand exists by then.
      if (residual_of[i] >= 0) {
        in_precision(residual_of[i], precision, layers[i].block, layers[i].name);
      }
      add(layers[i], i);
    }
    for (std::int32_t& output : result_.graph.outputs) {
      output = in_precision(output, Precision::kInt8, layers.back().block, "output");
    }
    if (const Status status = validate(result_); !status.ok()) throw InputError(status.message());
    return std::move(result_);
  }

 private:
  void set_float(std::int32_t tensor) {
    result_.graph.tensors[std::size_t(tensor)].precision = Precision::kFloat32;
    result_.quantization[std::size_t(tensor)] = {};
  }

  Precision precision_of(std::size_t layer) const {
    return float_layers_[layer] ? Precision::kFloat32 : Precision::kInt8;
  }

  void add(Layer layer, std::size_t index) {
    layer.precision = precision_of(index);
    for (std::int32_t& input : layer.inputs) {
      if (input >= 0) input = in_precision(input, layer.precision, layer.block, layer.name);
    }
    result_.graph.layers.push_back(layer);
    result_.parameters.push_back(
        (float_layers_[index] ? float_model_ : int8_model_).parameters[index]);
  }

  /// The tensor itself, or its copy in the other precision, made now if it does not exist yet.
  std::int32_t in_precision(std::int32_t tensor, Precision wanted, std::int32_t block,
                            const std::string& reader) {
    const Tensor from = result_.graph.tensors[std::size_t(tensor)];
    if (from.precision == wanted) return tensor;
    std::int32_t& copy = converted_[std::size_t(tensor)];
    if (copy >= 0) return copy;
    copy = static_cast<std::int32_t>(result_.graph.tensors.size());
    result_.graph.tensors.push_back({from.shape, wanted});
    const bool to_int8 = wanted == Precision::kInt8;
    result_.quantization.push_back(to_int8 ? int8_model_.quantization[std::size_t(tensor)]
                                           : TensorQuantization{});
    Layer conversion;
    conversion.op = to_int8 ? OpKind::kQuantize : OpKind::kDequantize;
    conversion.inputs = {{tensor, -1}};
    conversion.output = copy;
    conversion.block = block;
    conversion.precision = wanted;
    conversion.name = reader + (to_int8 ? ".quantize" : ".dequantize") + std::to_string(tensor);
    result_.graph.layers.push_back(std::move(conversion));
    result_.parameters.emplace_back();
    return copy;
  }

  const Model& float_model_;
  const Model& int8_model_;
  const std::vector<bool>& float_layers_;
  std::vector<std::int32_t> converted_;  ///< per tensor its copy, or −1
  Model result_;
};

}  // namespace

Model mix_precisions(const Model& float_model, const Model& int8_model,
                     const std::vector<bool>& float_layers) {
  check(float_model, int8_model, float_layers);
  return Mixer(float_model, int8_model, float_layers).mix();
}

}  // namespace edgefront
