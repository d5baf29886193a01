// XNNPACK through its subgraph interface. The version that Debian packages has no int8 hswish and
// no hsigmoid at all: hswish runs in float between two conversions there, hsigmoid as
// min(max(x + 3, 0), 6)/6 on the gate's few values.
#include <pthreadpool.h>
#include <xnnpack.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <list>
#include <stdexcept>

#include "runtime/export/quantize.h"
#include "runtime/fuse.h"
#include "tests/bench/peers/engine.h"

namespace edgefront::peers {
namespace {

void check(xnn_status status, const char* what) {
  if (status == xnn_status_success) return;
  throw std::runtime_error(std::string("XNNPACK refused ") + what + " with status " +
                           std::to_string(int(status)));
}

std::vector<std::size_t> dims_of(const Shape& s) {
  return {1, std::size_t(s.height), std::size_t(s.width), std::size_t(s.channels)};
}

struct Clamp {
  float low = -INFINITY, high = INFINITY;
};

Clamp clamp_of(Activation activation) {
  if (activation == Activation::kRelu) return {0, INFINITY};
  if (activation == Activation::kRelu6) return {0, 6};
  return {};
}

/// Defines the nodes of a network; what it keeps must live as long as the runtime.
class SubgraphBuilder {
 public:
  explicit SubgraphBuilder(const Model& model)
      : model_(model),
        int8_(model.graph.layers[0].precision == Precision::kInt8),
        ids_(model.graph.tensors.size(), XNN_INVALID_VALUE_ID) {
    check(xnn_create_subgraph(2, 0, &subgraph_), "a subgraph");
    define(model.graph.inputs[0], 0, XNN_VALUE_FLAG_EXTERNAL_INPUT);
    define(model.graph.outputs[0], 1, XNN_VALUE_FLAG_EXTERNAL_OUTPUT);
    for (const Step& step : fuse(model.graph)) add_step(step);
  }
  ~SubgraphBuilder() { xnn_delete_subgraph(subgraph_); }
  xnn_subgraph_t subgraph() const { return subgraph_; }

 private:
  void define(std::int32_t tensor, std::uint32_t external, std::uint32_t flags) {
    const std::vector<std::size_t> dims = dims_of(model_.graph.tensors[tensor].shape);
    const TensorQuantization& q = model_.quantization[tensor];
    check(int8_ ? xnn_define_quantized_tensor_value(subgraph_, xnn_datatype_qint8, q.zero_point,
                                                    q.scale, 4, dims.data(), nullptr, external,
                                                    flags, &ids_[tensor])
                : xnn_define_tensor_value(subgraph_, xnn_datatype_fp32, 4, dims.data(), nullptr,
                                          external, flags, &ids_[tensor]),
          "a tensor");
  }
  std::uint32_t id(std::int32_t tensor) {
    if (ids_[tensor] == XNN_INVALID_VALUE_ID) define(tensor, XNN_INVALID_VALUE_ID, 0);
    return ids_[tensor];
  }
  std::uint32_t float_value(const std::vector<std::size_t>& dims, const float* data) {
    std::uint32_t id = 0;
    check(xnn_define_tensor_value(subgraph_, xnn_datatype_fp32, dims.size(), dims.data(), data,
                                  XNN_INVALID_VALUE_ID, 0, &id),
          "a float tensor");
    return id;
  }
  std::uint32_t channelwise(xnn_datatype type, const std::vector<float>& scales,
                            std::size_t channel_dim, const std::vector<std::size_t>& dims,
                            const void* data) {
    std::uint32_t id = 0;
    check(xnn_define_channelwise_quantized_tensor_value(subgraph_, type, scales.data(), dims.size(),
                                                        channel_dim, dims.data(), data,
                                                        XNN_INVALID_VALUE_ID, 0, &id),
          "quantized weights");
    return id;
  }

  void add_step(const Step& step) {
    const Layer& layer = model_.graph.layers[step.layer];
    const Clamp clamp = clamp_of(step.activation);
    switch (layer.op) {
      case OpKind::kConv2d:
      case OpKind::kDepthwiseConv2d:
      case OpKind::kFullyConnected:
        return add_convolution(step);
      case OpKind::kGlobalAveragePool:
        return check(xnn_define_global_average_pooling_2d(subgraph_, clamp.low, clamp.high,
                                                          id(step.input), id(step.output), 0),
                     "an average pool");
      case OpKind::kAdd:
        return check(xnn_define_add2(subgraph_, clamp.low, clamp.high, id(step.input),
                                     id(step.input2), id(step.output), 0),
                     "an add");
      case OpKind::kMul:
        return check(xnn_define_multiply2(subgraph_, clamp.low, clamp.high, id(step.input),
                                          id(step.input2), id(step.output), 0),
                     "a mul");
      default:
        throw std::runtime_error(std::string("a step of ") + op_name(layer.op) + " alone");
    }
  }

  /// Convolution (fully connected: 1x1, since the library's own has no scale per channel), then
  /// what cannot be fused: hswish, hsigmoid and the residual add.
  void add_convolution(const Step& step) {
    const Layer& layer = model_.graph.layers[step.layer];
    const bool table =
        step.activation == Activation::kHswish || step.activation == Activation::kHsigmoid;
    const std::int32_t convolved = table || step.activation_layer < 0
                                       ? layer.output
                                       : model_.graph.layers[step.activation_layer].output;
    add_convolution_node(step, layer, table ? Clamp{} : clamp_of(step.activation), convolved);
    std::int32_t last = convolved;
    if (table) {
      last = model_.graph.layers[step.activation_layer].output;
      add_float_activation(step.activation, convolved, last);
    }
    if (step.residual >= 0) {
      check(xnn_define_add2(subgraph_, -INFINITY, INFINITY, id(last), id(step.residual),
                            id(step.output), 0),
            "a residual add");
    }
  }

  void add_convolution_node(const Step& step, const Layer& layer, Clamp clamp,
                            std::int32_t output) {
    const auto in = std::size_t(model_.graph.tensors[step.input].shape.channels);
    const auto out = std::size_t(model_.graph.tensors[layer.output].shape.channels);
    const auto k = std::uint32_t(layer.kernel_size), pad = k / 2,
               stride = std::uint32_t(layer.stride);
    const bool depthwise = layer.op == OpKind::kDepthwiseConv2d;
    const std::vector<std::size_t> dims =
        depthwise ? std::vector<std::size_t>{1, k, k, in} : std::vector<std::size_t>{out, k, k, in};
    const LayerParameters& p = model_.parameters[step.layer];
    std::uint32_t weights = 0, bias = 0;
    if (int8_) {
      std::vector<float>& bias_scales = kept_.emplace_back(p.weight_scales);
      for (float& s : bias_scales) s *= model_.quantization[step.input].scale;
      weights = channelwise(xnn_datatype_qcint8, p.weight_scales, depthwise ? 3 : 0, dims,
                            p.weights_s8.data());
      bias = channelwise(xnn_datatype_qcint32, bias_scales, 0, {out}, p.bias_s32.data());
    } else {
      weights = float_value(dims, p.weights_f32.data());
      bias = float_value({out}, p.bias_f32.data());
    }
    check(depthwise ? xnn_define_depthwise_convolution_2d(
                          subgraph_, pad, pad, pad, pad, k, k, stride, stride, 1, 1, 1, in,
                          clamp.low, clamp.high, id(step.input), weights, bias, id(output), 0)
                    : xnn_define_convolution_2d(subgraph_, pad, pad, pad, pad, k, k, stride, stride,
                                                1, 1, 1, in, out, clamp.low, clamp.high,
                                                id(step.input), weights, bias, id(output), 0),
          "a convolution");
  }

  void add_float_activation(Activation activation, std::int32_t from, std::int32_t to) {
    const std::vector<std::size_t> dims = dims_of(model_.graph.tensors[from].shape);
    std::uint32_t x = id(from), y = id(to);
    if (int8_) {
      x = float_value(dims, nullptr);
      y = float_value(dims, nullptr);
      check(xnn_define_convert(subgraph_, id(from), x, 0), "a conversion to float");
    }
    if (activation == Activation::kHswish) {
      check(xnn_define_hardswish(subgraph_, x, y, 0), "a hswish");
    } else {
      static const float kThree = 3, kSixth = 1.0f / 6;
      const std::uint32_t clamped = float_value(dims, nullptr);
      check(xnn_define_add2(subgraph_, 0, 6, x, float_value({1}, &kThree), clamped, 0), "an add");
      check(xnn_define_multiply2(subgraph_, -INFINITY, INFINITY, clamped, float_value({1}, &kSixth),
                                 y, 0),
            "a mul");
    }
    if (int8_) check(xnn_define_convert(subgraph_, y, id(to), 0), "a conversion to int8");
  }

  const Model& model_;
  bool int8_;
  std::vector<std::uint32_t> ids_;
  std::list<std::vector<float>> kept_;
  xnn_subgraph_t subgraph_ = nullptr;
};

class XnnpackEngine : public Engine {
 public:
  XnnpackEngine(const Network& network, const EngineOptions& options)
      : model_(network.model(options.precision)), builder_(model_) {
    if (options.threads > 1) pool_ = pthreadpool_create(std::size_t(options.threads));
    check(xnn_create_runtime_v2(builder_.subgraph(), pool_, 0, &runtime_), "a runtime");
    const Tensor& in = model_.graph.tensors[model_.graph.inputs[0]];
    const Tensor& out = model_.graph.tensors[model_.graph.outputs[0]];
    real_.assign(std::size_t(in.bytes()), 0);
    if (options.precision == Precision::kInt8) {
      quantize_input(model_, network.input,
                     {reinterpret_cast<std::int8_t*>(real_.data()), real_.size()});
    } else {
      std::memcpy(real_.data(), network.input.data(), real_.size());
    }
    input_.assign(real_.size() + XNN_EXTRA_BYTES, 0);
    output_.assign(std::size_t(out.bytes()) + XNN_EXTRA_BYTES, 0);
    const xnn_external_value values[] = {{0, input_.data()}, {1, output_.data()}};
    check(xnn_setup_runtime(runtime_, 2, values), "inputs and outputs");
  }
  ~XnnpackEngine() override {
    xnn_delete_runtime(runtime_);
    pthreadpool_destroy(pool_);
  }

  void write_input() override { std::memcpy(input_.data(), real_.data(), real_.size()); }
  void run() override { check(xnn_invoke_runtime(runtime_), "to run"); }
  std::vector<float> output() override {
    const std::int32_t id = model_.graph.outputs[0];
    std::vector<float> real(std::size_t(model_.graph.tensors[id].shape.elements()));
    const TensorQuantization& q = model_.quantization[id];
    if (q.scale == 0) {
      std::memcpy(real.data(), output_.data(), real.size() * sizeof(float));
      return real;
    }
    for (std::size_t i = 0; i < real.size(); ++i) {
      real[i] = q.scale * static_cast<float>(std::int8_t(output_[i]) - q.zero_point);
    }
    return real;
  }
  std::string notes() const override {
    const auto& layers = model_.graph.layers;
    const bool converts = model_.quantization[model_.graph.outputs[0]].scale > 0 &&
                          std::any_of(layers.begin(), layers.end(), [](const Layer& layer) {
                            return layer.op == OpKind::kHswish;
                          });
    return converts ? "hswish in float" : "";
  }

 private:
  const Model& model_;
  SubgraphBuilder builder_;
  pthreadpool_t pool_ = nullptr;
  xnn_runtime_t runtime_ = nullptr;
  std::vector<std::uint8_t> real_, input_, output_;
};

}  // namespace

EngineOrReason make_xnnpack(const Network& network, const EngineOptions& options) {
  if (!options.isa.empty()) return {nullptr, "it cannot be limited to an instruction set"};
  try {
    check(xnn_initialize(nullptr), "to start");
    return {std::make_unique<XnnpackEngine>(network, options), ""};
  } catch (const std::exception& error) {
    return {nullptr, error.what()};
  }
}

}  // namespace edgefront::peers
