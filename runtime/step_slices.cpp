#include "runtime/step_slices.h"

#include <algorithm>

namespace edgefront {
namespace {

constexpr std::int32_t kChannelUnit = 16;  // packed weights come in panels of as many channels

std::int64_t work_of(const LayerGraph& graph, const Step& step) {
  std::int64_t sum = 0;
  for (const Step& part : step.parts) sum += work_of(graph, part);
  // Slices of a long chain would compute too much twice.
  if (step.banded()) return step.parts.size() > 3 ? 0 : sum;
  const Layer& layer = graph.layers[step.layer];
  switch (layer.op) {
    case OpKind::kConv2d:
    case OpKind::kFullyConnected:
      return macs(graph, layer) * (layer.precision == Precision::kInt8 ? 1 : 4);
    case OpKind::kDepthwiseConv2d:
      return macs(graph, layer) * 8;
    case OpKind::kAdd:
    case OpKind::kMul:
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kHswish:
    case OpKind::kHsigmoid:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      return 16 * graph.tensors[step.input].shape.elements();
    case OpKind::kGlobalAveragePool:
      return 0;  // sums over all pixels; never cut
  }
  return 0;
}

}  // namespace

int step_slices(const LayerGraph& graph, const Step& step, int threads) {
  return work_of(graph, step) >= kMinSliceWork * threads ? threads : 1;
}

Share share_of(std::int64_t count, std::int64_t unit, int index, int slices) {
  const std::int64_t units = (count + unit - 1) / unit;
  return {std::min(count, units * index / slices * unit),
          std::min(count, units * (index + 1) / slices * unit)};
}

SliceGeometry slice_geometry(OpKind op, const ConvGeometry& whole, int index, int slices) {
  SliceGeometry slice{whole, 0};
  if (slices == 1) return slice;
  ConvGeometry& g = slice.geometry;
  if (op == OpKind::kFullyConnected) {
    const Share channels = share_of(whole.out_channels, kChannelUnit, index, slices);
    slice.first_channel = static_cast<std::int32_t>(channels.begin);
    g.out_channels = static_cast<std::int32_t>(channels.end - channels.begin);
  } else if (op == OpKind::kConv2d && whole.kernel == 1 && whole.stride == 1) {
    g.in_height = g.out_height = whole.out_height * whole.out_width;
    g.in_width = g.out_width = 1;
  }
  return slice;
}

}  // namespace edgefront
