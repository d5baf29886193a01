#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

#include "costmodels/additive_parts.h"
#include "costmodels/cost_model.h"
#include "costmodels/latency_correction.h"
#include "costmodels/network_totals.h"
#include "costmodels/roofline.h"
#include "hwprofiles/layer_listing.h"
#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kListedKeys = 5;

struct KeyHash {
  std::size_t operator()(const LayerKey& k) const noexcept {
    std::uint64_t h = 14695981039346656037u;
    const auto mix = [&h](std::int64_t value) {
      h = (h ^ static_cast<std::uint64_t>(value)) * 1099511628211u;
      h ^= h >> 29;
    };
    mix(static_cast<int>(k.expand_activation) * 8 + static_cast<int>(k.depthwise_activation));
    mix((std::int64_t{k.expanded} << 32) ^ k.bottleneck);
    mix(static_cast<int>(k.op) * 64 + static_cast<int>(k.precision) * 32 +
        static_cast<int>(k.activation) * 2 + k.residual);
    mix((std::int64_t{k.input.height} << 32) ^ k.input.width);
    mix((std::int64_t{k.input.channels} << 32) ^ k.output.channels);
    mix((std::int64_t{k.output.height} << 32) ^ k.output.width);
    mix((std::int64_t{k.kernel_size} << 32) ^ (k.stride * 65536 + k.threads));
    mix(static_cast<std::int64_t>(std::hash<std::string>{}(k.kernel_set)) + k.kernel_version);
    return h;
  }
};

/// The fields of text(), without spelling it.
struct KeyEqual {
  bool operator()(const LayerKey& a, const LayerKey& b) const noexcept {
    return a.op == b.op && a.precision == b.precision && a.input == b.input &&
           a.output == b.output && a.kernel_size == b.kernel_size && a.stride == b.stride &&
           a.activation == b.activation && a.residual == b.residual && a.threads == b.threads &&
           a.bottleneck == b.bottleneck && a.expanded == b.expanded &&
           a.expand_activation == b.expand_activation &&
           a.depthwise_activation == b.depthwise_activation &&
           a.kernel_version == b.kernel_version && a.kernel_set == b.kernel_set;
  }
};

using LatencyTable = std::unordered_map<LayerKey, double, KeyHash, KeyEqual>;

/// What the profile holds, for a message: "fp32 threads 1, int8 threads 1".
std::string settings_of(const DeviceProfile& profile) {
  std::map<std::string, int> settings;
  for (const auto& [text, layer] : profile.layers) {
    ++settings[precision_name(layer.key.precision) + std::string(" threads ") +
               std::to_string(layer.key.threads)];
  }
  std::string list;
  for (const auto& [setting, count] : settings) list += (list.empty() ? "" : ", ") + setting;
  return list.empty() ? "no layers" : list;
}

std::string measuring_command(const CostModelOptions& options) {
  return "edgefront profile --space " + options.space_path + " --out " + options.profile_path +
         " --precision " + precision_name(options.precision) + " --threads " +
         std::to_string(options.threads);
}

/// The named set, or the one that whole networks were measured with, or else that most layer
/// entries of this setting name.
std::string chosen_kernel_set(const DeviceProfile& profile, const CostModelOptions& options) {
  if (!options.kernel_set.empty()) return options.kernel_set;
  for (const auto& network : profile.networks) {
    if (network.precision == options.precision && network.threads == options.threads) {
      return network.kernel_set;
    }
  }
  std::map<std::string, int> counts;
  for (const auto& [text, layer] : profile.layers) {
    if (layer.key.precision == options.precision) ++counts[layer.key.kernel_set];
  }
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == counts.end()) {
    throw InputError(options.profile_path + " has no " + precision_name(options.precision) +
                     " layers for " + std::to_string(options.threads) + " thread(s); it has " +
                     settings_of(profile) + "; measure them with: " + measuring_command(options));
  }
  return most->first;
}

/// The steps of a network with the time that each takes alone.
struct TimedSteps {
  LayerGraph graph;
  std::vector<Step> steps;
  std::vector<LayerKey> keys;
  std::vector<StepTime> times;
};

class TableCostModel final : public CostModel {
 public:
  TableCostModel(std::shared_ptr<const DeviceProfile> profile, const CostModelOptions& options)
      : profile_(std::move(profile)),
        options_(options),
        set_(find_kernel_set(chosen_kernel_set(*profile_, options))) {
    for (const auto& [text, layer] : profile_->layers) {
      table_.emplace(layer.key, layer.statistics.latency_us);
    }
    for (const EnergyEntry& entry : profile_->energy) {
      const auto layer = profile_->layers.find(entry.name);
      if (layer != profile_->layers.end()) energy_uj_.emplace(layer->second.key, entry.energy_uj);
    }
    if (options_.on_miss == OnMiss::kAnalytic) {
      require_roofline(profile_->description, options_.precision);
    }
    parts_ = {options_.precision,
              options_.threads,
              &set_,
              profile_->description,
              correction_of(profile_->calibration(options_.space_digest, options_.precision,
                                                  options_.threads, set_.name)),
              [this](const LayerGraph& graph, const Step& step) {
                return time_of(graph, step, key_of(graph, step, set_, options_.threads));
              },
              device_terms(*profile_, options_.space_digest, options_.precision, options_.threads,
                           set_.name),
              !energy_uj_.empty()};
  }
  TableCostModel(const TableCostModel&) = delete;  // parts_ refers to this
  TableCostModel& operator=(const TableCostModel&) = delete;

  NetworkCost estimate(const LayerGraph& graph) const override {
    const TimedSteps timed = time_steps(graph);
    NetworkCost cost;
    const LatencySums sums = sum_by_block(timed.graph, timed.steps, timed.times);
    correct_latency(parts_.correction, sums, cost);
    add_totals(timed.graph, timed.steps, set_, options_.threads, profile_->description,
               options_.precision, cost);
    if (parts_.measured_energy) add_measured_energy(sums.measured_uj, sums.us, cost);
    add_device_terms(parts_.terms, cost);
    return cost;
  }

  std::vector<LayerCost> layers(const LayerGraph& graph) const override {
    const TimedSteps timed = time_steps(graph);
    std::vector<LayerCost> costs;
    for (std::size_t i = 0; i < timed.steps.size(); ++i) {
      const auto entry = profile_->layers.find(timed.keys[i].text());
      costs.push_back(
          {timed.keys[i].text(), timed.times[i].us, timed.times[i].analytic,
           entry != profile_->layers.end() ? entry->second.origin : EntryOrigin::kAnalytic});
    }
    return costs;
  }

  const AdditiveParts* parts() const override { return &parts_; }

 private:
  StepTime time_of(const LayerGraph& graph, const Step& step, const LayerKey& key) const {
    constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
    const auto entry = table_.find(key);
    if (entry != table_.end()) {
      const auto energy = energy_uj_.find(key);
      const LatencyCorrection& correction = parts_.correction;
      const double mib = correction.us_per_weight_mib != 0
                             ? step_weights_mib(graph, step, set_, options_.threads)
                             : 0;
      return {table_us(correction, entry->second, mib), false,
              energy != energy_uj_.end() ? energy->second : kUnknown};
    }
    if (options_.on_miss == OnMiss::kError) return {kUnknown};
    return {roofline_us(profile_->description.roofline, options_.precision, graph, step), true};
  }

  TimedSteps time_steps(const LayerGraph& graph) const {
    TimedSteps timed;
    timed.graph = with_precision(graph, options_.precision);
    timed.steps = execution_steps(timed.graph, set_);
    std::vector<std::string> missing;
    for (const Step& step : timed.steps) {
      timed.keys.push_back(key_of(timed.graph, step, set_, options_.threads));
      timed.times.push_back(time_of(timed.graph, step, timed.keys.back()));
      if (std::isnan(timed.times.back().us)) missing.push_back(timed.keys.back().text());
    }
    if (!missing.empty()) refuse(std::move(missing));
    return timed;
  }

  [[noreturn]] void refuse(std::vector<std::string> missing) const {
    std::sort(missing.begin(), missing.end());
    missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
    std::string list;
    for (std::size_t i = 0; i < std::min(missing.size(), kListedKeys); ++i) {
      list += (i > 0 ? "; " : "") + missing[i];
    }
    if (missing.size() > kListedKeys) {
      list += "; and " + std::to_string(missing.size() - kListedKeys) + " more";
    }
    throw InputError(options_.profile_path + " lacks " + std::to_string(missing.size()) +
                     " layer(s) of this network: " + list +
                     "; measure them with: " + measuring_command(options_));
  }

  std::shared_ptr<const DeviceProfile> profile_;
  CostModelOptions options_;
  const KernelSet& set_;
  LatencyTable table_;
  LatencyTable energy_uj_;  ///< that a sensor told
  AdditiveParts parts_;
};

}  // namespace

std::unique_ptr<CostModel> make_table_cost_model(std::shared_ptr<const DeviceProfile> profile,
                                                 const CostModelOptions& options) {
  if (profile->layers.empty() && !profile->blocks.empty()) {
    return make_block_cost_model(std::move(profile), options);
  }
  return std::make_unique<TableCostModel>(std::move(profile), options);
}

}  // namespace edgefront
