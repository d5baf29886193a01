#include "costmodels/path_choice.h"

#include <map>
#include <optional>

#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"

namespace edgefront {
namespace {

/// What a block takes one way, and whether a step of it runs in bands.
struct BlockTime {
  std::optional<double> us = 0.0;  ///< none: an entry is missing
  bool banded = false;
};

std::map<std::int32_t, BlockTime> block_times(const LayerGraph& graph, BlockPath path,
                                              const DeviceProfile& profile, const KernelSet& set,
                                              int threads) {
  std::map<std::int32_t, BlockTime> times;
  for (const Step& step : execution_steps(graph, set, {true, path, {}, 0})) {
    BlockTime& time = times[graph.layers[std::size_t(step.layer)].block];
    time.banded = time.banded || step.banded();
    const auto entry = profile.layers.find(key_of(graph, step, set, threads).text());
    if (entry == profile.layers.end()) {
      time.us.reset();
    } else if (time.us) {
      *time.us += entry->second.statistics.latency_us;
    }
  }
  return times;
}

}  // namespace

std::vector<PathChoice> cheapest_paths(const LayerGraph& graph, const DeviceProfile& profile,
                                       const KernelSet& set, int threads) {
  const auto banded = block_times(graph, BlockPath::kBanded, profile, set, threads);
  const auto layers = block_times(graph, BlockPath::kLayers, profile, set, threads);
  const auto rule = block_times(graph, BlockPath::kRule, profile, set, threads);
  std::vector<PathChoice> choices;
  for (const auto& [block, time] : banded) {
    if (!time.banded) continue;
    const std::optional<double>& in_layers = layers.at(block).us;
    const bool bands = time.us && in_layers ? *time.us < *in_layers : rule.at(block).banded;
    choices.push_back({block, bands ? BlockPath::kBanded : BlockPath::kLayers});
  }
  return choices;
}

}  // namespace edgefront
