#include "costmodels/profile_transfer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "costmodels/cost_model.h"
#include "costmodels/measurement_choice.h"
#include "costmodels/transfer.h"
#include "hwprofiles/layer_listing.h"
#include "hwprofiles/profiler.h"
#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"
#include "space/rank_correlation.h"

namespace edgefront {
namespace {

constexpr int kMostMeasurements = 40;
constexpr int kPool = 400;                          // networks to choose measurements from
constexpr int kNetworksForWidth = 100;              // whose intervals give that of the calibration
constexpr std::uint64_t kWidthSeed = 0x7769647468;  // "width"

/// A key without the kernels: what two devices have in common.
std::string portable_text(LayerKey key) {
  key.kernel_set = "any";
  key.kernel_version = 0;
  return key.text();
}

using Costs = std::map<std::string, double>;  // by portable_text

/// What the layers of a banded block take one by one; absent where one of them is unknown.
std::optional<double> sum_of_layers(const LayerKey& key, const Costs& costs) {
  LayerGraph graph;
  if (!key.bottleneck || !graph_of(key, &graph).ok()) return std::nullopt;
  double sum = 0;
  for (const Step& step : fuse(graph)) {
    const auto entry =
        costs.find(portable_text(key_of(graph, step, find_kernel_set("reference"), key.threads)));
    if (entry == costs.end()) return std::nullopt;
    sum += entry->second;
  }
  return sum;
}

/// The layers of a space in one setting as the parts of a transfer.
class SpaceParts {
 public:
  SpaceParts(const SearchSpace& space, const TransferSetting& setting)
      : space_(space),
        setting_(setting),
        set_(find_kernel_set(setting.kernel_set)),
        keys_(distinct_layers(space, setting.precision, setting.threads, set_)) {
    std::map<std::pair<OpKind, int>, int> groups;
    for (const LayerKey& key : keys_) {
      index_.emplace(key.text(), static_cast<int>(index_.size()));
      const auto group =
          std::pair(key.op, key.bottleneck ? 100 + key.kernel_size : key.kernel_size);
      groups_.push_back(groups.emplace(group, static_cast<int>(groups.size())).first->second);
    }
  }

  const std::vector<LayerKey>& keys() const { return keys_; }
  const std::vector<int>& groups() const { return groups_; }

  PartSum of(const Genotype& genotype) const {
    std::map<int, double> counts;
    for (const LayerKey& key : network_keys(lower(decode(space_, genotype)), setting_.precision,
                                            setting_.threads, set_)) {
      counts[index_.at(key.text())] += 1;
    }
    PartSum sum;
    for (const auto& [part, count] : counts) sum.push_back({part, count});
    return sum;
  }

  /// One value per part; NaN where the device has none.
  std::vector<double> table_of(const Costs& costs) const {
    std::vector<double> table;
    for (const LayerKey& key : keys_) {
      const auto entry = costs.find(portable_text(key));
      table.push_back(
          entry != costs.end()
              ? entry->second
              : sum_of_layers(key, costs).value_or(std::numeric_limits<double>::quiet_NaN()));
    }
    return table;
  }

 private:
  const SearchSpace& space_;
  const TransferSetting& setting_;
  const KernelSet& set_;
  std::vector<LayerKey> keys_;
  std::vector<int> groups_;
  std::map<std::string, int> index_;
};

struct NamedSources {
  TransferSources sources;
  std::vector<std::string> names;
};

/// Every kernel set of every other profile that has at least half of the layers is a device.
NamedSources sources_of(const SpaceParts& parts, const TransferSetting& setting,
                        std::span<const DeviceProfile> others) {
  NamedSources result;
  result.sources.groups = parts.groups();
  std::string seen;
  for (const DeviceProfile& other : others) {
    std::map<std::string, Costs> by_set;
    for (const auto& [text, entry] : other.layers) {
      if (entry.key.precision != setting.precision || entry.key.threads != setting.threads)
        continue;
      if (entry.origin == EntryOrigin::kTransferred) continue;
      by_set[entry.key.kernel_set].emplace(portable_text(entry.key), entry.statistics.latency_us);
    }
    for (const auto& [set, costs] : by_set) {
      const std::vector<double> table = parts.table_of(costs);
      const auto known = std::count_if(table.begin(), table.end(), [](double c) { return c > 0; });
      const std::string name = other.description.name + " (" + set + ")";
      seen += (seen.empty() ? "" : ", ") + name + ": " + std::to_string(known);
      if (2 * known < static_cast<std::ptrdiff_t>(table.size())) continue;
      result.sources.costs.push_back(table);
      result.names.push_back(name);
    }
  }
  if (result.names.empty()) {
    throw InputError(
        "transfer: no other profile has half of the " + std::to_string(parts.keys().size()) +
        " layers of this space (" +
        (seen.empty() ? "none has any in this precision and number of threads" : seen) + ")");
  }
  return result;
}

bool is_of(const NetworkEntry& n, const SearchSpace& space, const TransferSetting& setting) {
  return n.space_digest == space.digest && n.precision == setting.precision &&
         n.threads == setting.threads && n.kernel_set == setting.kernel_set;
}

bool is_measured(const DeviceProfile& profile, const LayerKey& key) {
  const auto entry = profile.layers.find(key.text());
  return entry != profile.layers.end() && entry->second.origin == EntryOrigin::kMeasured;
}

bool all_known(const TransferSources& sources, const PartSum& sum) {
  return std::all_of(sum.begin(), sum.end(), [&](const PartCount& p) {
    return std::any_of(sources.costs.begin(), sources.costs.end(),
                       [&](const std::vector<double>& table) { return table[p.part] > 0; });
  });
}

/// Networks first: they are what shall be predicted. Then the layers that say most.
std::vector<TransferObservation> observations_of(
    const SearchSpace& space, const TransferSetting& setting, const SpaceParts& parts,
    const TransferSources& sources, const DeviceProfile& profile, TransferReport* report) {
  std::vector<TransferObservation> observations;
  for (const NetworkEntry& n : profile.networks) {
    if (!is_of(n, space, setting) || report->networks == kMostMeasurements) continue;
    const PartSum sum = parts.of(parse_genotype(space, n.genotype));
    if (!all_known(sources, sum)) continue;
    observations.push_back({sum, n.statistics.latency_us});
    ++report->networks;
  }
  std::vector<PartSum> layers;
  for (std::size_t i = 0; i < parts.keys().size(); ++i) {
    if (is_measured(profile, parts.keys()[i])) layers.push_back({{static_cast<int>(i), 1}});
  }
  const int room = kMostMeasurements - report->networks;
  for (const int i : choose_measurements(sources, layers, std::min<int>(room, layers.size()))) {
    const LayerKey& key = parts.keys()[layers[i][0].part];
    observations.push_back({layers[i], profile.layers.at(key.text()).statistics.latency_us});
    ++report->layers;
  }
  return observations;
}

LayerEntry transferred_entry(const LayerKey& key, const TransferPrediction& p) {
  LayerEntry entry;
  entry.key = key;
  entry.origin = EntryOrigin::kTransferred;
  // Sums of differences may fall below nothing for layers of little cost.
  const double cost = std::max(p.cost, 0.1 * p.high);
  entry.relative_error = (p.high - p.low) / (2 * cost);
  LatencyStatistics& s = entry.statistics;
  s.latency_us = s.p50_us = s.p95_us = s.p99_us = cost;
  s.latency_low_us = std::min(p.low, cost);
  s.latency_high_us = p.high;
  s.samples = 1;
  return entry;
}

void fill(const SpaceParts& parts, const TransferModel& model, DeviceProfile& profile,
          TransferReport* report) {
  for (std::size_t i = 0; i < parts.keys().size(); ++i) {
    const LayerKey& key = parts.keys()[i];
    const auto entry = profile.layers.find(key.text());
    const bool kept =
        entry != profile.layers.end() && entry->second.origin != EntryOrigin::kTransferred;
    if (kept) continue;
    const TransferPrediction p = model.predict({{static_cast<int>(i), 1}});
    profile.layers.erase(key.text());
    if (!(p.high > 0)) {
      report->missing.push_back(key.text());
      continue;
    }
    profile.layers.emplace(key.text(), transferred_entry(key, p));
    ++report->transferred;
  }
}

/// The constant and the mean interval of a network, in place of a fit to sums: the sums were made
/// from the same measurements.
void store_calibration(const SearchSpace& space, const TransferSetting& setting,
                       const SpaceParts& parts, const TransferModel& model, DeviceProfile& profile,
                       TransferReport* report) {
  double width = 0;
  int known = 0;
  for (const Genotype& genotype : draw_networks(space, kNetworksForWidth, kWidthSeed, {})) {
    const TransferPrediction p = model.predict(parts.of(genotype));
    if (p.cost > 0) width += (p.high - p.low) / (2 * p.cost), ++known;
  }
  report->relative_half_width_90 = known > 0 ? width / known : 0;
  std::erase_if(profile.calibrations, [&](const Calibration& c) {
    return c.space_digest == space.digest && c.precision == setting.precision &&
           c.threads == setting.threads && c.kernel_set == setting.kernel_set;
  });
  Calibration calibration;
  calibration.space_digest = space.digest;
  calibration.precision = setting.precision;
  calibration.threads = setting.threads;
  calibration.kernel_set = setting.kernel_set;
  calibration.intercept_us = model.network_constant();
  calibration.relative_half_width_90 = report->relative_half_width_90;
  calibration.networks = report->networks;
  profile.calibrations.push_back(calibration);
  for (NetworkEntry& n : profile.networks) {
    if (!is_of(n, space, setting)) continue;
    n.predicted_sum_us = 0;
    for (const PartCount& p : parts.of(parse_genotype(space, n.genotype))) {
      const auto entry = profile.layers.find(parts.keys()[p.part].text());
      if (entry != profile.layers.end()) {
        n.predicted_sum_us += p.count * entry->second.statistics.latency_us;
      }
    }
  }
}

}  // namespace

TransferReport transfer_layers(const SearchSpace& space, const TransferSetting& setting,
                               std::span<const DeviceProfile> others, DeviceProfile& profile) {
  TransferReport report;
  const SpaceParts parts(space, setting);
  const NamedSources named = sources_of(parts, setting, others);
  const TransferModel model(
      named.sources, observations_of(space, setting, parts, named.sources, profile, &report));
  report.set_aside = model.set_aside();
  for (std::size_t k = 0; k < named.names.size(); ++k) {
    report.devices.push_back({named.names[k], model.device_weights()[k]});
  }
  std::vector<double> measured, predicted;
  for (const LeftOut& left : model.left_out()) {
    measured.push_back(left.measured);
    predicted.push_back(left.predicted);
    report.mape_percent += 100 * std::abs(left.predicted / left.measured - 1);
  }
  report.mape_percent /= static_cast<double>(measured.size());
  report.spearman = spearman(predicted, measured);
  fill(parts, model, profile, &report);
  if (report.networks > 0) store_calibration(space, setting, parts, model, profile, &report);
  return report;
}

std::vector<Genotype> choose_networks(const SearchSpace& space, const TransferSetting& setting,
                                      std::span<const DeviceProfile> others,
                                      const DeviceProfile& profile, int count, std::uint64_t seed) {
  std::vector<Genotype> known;
  for (const NetworkEntry& n : profile.networks) {
    if (is_of(n, space, setting)) known.push_back(parse_genotype(space, n.genotype));
  }
  const SpaceParts parts(space, setting);
  const NamedSources named = sources_of(parts, setting, others);
  const std::vector<Genotype> pool = draw_networks(space, kPool, seed, known);
  std::vector<PartSum> candidates;
  for (const Genotype& genotype : pool) candidates.push_back(parts.of(genotype));
  std::vector<Genotype> chosen;
  for (const int i : choose_measurements(named.sources, candidates, count)) {
    chosen.push_back(pool[i]);
  }
  return chosen;
}

}  // namespace edgefront
