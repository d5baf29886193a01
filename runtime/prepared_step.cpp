#include "runtime/prepared_step.h"

#include <cstring>

#include "runtime/step_slices.h"

namespace edgefront {
namespace {

const std::int8_t* s8(const void* p) { return static_cast<const std::int8_t*>(p); }
std::int8_t* s8(void* p) { return static_cast<std::int8_t*>(p); }
const float* f32(const void* p) { return static_cast<const float*>(p); }
float* f32(void* p) { return static_cast<float*>(p); }

void run_conv_s8(const PreparedStep& s) { s.conv_s8.kernel(s.conv_s8.args); }
void run_conv_f32(const PreparedStep& s) { s.conv_f32.kernel(s.conv_f32.args); }
void run_add_s8(const PreparedStep& s) { s.operators->add_s8(s.add_s8); }
void run_mul_s8(const PreparedStep& s) { s.operators->mul_s8(s.mul_s8); }
void run_pool_s8(const PreparedStep& s) { s.operators->global_average_pool_s8(s.pool_s8); }
void run_table_s8(const PreparedStep& s) {
  const ElementwiseArgs& e = s.elementwise;
  s.operators->table_s8(s8(e.a), s8(e.output), e.count, e.table);
}
void run_clamp_s8(const PreparedStep& s) {
  const ElementwiseArgs& e = s.elementwise;
  s.operators->clamp_s8(s8(e.a), s8(e.output), e.count, e.qmin, e.qmax);
}
void run_quantize(const PreparedStep& s) {
  const ElementwiseArgs& e = s.elementwise;
  s.operators->quantize_s8(f32(e.a), s8(e.output), e.count, e.scale, e.zero_point);
}
void run_dequantize(const PreparedStep& s) {
  const ElementwiseArgs& e = s.elementwise;
  s.operators->dequantize_s8(s8(e.a), f32(e.output), e.count, e.scale, e.zero_point);
}
void run_add_f32(const PreparedStep& s) {
  const ElementwiseArgs& e = s.elementwise;
  s.operators->add_f32(f32(e.a), f32(e.b), f32(e.output), e.count);
}
void run_mul_f32(const PreparedStep& s) {
  const ElementwiseArgs& e = s.elementwise;
  s.operators->mul_f32(f32(e.a), f32(e.b), f32(e.output), e.count, e.channels, e.b_is_full);
}
void run_pool_f32(const PreparedStep& s) {
  const ElementwiseArgs& e = s.elementwise;
  s.operators->global_average_pool_f32(f32(e.a), f32(e.output), e.count, e.channels);
}
template <void (*ElementwiseKernels::*kFunction)(const float*, float*, std::int64_t)>
void run_unary_f32(const PreparedStep& s) {
  (s.operators->*kFunction)(f32(s.elementwise.a), f32(s.elementwise.output), s.elementwise.count);
}

ActivationF32 activation_f32(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return kActNoneF32;
    case Activation::kRelu:
      return kActReluF32;
    case Activation::kRelu6:
      return kActRelu6F32;
    case Activation::kHswish:
      return kActHswishF32;
    case Activation::kHsigmoid:
      return kActHsigmoidF32;
  }
  return kActNoneF32;
}

/// Everything that the functions below share.
struct Context {
  const Model& model;
  const Step& step;
  const KernelSet& set;
  const StepMemory& memory;
  PackedBytes packed;

  const Layer& layer() const { return model.graph.layers[step.layer]; }
  const Shape& shape(std::int32_t tensor) const { return model.graph.tensors[tensor].shape; }
  const TensorQuantization& quantization(std::int32_t tensor) const {
    return model.quantization[tensor];
  }
  void* address(std::int32_t tensor) const {
    if (tensor < 0 || memory.plan->tensor_offset[tensor] < 0) return nullptr;
    return memory.arena + memory.plan->tensor_offset[tensor];
  }
  void* scratch() const {
    return memory.plan->scratch_bytes == 0 ? nullptr : memory.arena + memory.plan->scratch_offset;
  }
  /// Copies `values` to the step's own memory at `offset`.
  template <typename T>
  const T* keep(const std::vector<T>& values, std::int64_t offset) const {
    std::memcpy(memory.packed + offset, values.data(), values.size() * sizeof(T));
    return reinterpret_cast<const T*>(memory.packed + offset);
  }
  const std::int8_t* keep_table(std::int32_t of_layer) const {
    return keep(model.parameters[of_layer].table, packed.weights + packed.multipliers);
  }
};

RequantizeS8 resolve_requantize(const Context& c) {
  RequantizeS8 r{};
  r.multipliers = c.keep(requantize_multipliers(c.model, c.step.layer), c.packed.weights);
  std::int32_t tensor = c.layer().output;
  r.zero_point = c.quantization(tensor).zero_point;
  ClampRange clamp;
  if (c.step.activation_layer >= 0) {
    const Layer& activation = c.model.graph.layers[c.step.activation_layer];
    clamp = clamp_range(activation.op, c.quantization(tensor));
    if (c.packed.table > 0) r.table = c.keep_table(c.step.activation_layer);
    tensor = activation.output;
  }
  r.qmin = clamp.qmin;
  r.qmax = clamp.qmax;
  if (c.step.add_layer >= 0) {
    const Layer& add = c.model.graph.layers[c.step.add_layer];
    const int own = add.inputs[0] == tensor ? 0 : 1;
    r.residual = s8(c.address(c.step.residual));
    r.conv_multiplier = elementwise_multiplier(c.model, c.step.add_layer, own);
    r.conv_zero_point = c.quantization(tensor).zero_point;
    r.residual_multiplier = elementwise_multiplier(c.model, c.step.add_layer, 1 - own);
    r.residual_zero_point = c.quantization(c.step.residual).zero_point;
    r.sum_zero_point = c.quantization(add.output).zero_point;
    r.sum_qmin = -128;
    r.sum_qmax = 127;
  }
  return r;
}

/// Packs the weights of a layer, or of each slice of it that has weights of its own, one behind the
/// other. `pack` takes a geometry, the first weight and channel, and the place.
template <typename Pack>
void pack_slices(const Context& c, const Pack& pack) {
  const ConvGeometry whole = geometry_of(c.model.graph, c.layer());
  const int slices = c.layer().op == OpKind::kFullyConnected ? c.memory.slices : 1;
  char* packed = c.memory.packed;
  for (int i = 0; i < slices; ++i) {
    const SliceGeometry slice = slice_geometry(c.layer().op, whole, i, slices);
    if (slice.geometry.out_channels == 0) continue;
    const std::ptrdiff_t first = slice.first_channel;
    pack(slice.geometry, first * whole.in_channels, first, packed);
    packed += slice_packed_bytes(c.model.graph, c.step, c.set, i, slices);
  }
}

PreparedStep prepare_conv_s8(const Context& c) {
  const ConvGeometry geometry = geometry_of(c.model.graph, c.layer());
  const ConvKernelS8& kernel = kernel_s8(c.set, c.layer().op, geometry);
  const LayerParameters& p = c.model.parameters[c.step.layer];
  ConvArgsS8 args{};
  args.geometry = geometry;
  args.rows = {0, geometry.out_height, 0, 0};
  args.input = s8(c.address(c.step.input));
  args.input_zero_point = c.quantization(c.step.input).zero_point;
  args.packed = c.memory.packed;
  args.output = s8(c.address(c.step.output));
  args.requantize = resolve_requantize(c);
  args.scratch = c.scratch();
  pack_slices(
      c, [&](const ConvGeometry& g, std::ptrdiff_t weight, std::ptrdiff_t channel, char* packed) {
        kernel.pack(g, p.weights_s8.data() + weight, p.bias_s32.data() + channel,
                    args.input_zero_point, packed);
      });
  PreparedStep prepared{};
  prepared.run = run_conv_s8;
  prepared.conv_s8 = {kernel.run, args};
  return prepared;
}

PreparedStep prepare_conv_f32(const Context& c) {
  const ConvGeometry geometry = geometry_of(c.model.graph, c.layer());
  const ConvKernelF32& kernel = kernel_f32(c.set, c.layer().op, geometry);
  const LayerParameters& p = c.model.parameters[c.step.layer];
  ConvArgsF32 args{};
  args.geometry = geometry;
  args.rows = {0, geometry.out_height, 0, 0};
  args.input = f32(c.address(c.step.input));
  args.packed = c.memory.packed;
  args.output = f32(c.address(c.step.output));
  args.activation = activation_f32(c.step.activation);
  args.residual = f32(c.address(c.step.residual));
  args.scratch = c.scratch();
  pack_slices(
      c, [&](const ConvGeometry& g, std::ptrdiff_t weight, std::ptrdiff_t channel, char* packed) {
        kernel.pack(g, p.weights_f32.data() + weight, p.bias_f32.data() + channel, packed);
      });
  PreparedStep prepared{};
  prepared.run = run_conv_f32;
  prepared.conv_f32 = {kernel.run, args};
  return prepared;
}

PreparedStep prepare_add_s8(const Context& c) {
  AddArgsS8 args{};
  args.a = s8(c.address(c.step.input));
  args.b = s8(c.address(c.step.input2));
  args.output = s8(c.address(c.step.output));
  args.count = c.shape(c.step.output).elements();
  args.a_zero_point = c.quantization(c.step.input).zero_point;
  args.b_zero_point = c.quantization(c.step.input2).zero_point;
  args.output_zero_point = c.quantization(c.step.output).zero_point;
  args.a_multiplier = elementwise_multiplier(c.model, c.step.layer, 0);
  args.b_multiplier = elementwise_multiplier(c.model, c.step.layer, 1);
  args.qmin = -128;
  args.qmax = 127;
  PreparedStep prepared{};
  prepared.run = run_add_s8;
  prepared.add_s8 = args;
  return prepared;
}

PreparedStep prepare_mul_s8(const Context& c) {
  const Shape& shape = c.shape(c.step.input);
  MulArgsS8 args{};
  args.a = s8(c.address(c.step.input));
  args.b = s8(c.address(c.step.input2));
  args.output = s8(c.address(c.step.output));
  args.pixels = std::int64_t{shape.height} * shape.width;
  args.channels = shape.channels;
  args.b_is_full = c.shape(c.step.input2) == shape;
  args.a_zero_point = c.quantization(c.step.input).zero_point;
  args.b_zero_point = c.quantization(c.step.input2).zero_point;
  args.output_zero_point = c.quantization(c.step.output).zero_point;
  args.multiplier = elementwise_multiplier(c.model, c.step.layer, 0);
  args.qmin = -128;
  args.qmax = 127;
  PreparedStep prepared{};
  prepared.run = run_mul_s8;
  prepared.mul_s8 = args;
  return prepared;
}

PreparedStep prepare_pool_s8(const Context& c) {
  const Shape& shape = c.shape(c.step.input);
  PoolArgsS8 args{};
  args.input = s8(c.address(c.step.input));
  args.output = s8(c.address(c.step.output));
  args.pixels = std::int64_t{shape.height} * shape.width;
  args.channels = shape.channels;
  args.input_zero_point = c.quantization(c.step.input).zero_point;
  args.output_zero_point = c.quantization(c.step.output).zero_point;
  args.multiplier = elementwise_multiplier(c.model, c.step.layer, 0);
  args.qmin = -128;
  args.qmax = 127;
  PreparedStep prepared{};
  prepared.run = run_pool_s8;
  prepared.pool_s8 = args;
  return prepared;
}

/// The plain operators; `count` is pixels where the function wants pixels.
PreparedStep prepare_plain(const Context& c, void (*run)(const PreparedStep&)) {
  const Shape& shape = c.shape(c.step.input);
  const OpKind op = c.layer().op;
  const bool by_pixel = op == OpKind::kMul || op == OpKind::kGlobalAveragePool;
  PreparedStep prepared{};
  prepared.run = run;
  ElementwiseArgs& e = prepared.elementwise;
  e = ElementwiseArgs{};
  e.a = c.address(c.step.input);
  e.b = c.address(c.step.input2);
  e.output = c.address(c.step.output);
  e.count = by_pixel ? std::int64_t{shape.height} * shape.width : shape.elements();
  e.channels = shape.channels;
  e.b_is_full = c.step.input2 >= 0 && c.shape(c.step.input2) == shape;
  const std::int32_t quantized = op == OpKind::kDequantize ? c.step.input : c.step.output;
  const ClampRange clamp = clamp_range(op, c.quantization(quantized));
  e.qmin = clamp.qmin;
  e.qmax = clamp.qmax;
  e.scale = c.quantization(quantized).scale;
  e.zero_point = c.quantization(quantized).zero_point;
  if (c.packed.table > 0) e.table = c.keep_table(c.step.layer);
  return prepared;
}

PreparedStep prepare_operator(const Context& c) {
  const bool int8 = c.layer().precision == Precision::kInt8;
  switch (c.layer().op) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kFullyConnected:
      return int8 ? prepare_conv_s8(c) : prepare_conv_f32(c);
    case OpKind::kAdd:
      return int8 ? prepare_add_s8(c) : prepare_plain(c, run_add_f32);
    case OpKind::kMul:
      return int8 ? prepare_mul_s8(c) : prepare_plain(c, run_mul_f32);
    case OpKind::kGlobalAveragePool:
      return int8 ? prepare_pool_s8(c) : prepare_plain(c, run_pool_f32);
    case OpKind::kRelu:
      return prepare_plain(c, int8 ? run_clamp_s8 : run_unary_f32<&ElementwiseKernels::relu_f32>);
    case OpKind::kRelu6:
      return prepare_plain(c, int8 ? run_clamp_s8 : run_unary_f32<&ElementwiseKernels::relu6_f32>);
    case OpKind::kHswish:
      return prepare_plain(c, int8 ? run_table_s8 : run_unary_f32<&ElementwiseKernels::hswish_f32>);
    case OpKind::kHsigmoid:
      return prepare_plain(c,
                           int8 ? run_table_s8 : run_unary_f32<&ElementwiseKernels::hsigmoid_f32>);
    case OpKind::kQuantize:
      return prepare_plain(c, run_quantize);
    case OpKind::kDequantize:
      return prepare_plain(c, run_dequantize);
  }
  return PreparedStep{};
}

}  // namespace

PreparedStep prepare_step(const Model& model, const Step& step, const KernelSet& set,
                          const StepMemory& memory) {
  PreparedStep prepared = prepare_operator(
      {model, step, set, memory, step_packed_bytes(model.graph, step, set, memory.slices)});
  prepared.operators = &elementwise_kernels(set);
  return prepared;
}

}  // namespace edgefront
