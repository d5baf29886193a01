#include "hwprofiles/profiler.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iterator>
#include <limits>
#include <set>

#include "hwprofiles/layer_listing.h"
#include "hwprofiles/measuring_plan.h"
#include "hwprofiles/state_change.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

constexpr int kTypicalNetworks = 21;
constexpr int kNetworksForShares = 300;
constexpr double kMostInterpolationError = 0.25;  // a layer that is less certain is measured

void require_identity(const DeviceProfile& profile, const DeviceIdentity& device,
                      const std::string& path) {
  const std::string problem = identity_difference(profile.identity, device);
  if (!problem.empty()) throw InputError(path + " was measured on another device: " + problem);
}

std::set<std::string> texts_of(const std::vector<LayerKey>& keys) {
  std::set<std::string> texts;
  for (const LayerKey& key : keys) texts.insert(key.text());
  return texts;
}

bool wants_both_precisions(const ProfileOptions& options) {
  const auto has = [&](Precision precision) {
    return std::find(options.precisions.begin(), options.precisions.end(), precision) !=
           options.precisions.end();
  };
  return has(Precision::kInt8) && has(Precision::kFloat32);
}

bool same_setting(const NetworkEntry& n, Precision precision, int threads,
                  const std::string& kernel_set) {
  return n.precision == precision && n.threads == threads && n.kernel_set == kernel_set;
}

/// One (precision, threads) of a profiling run.
class SettingProfiler {
 public:
  SettingProfiler(const SearchSpace& space, const ProfileOptions& options, Precision precision,
                  int threads, const KernelSet& set, const ProfileProgress& progress,
                  MeasuringDevice& device, DeviceProfile& profile,
                  const std::function<void()>& save)
      : space_(space),
        options_(options),
        precision_(precision),
        threads_(threads),
        set_(set),
        progress_(progress),
        device_(device),
        profile_(profile),
        save_(save) {}

  void run() {
    const std::vector<LayerKey> keys = wanted_layers(space_, options_, precision_, threads_, set_);
    drop_stale(keys);
    complete(keys);
    measure_networks_of_space();
  }

 private:
  std::string stage(const std::string& what) const {
    return std::string(precision_name(precision_)) + " " + what;
  }

  ProbeProgress progress_of(const std::string& what) const {
    return [this, what](int done, int total) {
      if (progress_) progress_(stage(what), done, total);
    };
  }

  /// Entries of older kernels go, and with them the networks that those kernels ran in. What
  /// networks of other spaces consist of cannot be told here: all of this setting go.
  void drop_stale(const std::vector<LayerKey>& keys) {
    std::set<std::string> changed;
    for (const LayerKey& key : keys) {
      LayerKey older = key;
      while (--older.kernel_version >= 0) {
        if (profile_.layers.erase(older.text()) > 0) changed.insert(key.text());
      }
    }
    if (changed.empty()) return;
    std::set<std::string> spaces;  // that lost networks, and with them their calibration
    std::erase_if(profile_.networks, [&](const NetworkEntry& n) {
      const bool stale = same_setting(n, precision_, threads_, set_.name) &&
                         (n.space_digest != space_.digest || contains(n, changed));
      if (stale) spaces.insert(n.space_digest);
      return stale;
    });
    std::erase_if(profile_.calibrations, [&](const Calibration& c) {
      return c.precision == precision_ && c.threads == threads_ && c.kernel_set == set_.name &&
             spaces.count(c.space_digest) > 0;
    });
  }

  bool contains(const NetworkEntry& n, const std::set<std::string>& keys) const {
    const std::vector<LayerKey> layers = keys_of(parse_genotype(space_, n.genotype));
    return std::any_of(layers.begin(), layers.end(),
                       [&](const LayerKey& key) { return keys.count(key.text()) > 0; });
  }

  /// Measures what is missing: all of it, or what is worth it, and then with a tenth of the allowed
  /// measurements the layers that the others say least about. Interpolates the rest.
  void complete(const std::vector<LayerKey>& keys) {
    const std::set<std::string> listed = texts_of(keys);
    std::erase_if(profile_.layers, [&](const auto& entry) {  // made again from what is measured now
      const EntryOrigin origin = entry.second.origin;
      const bool derived =
          origin == EntryOrigin::kInterpolated || origin == EntryOrigin::kTransferred;
      return derived && listed.count(entry.first) > 0;
    });
    std::vector<LayerKey> known, missing;
    for (const LayerKey& key : keys) {
      (profile_.layers.count(key.text()) > 0 ? known : missing).push_back(key);
    }
    if (missing.empty()) return;
    if (!options_.interpolate || options_.max_layers == 0 ||
        int(keys.size()) <= options_.max_layers) {
      return measure(missing);
    }
    const std::vector<double> shares =
        time_shares(space_, keys, precision_, threads_, set_, kNetworksForShares, options_.seed);
    const int reserve = options_.max_layers / 10;
    measure(choose_layers(keys, shares, known, options_.max_layers - reserve));
    std::vector<LayerKey> uncertain = options_.interpolate(keys, kMostInterpolationError, profile_);
    uncertain.resize(std::min(uncertain.size(), std::size_t(reserve)));
    measure(uncertain);
    measure(options_.interpolate(keys, std::numeric_limits<double>::infinity(), profile_));
  }

  void measure(const std::vector<LayerKey>& missing) {
    device_.measure_layers(missing, layer_protocol(space_, options_, precision_, threads_, set_),
                           progress_of("layers"),
                           [this](const std::vector<LayerMeasurement>& measured) {
                             const std::int64_t now = seconds_now();
                             for (const LayerMeasurement& layer : measured) {
                               LayerEntry entry(layer);
                               entry.measured_at = now;
                               profile_.layers.insert_or_assign(layer.key.text(), std::move(entry));
                             }
                             if (save_) save_();
                           });
  }

  void measure_networks_of_space() {
    for (NetworkEntry& n : profile_.networks) {
      if (n.space_digest == space_.digest && same_setting(n, precision_, threads_, set_.name)) {
        n.predicted_sum_us = sum_of(parse_genotype(space_, n.genotype));
      }
    }
    const std::vector<Genotype> missing =
        missing_networks(space_, options_, precision_, threads_, set_, profile_);
    measure_genotypes(space_, missing, precision_, threads_, set_, options_.networks_protocol,
                      progress_of("networks"), device_, [&](std::size_t i, NetworkEntry entry) {
                        entry.predicted_sum_us = sum_of(missing[i]);
                        profile_.networks.push_back(std::move(entry));
                        if (save_) save_();
                      });
  }

  std::vector<LayerKey> keys_of(const Genotype& genotype) const {
    return network_keys(lower(decode(space_, genotype)), precision_, threads_, set_);
  }

  double sum_of(const Genotype& genotype) const {
    double sum = 0;
    for (const LayerKey& key : keys_of(genotype)) {
      sum += profile_.layers.at(key.text()).statistics.latency_us;
    }
    return sum;
  }

  const SearchSpace& space_;
  const ProfileOptions& options_;
  Precision precision_;
  int threads_;
  const KernelSet& set_;
  const ProfileProgress& progress_;
  MeasuringDevice& device_;
  DeviceProfile& profile_;
  const std::function<void()>& save_;
};

}  // namespace

void require_same_device(const DeviceProfile& profile, const std::string& path,
                         const MeasuringDevice& device) {
  require_identity(profile, device.identity(), path);
}

ProtocolOptions layer_protocol(const SearchSpace& space, const ProfileOptions& options,
                               Precision precision, int threads, const KernelSet& set) {
  std::vector<int> layers;
  std::vector<std::int64_t> weights;
  for (const Genotype& genotype : draw_networks(space, kTypicalNetworks, options.seed, {})) {
    const LayerGraph graph = lower(decode(space, genotype));
    layers.push_back(static_cast<int>(network_keys(graph, precision, threads, set).size()));
    weights.push_back(weights_bytes(with_precision(graph, precision)));
  }
  std::sort(layers.begin(), layers.end());
  std::sort(weights.begin(), weights.end());
  ProtocolOptions protocol = options.protocol;
  protocol.chain_layers = layers[layers.size() / 2];
  protocol.chain_weights_bytes = weights[weights.size() / 2];
  return protocol;
}

ProtocolOptions network_protocol(std::uint64_t seed) {
  ProtocolOptions protocol;
  protocol.seed = seed;
  protocol.passes = 5;
  protocol.pass_s = 6;
  protocol.step_latencies = false;
  return protocol;
}

std::string utc_text(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::vector<LayerKey> wanted_layers(const SearchSpace& space, const ProfileOptions& options,
                                    Precision precision, int threads, const KernelSet& set) {
  std::vector<LayerKey> keys = distinct_layers(space, precision, threads, set);
  if (precision == Precision::kInt8 && wants_both_precisions(options)) {
    const std::vector<LayerKey> conversions = conversion_keys(keys, threads, set);
    keys.insert(keys.end(), conversions.begin(), conversions.end());
  }
  return keys;
}

std::vector<LayerKey> missing_layers(const DeviceProfile& profile,
                                     const std::vector<LayerKey>& keys) {
  std::vector<LayerKey> missing;
  for (const LayerKey& key : keys) {
    const auto entry = profile.layers.find(key.text());
    const bool known =
        entry != profile.layers.end() && entry->second.origin != EntryOrigin::kTransferred;
    if (!known) missing.push_back(key);
  }
  return missing;
}

std::vector<Genotype> missing_networks(const SearchSpace& space, const ProfileOptions& options,
                                       Precision precision, int threads, const KernelSet& set,
                                       const DeviceProfile& profile) {
  std::set<Genotype> known;
  for (const NetworkEntry& n : profile.networks) {
    if (n.space_digest == space.digest && same_setting(n, precision, threads, set.name)) {
      known.insert(parse_genotype(space, n.genotype));
    }
  }
  std::vector<Genotype> missing;
  const int wanted = options.calibration_networks - static_cast<int>(known.size());
  if (wanted <= 0) return missing;
  for (Genotype& drawn : draw_networks(space, options.calibration_networks, options.seed, {})) {
    if (static_cast<int>(missing.size()) == wanted) break;
    if (known.count(drawn) == 0) missing.push_back(std::move(drawn));
  }
  return missing;
}

void measure_genotypes(const SearchSpace& space, const std::vector<Genotype>& genotypes,
                       Precision precision, int threads, const KernelSet& set,
                       const ProtocolOptions& protocol, const ProbeProgress& progress,
                       MeasuringDevice& device,
                       const std::function<void(std::size_t index, NetworkEntry entry)>& take) {
  std::vector<MeasuringDevice::Network> networks;
  for (const Genotype& genotype : genotypes) {
    networks.push_back({to_text(space, genotype),
                        with_precision(lower(decode(space, genotype)), precision), nullptr});
  }
  device.measure_networks(
      networks, set.name, threads, protocol, progress,
      [&](std::size_t i, const NetworkMeasurement& measured, const NetworkFacts& facts) {
        std::vector<std::string> keys;
        for (const LayerKey& key : network_keys(networks[i].graph, precision, threads, set)) {
          keys.push_back(key.text());
        }
        if (!facts.keys.empty() && facts.keys != keys) {
          throw EnvironmentError(
              "the probe runs a network as other layers than this program would: copy the "
              "edgefront-probe of this build to the device");
        }
        NetworkEntry entry;
        entry.genotype = networks[i].name;
        entry.space_digest = space.digest;
        entry.precision = precision;
        entry.threads = threads;
        entry.kernel_set = set.name;
        entry.statistics = measured.statistics;
        entry.measured_at = seconds_now();
        entry.pass_spread = measured.pass_spread;
        take(i, std::move(entry));
      });
}

void profile_space(const SearchSpace& space, const ProfileOptions& options,
                   const ProfileProgress& progress, MeasuringDevice& device, DeviceProfile& profile,
                   const std::function<void()>& save) {
  if (!profile.identity.architecture.empty()) {
    require_identity(profile, device.identity(), "the profile");
  }
  const KernelSet& set = device.kernel_set(options.kernel_set);
  profile.identity = device.identity();
  profile.state = describe_quiet_state(device);
  profile.state_at = seconds_now();
  if (profile.created.empty()) profile.created = utc_text(profile.state_at);
  if (profile.description.name.empty()) profile.description.name = profile.identity.cpu_model;
  for (const Precision precision : options.precisions) {
    for (const int threads : options.threads) {
      SettingProfiler(space, options, precision, threads, set, progress, device, profile, save)
          .run();
      // Disturbed samples were repeated, so the entries are those of the quiet machine.
      profile.state = quieter(profile.state, describe_quiet_state(device));
    }
  }
}

void profile_space(const SearchSpace& space, const ProfileOptions& options,
                   const ProfileProgress& progress, DeviceProfile& profile) {
  MeasuringDevice here;
  profile_space(space, options, progress, here, profile, {});
}

}  // namespace edgefront
