#include "runtime/export/onnx_writer.h"

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <vector>

#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr int kOpset = 14;  // HardSwish came with 14
constexpr int kIrVersion = 8;

class Writer {
 public:
  explicit Writer(const Model& model) : model_(model), graph_(model.graph) {}

  std::string encode() {
    proto_.set_ir_version(kIrVersion);
    proto_.set_producer_name("edgefront");
    proto_.add_opset_import()->set_version(kOpset);
    for (const auto& [key, value] : model_.metadata) {
      onnx::StringStringEntryProto* entry = proto_.add_metadata_props();
      entry->set_key(key);
      entry->set_value(value);
    }
    proto_.mutable_graph()->set_name("edgefront");
    names_.resize(graph_.tensors.size());
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i) add_input(i);
    for (std::size_t i = 0; i < graph_.layers.size(); ++i) add_layer(i);
    for (std::size_t i = 0; i < graph_.outputs.size(); ++i) add_output(i);
    std::string bytes;
    // Fails for models over 2 GiB only; graphs are bounded far below that.
    if (!proto_.SerializeToString(&bytes)) throw InputError("the model is too large for ONNX");
    return bytes;
  }

 private:
  static std::string numbered(const char* name, std::size_t i) {
    return i == 0 ? name : std::string(name) + "_" + std::to_string(i);
  }

  onnx::NodeProto* node(const char* op, const std::string& name,
                        const std::vector<std::string>& inputs, const std::string& output) {
    onnx::NodeProto* result = proto_.mutable_graph()->add_node();
    result->set_op_type(op);
    result->set_name(name);
    for (const std::string& input : inputs) result->add_input(input);
    result->add_output(output);
    return result;
  }

  static void set_ints(onnx::NodeProto* node, const char* name, const std::vector<int>& values) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INTS);
    for (const int value : values) attribute->add_ints(value);
  }
  static void set_int(onnx::NodeProto* node, const char* name, int value) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_i(value);
  }
  static void set_float(onnx::NodeProto* node, const char* name, float value) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::FLOAT);
    attribute->set_f(value);
  }

  /// Little-endian raw data, as ONNX wants it.
  template <typename T>
  std::string initializer(const std::string& name, onnx::TensorProto::DataType type,
                          const std::vector<T>& values, const std::vector<std::int64_t>& dims) {
    onnx::TensorProto* tensor = proto_.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (const std::int64_t dim : dims) tensor->add_dims(dim);
    tensor->set_raw_data(values.data(), values.size() * sizeof(T));
    return name;
  }
  std::string float_initializer(const std::string& name, const std::vector<float>& values,
                                const std::vector<std::int64_t>& dims) {
    return initializer(name, onnx::TensorProto::FLOAT, values, dims);
  }

  void describe_value(onnx::ValueInfoProto* info, const std::string& name,
                      const std::vector<std::int64_t>& dims) {
    info->set_name(name);
    onnx::TypeProto::Tensor* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const std::int64_t dim : dims) type->mutable_shape()->add_dim()->set_dim_value(dim);
  }

  bool is_int8(std::int32_t tensor) const {
    return graph_.tensors[tensor].precision == Precision::kInt8;
  }

  /// QuantizeLinear and DequantizeLinear with the tensor's scale: the float value from here on is
  /// exactly one of its 256 levels.
  std::string through_int8(std::int32_t tensor, const std::string& real) {
    const std::string name = "t" + std::to_string(tensor);
    const TensorQuantization& q = model_.quantization[tensor];
    const std::string scale = float_initializer(name + ".scale", {q.scale}, {});
    const std::string zero =
        initializer(name + ".zero_point", onnx::TensorProto::INT8,
                    std::vector<std::int8_t>{static_cast<std::int8_t>(q.zero_point)}, {});
    node("QuantizeLinear", name + ".quantize", {real, scale, zero}, name + ".q");
    node("DequantizeLinear", name + ".dequantize", {name + ".q", scale, zero}, name + ".dq");
    return name + ".dq";
  }

  /// relu and relu6 share the quantization of their input, so the levels between them are those
  /// after them: one pair of nodes after the activation says the same and lets ONNX Runtime fuse.
  bool only_clamped_later(std::int32_t tensor) const {
    int readers = 0;
    bool clamped = false;
    for (const Layer& layer : graph_.layers) {
      if (layer.inputs[0] != tensor && layer.inputs[1] != tensor) continue;
      ++readers;
      clamped = layer.op == OpKind::kRelu || layer.op == OpKind::kRelu6;
    }
    for (const std::int32_t output : graph_.outputs) readers += output == tensor;
    return readers == 1 && clamped;
  }

  void add_input(std::size_t i) {
    const std::int32_t tensor = graph_.inputs[i];
    const Shape& shape = graph_.tensors[tensor].shape;
    const std::string name = numbered("input", i);
    describe_value(proto_.mutable_graph()->add_input(), name,
                   {1, shape.channels, shape.height, shape.width});
    names_[tensor] = is_int8(tensor) ? through_int8(tensor, name) : name;
  }

  /// [1, channels] for a vector, NCHW for an image.
  void add_output(std::size_t i) {
    const std::int32_t tensor = graph_.outputs[i];
    const Shape& shape = graph_.tensors[tensor].shape;
    const std::string name = numbered("logits", i);
    const bool vector = shape.height == 1 && shape.width == 1;
    node(vector ? "Flatten" : "Identity", name, {names_[tensor]}, name);
    describe_value(proto_.mutable_graph()->add_output(), name,
                   vector
                       ? std::vector<std::int64_t>{1, shape.channels}
                       : std::vector<std::int64_t>{1, shape.channels, shape.height, shape.width});
  }

  void add_layer(std::size_t index) {
    const Layer& layer = graph_.layers[index];
    // quantize and dequantize compute nothing: through_int8() stands at every int8 tensor.
    std::string real = names_[layer.inputs[0]];
    if (layer.op != OpKind::kQuantize && layer.op != OpKind::kDequantize) {
      real = "t" + std::to_string(layer.output);
      add_operator(index, real);
    }
    const bool quantized = is_int8(layer.output) && !only_clamped_later(layer.output);
    names_[layer.output] = quantized ? through_int8(layer.output, real) : real;
  }

  void add_operator(std::size_t index, const std::string& output) {
    const Layer& layer = graph_.layers[index];
    const std::string& x = names_[layer.inputs[0]];
    switch (layer.op) {
      case OpKind::kConv2d:
      case OpKind::kDepthwiseConv2d:
      case OpKind::kFullyConnected:
        return add_convolution(index, output);
      case OpKind::kAdd:
        node("Add", layer.name, {x, names_[layer.inputs[1]]}, output);
        return;
      case OpKind::kMul:
        node("Mul", layer.name, {x, names_[layer.inputs[1]]}, output);
        return;
      case OpKind::kGlobalAveragePool:
        node("GlobalAveragePool", layer.name, {x}, output);
        return;
      case OpKind::kRelu:
        node("Relu", layer.name, {x}, output);
        return;
      case OpKind::kRelu6: {
        const std::string low = float_initializer(layer.name + ".low", {0.0f}, {});
        const std::string high = float_initializer(layer.name + ".high", {6.0f}, {});
        node("Clip", layer.name, {x, low, high}, output);
        return;
      }
      case OpKind::kHswish:
        node("HardSwish", layer.name, {x}, output);
        return;
      case OpKind::kHsigmoid: {
        onnx::NodeProto* gate = node("HardSigmoid", layer.name, {x}, output);
        set_float(gate, "alpha", 1.0f / 6.0f);
        set_float(gate, "beta", 0.5f);
        return;
      }
      case OpKind::kQuantize:
      case OpKind::kDequantize:
        return;
    }
  }

  /// Fully connected layers are written as 1x1 convolutions, which keeps every tensor NCHW.
  void add_convolution(std::size_t index, const std::string& output) {
    const Layer& layer = graph_.layers[index];
    const int k = layer.kernel_size, pad = k / 2;
    const int channels = graph_.tensors[layer.output].shape.channels;
    // Nodes stand in topological order, so those that make the weights come first.
    const std::string w = weights(index), b = bias(index);
    onnx::NodeProto* conv = node("Conv", layer.name, {names_[layer.inputs[0]], w, b}, output);
    set_ints(conv, "kernel_shape", {k, k});
    set_ints(conv, "strides", {layer.stride, layer.stride});
    set_ints(conv, "pads", {pad, pad, pad, pad});
    set_ints(conv, "dilations", {1, 1});
    set_int(conv, "group", layer.op == OpKind::kDepthwiseConv2d ? channels : 1);
  }

  /// From [out][ky][kx][in], or [ky][kx][channel], to OIHW.
  template <typename T>
  std::vector<T> oihw(const Layer& layer, const std::vector<T>& from) const {
    const std::int64_t area = std::int64_t{1} * layer.kernel_size * layer.kernel_size;
    const std::int64_t out = graph_.tensors[layer.output].shape.channels;
    const std::int64_t in = static_cast<std::int64_t>(from.size()) / (area * out);
    const bool depthwise = layer.op == OpKind::kDepthwiseConv2d;
    std::vector<T> to(from.size());
    for (std::int64_t o = 0; o < out; ++o) {
      for (std::int64_t i = 0; i < in; ++i) {
        for (std::int64_t tap = 0; tap < area; ++tap) {
          to[(o * in + i) * area + tap] =
              depthwise ? from[tap * out + o] : from[(o * area + tap) * in + i];
        }
      }
    }
    return to;
  }

  std::string weights(std::size_t index) {
    const Layer& layer = graph_.layers[index];
    const LayerParameters& parameters = model_.parameters[index];
    const std::int64_t out = graph_.tensors[layer.output].shape.channels;
    const std::int64_t k = layer.kernel_size;
    const std::int64_t in = weight_count(graph_, layer) / (out * k * k);
    const std::string name = layer.name + ".weights";
    if (layer.precision == Precision::kFloat32) {
      return float_initializer(name, oihw(layer, parameters.weights_f32), {out, in, k, k});
    }
    const std::string q = initializer(name + ".q", onnx::TensorProto::INT8,
                                      oihw(layer, parameters.weights_s8), {out, in, k, k});
    const std::string scale = float_initializer(name + ".scale", parameters.weight_scales, {out});
    const std::string zero = initializer(name + ".zero_point", onnx::TensorProto::INT8,
                                         std::vector<std::int8_t>(out, 0), {out});
    set_int(node("DequantizeLinear", name + ".dequantize", {q, scale, zero}, name), "axis", 0);
    return name;
  }

  std::string bias(std::size_t index) {
    const Layer& layer = graph_.layers[index];
    const std::string name = layer.name + ".bias";
    const LayerParameters& parameters = model_.parameters[index];
    const std::int64_t out = graph_.tensors[layer.output].shape.channels;
    if (layer.precision == Precision::kFloat32) {
      return float_initializer(name, parameters.bias_f32, {out});
    }
    std::vector<float> scales = parameters.weight_scales;
    for (float& scale : scales) scale *= model_.quantization[layer.inputs[0]].scale;
    const std::string q =
        initializer(name + ".q", onnx::TensorProto::INT32, parameters.bias_s32, {out});
    const std::string scale = float_initializer(name + ".scale", scales, {out});
    set_int(node("DequantizeLinear", name + ".dequantize", {q, scale}, name), "axis", 0);
    return name;
  }

  const Model& model_;
  const LayerGraph& graph_;
  onnx::ModelProto proto_;
  std::vector<std::string> names_;  ///< per tensor: the ONNX value that stands for it
};

}  // namespace

void write_onnx(const Model& model, const std::string& path) {
  if (const Status status = validate(model); !status.ok()) throw InputError(status.message());
  const std::string bytes = Writer(model).encode();
  const Status status = write_file_atomic(path, bytes.data(), bytes.size());
  if (status.code() == StatusCode::kInvalid) throw InputError(status.message());
  if (!status.ok()) throw EnvironmentError(status.message());
}

}  // namespace edgefront
