#include "runtime/prepared_slice.h"

#include "runtime/memory_plan.h"
#include "runtime/step_slices.h"

namespace edgefront {
namespace {

// Register tiles are 4 to 12 pixels; a multiple of 8 leaves few incomplete ones.
constexpr std::int64_t kPixelUnit = 8;
// A cache line of int8 values: no two threads write to one.
constexpr std::int64_t kValueUnit = 64;

/// One slice of a step, wherever its arguments lie.
struct Cut {
  const LayerGraph& graph;
  const Step& step;
  const KernelSet& set;
  int index, slices;

  const Layer& layer() const { return graph.layers[step.layer]; }
  Share share(std::int64_t count, std::int64_t unit) const {
    return share_of(count, unit, index, slices);
  }
};

/// The arguments that int8 and fp32 layers with weights have in common. False for an empty slice.
template <typename Args>
bool cut_layer(const Cut& c, const SliceGeometry& slice, Args* args) {
  args->geometry = slice.geometry;
  args->scratch = args->scratch == nullptr
                      ? nullptr
                      : static_cast<char*>(args->scratch) +
                            c.index * slice_scratch_bytes(c.graph, c.step, c.set, c.slices);
  if (c.layer().op == OpKind::kFullyConnected) {
    args->output += slice.first_channel;
    const char* packed = static_cast<const char*>(args->packed);
    for (int i = 0; i < c.index; ++i) {
      packed += slice_packed_bytes(c.graph, c.step, c.set, i, c.slices);
    }
    args->packed = packed;
    return slice.geometry.out_channels > 0;
  }
  const bool pixels = slice.geometry.out_width == 1;
  const Share rows = c.share(slice.geometry.out_height, pixels ? kPixelUnit : 1);
  args->rows.begin = static_cast<std::int32_t>(rows.begin);
  args->rows.end = static_cast<std::int32_t>(rows.end);
  return rows.end > rows.begin;
}

SliceGeometry geometry_of_slice(const Cut& c) {
  return slice_geometry(c.layer().op, geometry_of(c.graph, c.layer()), c.index, c.slices);
}

bool cut_conv_s8(const Cut& c, ConvArgsS8* args) {
  const SliceGeometry slice = geometry_of_slice(c);
  args->requantize.multipliers += slice.first_channel;
  if (args->requantize.residual != nullptr) args->requantize.residual += slice.first_channel;
  return cut_layer(c, slice, args);
}

bool cut_conv_f32(const Cut& c, ConvArgsF32* args) {
  const SliceGeometry slice = geometry_of_slice(c);
  if (args->residual != nullptr) args->residual += slice.first_channel;
  return cut_layer(c, slice, args);
}

bool cut_add_s8(const Cut& c, AddArgsS8* args) {
  const Share values = c.share(args->count, kValueUnit);
  args->a += values.begin;
  args->b += values.begin;
  args->output += values.begin;
  args->count = values.end - values.begin;
  return args->count > 0;
}

bool cut_mul_s8(const Cut& c, MulArgsS8* args) {
  const Share pixels = c.share(args->pixels, 1);
  const std::int64_t first = pixels.begin * args->channels;
  args->a += first;
  if (args->b_is_full) args->b += first;
  args->output += first;
  args->pixels = pixels.end - pixels.begin;
  return args->pixels > 0;
}

/// Operators that take plain lists; a mul counts pixels, the others values.
bool cut_plain(const Cut& c, ElementwiseArgs* args) {
  const auto bytes_of = [&](std::int32_t tensor) {
    return c.graph.tensors[tensor].precision == Precision::kFloat32 ? 4 : 1;
  };
  const bool mul = c.layer().op == OpKind::kMul;
  const Share share = c.share(args->count, mul ? 1 : kValueUnit);
  const std::int64_t first = share.begin * (mul ? args->channels : 1);
  args->a = static_cast<const char*>(args->a) + first * bytes_of(c.step.input);
  if (args->b != nullptr && (!mul || args->b_is_full)) {
    args->b = static_cast<const char*>(args->b) + first * bytes_of(c.step.input2);
  }
  args->output = static_cast<char*>(args->output) + first * bytes_of(c.step.output);
  args->count = share.end - share.begin;
  return args->count > 0;
}

bool cut_step(const Cut& c, PreparedStep* step) {
  const bool int8 = c.layer().precision == Precision::kInt8;
  switch (c.layer().op) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kFullyConnected:
      return int8 ? cut_conv_s8(c, &step->conv_s8.args) : cut_conv_f32(c, &step->conv_f32.args);
    case OpKind::kAdd:
      return int8 ? cut_add_s8(c, &step->add_s8) : cut_plain(c, &step->elementwise);
    case OpKind::kMul:
      return int8 ? cut_mul_s8(c, &step->mul_s8) : cut_plain(c, &step->elementwise);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kHswish:
    case OpKind::kHsigmoid:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      return cut_plain(c, &step->elementwise);
    case OpKind::kGlobalAveragePool:
      return c.index == 0;
  }
  return false;
}

}  // namespace

PreparedStep slice_of(const PreparedStep& whole, const LayerGraph& graph, const Step& step,
                      const KernelSet& set, int index, int slices) {
  PreparedStep slice = whole;
  const bool any = slices == 1 ? index == 0 : cut_step({graph, step, set, index, slices}, &slice);
  if (!any) slice.run = nullptr;
  return slice;
}

}  // namespace edgefront
