#include "runtime/execution_steps.h"

#include <algorithm>

namespace edgefront {
namespace {

/// Chunks of an inverted bottleneck: large enough for kernels to run at their speed, and small
/// enough for the rows of all its layers to stay in a second-level cache of 512 KiB or more.
constexpr std::int64_t kBottleneckChunkBytes = std::int64_t{128} << 10;

bool is_pointwise(const Layer& layer) {
  return layer.op == OpKind::kConv2d && layer.kernel_size == 1 && layer.stride == 1;
}

}  // namespace

bool is_inverted_bottleneck(const LayerGraph& graph, const std::vector<Step>& steps, int first,
                            int last) {
  if (last - first < 2 || last - first > 3 || last > static_cast<int>(steps.size())) return false;
  const auto layer = [&](int i) -> const Layer& { return graph.layers[steps[i].layer]; };
  for (int i = first; i < last; ++i) {
    const bool depthwise = i == last - 2;
    if (depthwise ? layer(i).op != OpKind::kDepthwiseConv2d : !is_pointwise(layer(i))) return false;
    if (layer(i).block != layer(first).block) return false;
    const bool adds_input = i == last - 1 && steps[i].residual == steps[first].input;
    if (steps[i].residual >= 0 && !adds_input) return false;
  }
  return is_chain(graph, steps, first, last);
}

std::vector<Step> execution_steps(const LayerGraph& graph, const StepOptions& options) {
  if (!options.fuse) return unfused(graph);
  const std::vector<Step> fused = fuse(graph);
  if (options.path == BlockPath::kLayers) return fused;
  std::vector<Step> steps;
  for (int i = 0; i < static_cast<int>(fused.size());) {
    int last = i + 1;
    for (const int length : {3, 2}) {
      if (is_inverted_bottleneck(graph, fused, i, i + length)) last = std::max(last, i + length);
    }
    steps.push_back(last == i + 1 ? fused[i] : chain_of(fused, i, last, kBottleneckChunkBytes));
    i = last;
  }
  return steps;
}

}  // namespace edgefront
