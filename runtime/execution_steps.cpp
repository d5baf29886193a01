#include "runtime/execution_steps.h"

#include <algorithm>
#include <string>

#include "runtime/memory_plan.h"

namespace edgefront {
namespace {

/// Chunks of first layers that run so to save memory: a row, or a few short ones.
constexpr std::int64_t kPatchChunkBytes = std::int64_t{4} << 10;

/// Expanded tensors of this size make a bottleneck run banded: a large part of a second-level cache
/// of 1 MiB. Below, it makes no difference, or the smaller calls cost more than the cache gives.
constexpr std::int64_t kBandedBytes = std::int64_t{384} << 10;

bool is_pointwise(const Layer& layer) {
  return layer.op == OpKind::kConv2d && layer.kernel_size == 1 && layer.stride == 1;
}

BlockPath path_of(const StepOptions& options, std::int32_t block) {
  for (const PathChoice& choice : options.choices) {
    if (choice.block == block) return choice.path;
  }
  return options.path;
}

/// One behind the last layer that the first `count` steps replace.
std::int32_t layers_of(const std::vector<Step>& steps, int count) {
  std::int32_t last = -1;
  for (int i = 0; i < count; ++i) {
    last = std::max({last, steps[i].layer, steps[i].activation_layer, steps[i].add_layer});
  }
  return last + 1;
}

/// How many fused steps the first `layers` layers are, where they can run as one chain; else 0.
int patch_steps(const LayerGraph& graph, const std::vector<Step>& fused, std::int32_t layers) {
  int count = 0;
  while (count < static_cast<int>(fused.size()) && fused[count].layer < layers) ++count;
  return layers_of(fused, count) == layers && is_chain(graph, fused, 0, count) ? count : 0;
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

bool is_banded_bottleneck(const LayerGraph& graph, const Step& step) {
  return step.chunk_bytes == kBottleneckChunkBytes &&
         is_inverted_bottleneck(graph, step.parts, 0, static_cast<int>(step.parts.size()));
}

bool banded_by_rule(const LayerGraph& graph, const Step& bottleneck, const KernelSet& set) {
  // Measured for these sets alone.
  const std::string name = set.name;
  if (name.rfind("avx", 0) != 0 && name != "amx") return false;
  // Without expansion nothing is wider than what the block reads.
  return bottleneck.parts.size() == 3 &&
         graph.tensors[bottleneck.parts[0].output].bytes() >= kBandedBytes;
}

std::vector<Step> execution_steps(const LayerGraph& graph, const KernelSet& set,
                                  const StepOptions& options) {
  if (!options.fuse) return unfused(graph);
  const std::vector<Step> fused = fuse(graph);
  std::vector<Step> steps;
  const int patched = patch_steps(graph, fused, options.patch_layers);
  if (patched > 0) steps.push_back(chain_of(fused, 0, patched, kPatchChunkBytes));
  for (int i = patched; i < static_cast<int>(fused.size());) {
    const BlockPath path = path_of(options, graph.layers[fused[i].layer].block);
    int length = 1;
    if (path != BlockPath::kLayers) {
      if (is_inverted_bottleneck(graph, fused, i, i + 2)) length = 2;
      if (is_inverted_bottleneck(graph, fused, i, i + 3)) length = 3;
    }
    if (length > 1) {
      const Step chain = chain_of(fused, i, i + length, kBottleneckChunkBytes);
      if (path == BlockPath::kBanded || banded_by_rule(graph, chain, set)) {
        steps.push_back(chain);
        i += length;
        continue;
      }
    }
    steps.push_back(fused[i++]);
  }
  return steps;
}

Status check_patch_layers(const LayerGraph& graph, std::int32_t patch_layers) {
  if (patch_layers == 0 || patch_steps(graph, fuse(graph), patch_layers) > 0) return {};
  return Status::invalid("patch_layers " + std::to_string(patch_layers) +
                         ": accepted is 0, or the number of first layers that are convolutions "
                         "with their activations and adds and read each other's outputs alone");
}

std::int32_t best_patch_layers(const LayerGraph& graph, const KernelSet& set, int threads,
                               StepOptions options) {
  const std::vector<Step> fused = fuse(graph);
  options.patch_layers = 0;
  std::int32_t best = 0;
  std::int64_t least =
      plan_memory(graph, execution_steps(graph, set, options), set, threads).arena_bytes;
  for (int count = 2; count <= static_cast<int>(fused.size()); ++count) {
    options.patch_layers = layers_of(fused, count);
    if (patch_steps(graph, fused, options.patch_layers) != count) continue;
    const std::vector<Step> steps = execution_steps(graph, set, options);
    const std::int64_t bytes = plan_memory(graph, steps, set, threads).arena_bytes;
    if (bytes < least) best = options.patch_layers;
    least = std::min(least, bytes);
  }
  return best;
}

std::int64_t step_macs(const LayerGraph& graph, const Step& step) {
  if (!step.banded()) return macs(graph, graph.layers[step.layer]);
  std::int64_t sum = 0;
  for (const Step& part : step.parts) sum += step_macs(graph, part);
  return sum;
}

}  // namespace edgefront
