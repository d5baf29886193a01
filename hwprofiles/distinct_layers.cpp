// The layers of all networks of a space. A block's layers depend on its genes and on the channels
// and resolution that reach it, on nothing else; so each block is lowered once per such border, in
// a network of its own, instead of each of the 10^9 networks.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "hwprofiles/profiler.h"
#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"
#include "space/bare_network.h"
#include "space/genes.h"
#include "space/lower.h"

namespace edgefront {
namespace {

/// What one block hands to the next.
struct Border {
  int channels = 0, resolution = 0;
  auto operator<=>(const Border&) const = default;
};
using Borders = std::set<Border>;

class LayerCollector {
 public:
  LayerCollector(const SearchSpace& space, Precision precision, int threads, const KernelSet& set)
      : space_(space), precision_(precision), threads_(threads), set_(set) {}

  void add_stem(int resolution, int width) {
    Architecture network = bare_network(space_, width, resolution);
    network.stem_kernel_size = space_.stem.kernel_size;
    network.stem_stride = space_.stem.stride;
    network.stem_activation = space_.stem.activation;
    add(network, 0);
  }

  void add_head(const Border& border, int head_channels, int feature_units) {
    Architecture network = bare_network(space_, border.channels, border.resolution);
    network.head_channels = head_channels;
    network.feature_units = feature_units;
    network.head_activation = space_.head.activation;
    add(network, 1);
  }

  /// All choices of one block of `stage`.
  void add_blocks(const StageChoices& stage, const Border& in, int out_channels, int stride) {
    const BlockChoice counts = block_choice_counts(stage.block);
    BlockChoice choice{};
    do {
      BlockArchitecture block =
          build_block(space_, stage.block, choice, in.channels, out_channels, stride);
      block.name = "block";
      if (!seen_.insert({build_key(block), {in.channels, out_channels, stride, in.resolution}})
               .second) {
        continue;
      }
      Architecture network = bare_network(space_, in.channels, in.resolution);
      network.blocks.push_back(block);
      add(network, 1);
    } while (next_choice(counts, choice));
  }

  std::vector<LayerKey> sorted() const {
    std::vector<LayerKey> keys;
    for (const auto& [text, key] : keys_) keys.push_back(key);
    return keys;
  }

 private:
  /// Keeps the steps that stand in graph block `block`: as they run by the rule, and the single
  /// layers of what then runs in bands.
  void add(const Architecture& network, int block) {
    const LayerGraph graph = with_precision(lower(network), precision_);
    for (const BlockPath path : {BlockPath::kRule, BlockPath::kLayers}) {
      for (const Step& step : execution_steps(graph, set_, {true, path, {}, 0})) {
        if (graph.layers[step.layer].block != block) continue;
        LayerKey key = key_of(graph, step, set_, threads_);
        keys_.try_emplace(key.text(), key);
      }
    }
  }

  const SearchSpace& space_;
  Precision precision_;
  int threads_;
  const KernelSet& set_;
  std::set<std::pair<std::array<int, 6>, std::array<int, 4>>> seen_;
  std::map<std::string, LayerKey> keys_;
};

Borders add_stems(const SearchSpace& space, LayerCollector& layers) {
  Borders borders;
  for (const int resolution : space.resolution) {
    for (const int width : space.stem.width) {
      layers.add_stem(resolution, width);
      borders.insert({width, strided(resolution, space.stem.stride)});
    }
  }
  return borders;
}

/// The borders after the stage, from those before it.
Borders add_stage(const StageChoices& stage, const Borders& before, LayerCollector& layers) {
  const auto [shortest, longest] = std::minmax_element(stage.depth.begin(), stage.depth.end());
  Borders after;
  if (*longest > 0) {
    for (const Border& border : before) {
      for (const int width : stage.width) {
        for (const int stride : stage.stride) {
          layers.add_blocks(stage, border, width, stride);
          after.insert({width, strided(border.resolution, stride)});
        }
      }
    }
  }
  if (*longest > 1) {
    for (const Border& border : after) layers.add_blocks(stage, border, border.channels, 1);
  }
  if (*shortest == 0) after.insert(before.begin(), before.end());
  return after;
}

}  // namespace

std::vector<LayerKey> distinct_layers(const SearchSpace& space, Precision precision, int threads,
                                      const KernelSet& set) {
  LayerCollector layers(space, precision, threads, set);
  Borders borders = add_stems(space, layers);
  for (const StageChoices& stage : space.stages) borders = add_stage(stage, borders, layers);
  for (const Border& border : borders) {
    for (const int head_channels : space.head.width) {
      for (const int feature_units : space.head.feature) {
        layers.add_head(border, head_channels, feature_units);
      }
    }
  }
  return layers.sorted();
}

}  // namespace edgefront
