// One oneDNN primitive for each kind of fused step.
#include <algorithm>
#include <stdexcept>

#include "tests/bench/peers/onednn_network.h"

namespace edgefront::peers {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;

memory::dims dims_of(const Shape& shape) { return {1, shape.channels, shape.height, shape.width}; }

}  // namespace

void OneDnnNetwork::add_step(int index, const Step& step) {
  const Layer& layer = model_.graph.layers[step.layer];
  switch (layer.op) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
      return add_convolution(step);
    case OpKind::kFullyConnected:
      return variant_.fully_connected_as_conv ? add_convolution(step) : add_inner_product(step);
    case OpKind::kGlobalAveragePool:
      return add_pool(step);
    case OpKind::kAdd:
      return add_binary(step, algorithm::binary_add);
    case OpKind::kMul:
      return add_binary(step, algorithm::binary_mul);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kHswish:
    case OpKind::kHsigmoid:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      break;
  }
  throw std::runtime_error("step " + std::to_string(index) + ", a " + op_name(layer.op) +
                           " of its own, has no oneDNN primitive here");
}

void OneDnnNetwork::append_activation(const Step& step, Type out_type, float out_scale,
                                      dnnl::post_ops* ops) const {
  // Conversion to u8 saturates at 0; that of both types at 6 where that is the largest value.
  const bool last = int8_ && step.residual < 0;
  const bool clips_zero = last && out_type == Type::u8;
  const bool clips_six = last && out_scale * (out_type == Type::u8 ? 255.0f : 127.0f) <= 6.00001f;
  switch (step.activation) {
    case Activation::kNone:
      return;
    case Activation::kRelu:
    case Activation::kRelu6:
      if (step.activation == Activation::kRelu6 && !clips_six) {
        ops->append_eltwise(1, algorithm::eltwise_clip, 0, 6 / out_scale);
      } else if (!clips_zero) {
        ops->append_eltwise(1, algorithm::eltwise_relu, 0, 0);
      }
      return;
    case Activation::kHswish:
      ops->append_eltwise(1 / out_scale, algorithm::eltwise_hardswish, 0, 0);
      return;
    case Activation::kHsigmoid:
      ops->append_eltwise(1, algorithm::eltwise_linear, 1.0f / 6, 0.5f);
      ops->append_eltwise(1 / out_scale, algorithm::eltwise_clip, 0, 1);
      return;
  }
}

dnnl::primitive_attr OneDnnNetwork::attributes(const Step& step, Type out_type) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const float out_scale = scale_of(step.output, out_type);
  // hswish and hsigmoid work on real values and scale what they give.
  const bool real =
      step.activation == Activation::kHswish || step.activation == Activation::kHsigmoid;
  if (int8_) {
    std::vector<float> scales;
    for (const float w : model_.parameters[step.layer].weight_scales) {
      scales.push_back(value_of(step.input).scale * w / (real ? 1 : out_scale));
    }
    attr.set_output_scales(1 << 1, scales);
  }
  dnnl::post_ops ops;
  append_activation(step, out_type, out_scale, &ops);
  if (step.residual >= 0) {
    const OneDnnValue& residual = value_of(step.residual);
    ops.append_sum(residual.scale / out_scale, residual.desc.data_type());
  }
  attr.set_post_ops(ops);
  return attr;
}

void OneDnnNetwork::add_convolution(const Step& step) {
  const Layer& layer = model_.graph.layers[step.layer];
  const std::int64_t out = model_.graph.tensors[layer.output].shape.channels;
  const std::int64_t in = model_.graph.tensors[step.input].shape.channels, k = layer.kernel_size;
  const memory::dims dims = layer.op == OpKind::kDepthwiseConv2d ? memory::dims{out, 1, 1, k, k}
                                                                 : memory::dims{out, in, k, k};
  const memory::dims strides{layer.stride, layer.stride}, pad{k / 2, k / 2};
  const int residual = step.residual < 0 ? -1 : value_of_tensor_[step.residual];
  // A residual is added in place, whatever its type: the sum has its own.
  Desc target = activation_desc(step.output, type_of(step.output));
  if (residual >= 0) {
    target = values_[residual].desc;
    target.data.data_type = memory::convert_to_c(type_of(step.output));
  }
  const dnnl::convolution_forward::desc desc(
      prop_kind::forward_inference, algorithm::convolution_direct,
      activation_desc(step.input, value_of(step.input).desc.data_type()),
      Desc(dims, int8_ ? Type::s8 : Type::f32, memory::format_tag::any),
      Desc({out}, Type::f32, memory::format_tag::x), target, strides, pad, pad);
  const dnnl::convolution_forward::primitive_desc pd(desc, attributes(step, target.data_type()),
                                                     engine_);
  memory bias = bias_of(step);
  const int input = value_as(step.input, pd.src_desc());
  const int output = new_value(pd.dst_desc(), scale_of(step.output, target.data_type()));
  values_[output].alias = residual;
  value_of_tensor_[step.output] = output;
  add_primitive(
      dnnl::convolution_forward(pd), pd.impl_info_str(), pd.scratchpad_desc(),
      {argument(DNNL_ARG_SRC, input, pd.src_desc()), argument(DNNL_ARG_DST, output, pd.dst_desc())},
      {{DNNL_ARG_WEIGHTS, weights_in(pd.weights_desc(), step)}, {DNNL_ARG_BIAS, bias}});
}

/// On 1x1 images NHWC is a plain row, so the values around it stay four-dimensional.
void OneDnnNetwork::add_inner_product(const Step& step) {
  const Shape& from = model_.graph.tensors[step.input].shape;
  const Shape& to = model_.graph.tensors[step.output].shape;
  const Type in_type = value_of(step.input).desc.data_type(), out_type = type_of(step.output);
  const Desc source({1, from.channels}, in_type, memory::format_tag::ab);
  const Desc target({1, to.channels}, out_type, memory::format_tag::ab);
  const dnnl::inner_product_forward::desc desc(
      prop_kind::forward_inference, source,
      Desc({to.channels, from.channels}, int8_ ? Type::s8 : Type::f32, memory::format_tag::any),
      Desc({to.channels}, Type::f32, memory::format_tag::x), target);
  const dnnl::inner_product_forward::primitive_desc pd(desc, attributes(step, out_type), engine_);
  memory bias = bias_of(step);
  const int input = value_as(step.input, {dims_of(from), in_type, memory::format_tag::nhwc});
  const int output =
      new_value({dims_of(to), out_type, memory::format_tag::nhwc}, scale_of(step.output, out_type));
  value_of_tensor_[step.output] = output;
  add_primitive(dnnl::inner_product_forward(pd), pd.impl_info_str(), pd.scratchpad_desc(),
                {argument(DNNL_ARG_SRC, input, source), argument(DNNL_ARG_DST, output, target)},
                {{DNNL_ARG_WEIGHTS, weights_in(pd.weights_desc(), step)}, {DNNL_ARG_BIAS, bias}});
}

void OneDnnNetwork::add_pool(const Step& step) {
  const int input = value_of_tensor_[step.input];
  const Desc source = values_[input].desc;
  const Shape& shape = model_.graph.tensors[step.input].shape;
  const memory::dims window{shape.height, shape.width}, none{0, 0};
  const Desc target = activation_desc(step.output, source.data_type());
  const dnnl::pooling_forward::desc desc(prop_kind::forward_inference,
                                         algorithm::pooling_avg_exclude_padding, source, target,
                                         window, window, none, none);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  // Means are smaller than what they are made from, so they get a scale of their own.
  const float scale = scale_of(step.output, source.data_type());
  if (int8_) {
    dnnl::post_ops ops;
    ops.append_eltwise(1, algorithm::eltwise_linear, values_[input].scale / scale, 0);
    attr.set_post_ops(ops);
  }
  const dnnl::pooling_forward::primitive_desc pd(desc, attr, engine_);
  const int output = new_value(pd.dst_desc(), scale);
  value_of_tensor_[step.output] = output;
  add_primitive(
      dnnl::pooling_forward(pd), pd.impl_info_str(), pd.scratchpad_desc(),
      {argument(DNNL_ARG_SRC, input, source), argument(DNNL_ARG_DST, output, pd.dst_desc())}, {});
}

void OneDnnNetwork::add_binary(const Step& step, algorithm kind) {
  const int a = value_of_tensor_[step.input];
  const Desc first = values_[a].desc;
  // The fast implementations want both operands in one layout.
  Desc second = value_of(step.input2).desc;
  for (const auto tag :
       {memory::format_tag::nhwc, memory::format_tag::nChw8c, memory::format_tag::nChw16c}) {
    if (first == Desc(first.dims(), first.data_type(), tag)) {
      second = Desc(second.dims(), second.data_type(), tag);
    }
  }
  const int b = value_as(step.input2, second);
  const Type out_type = type_of(step.output);
  const float out_scale = scale_of(step.output, out_type);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (int8_) {
    const bool add = kind == algorithm::binary_add;
    attr.set_scales(DNNL_ARG_SRC_0, 0, {values_[a].scale / out_scale});
    attr.set_scales(DNNL_ARG_SRC_1, 0, {values_[b].scale / (add ? out_scale : 1)});
  }
  const dnnl::binary::desc desc(kind, first, second, activation_desc(step.output, out_type));
  const dnnl::binary::primitive_desc pd(desc, attr, engine_);
  const int output = new_value(pd.dst_desc(), out_scale);
  value_of_tensor_[step.output] = output;
  add_primitive(dnnl::binary(pd), pd.impl_info_str(), pd.scratchpad_desc(),
                {argument(DNNL_ARG_SRC_0, a, first), argument(DNNL_ARG_SRC_1, b, second),
                 argument(DNNL_ARG_DST, output, pd.dst_desc())},
                {});
}

}  // namespace edgefront::peers
