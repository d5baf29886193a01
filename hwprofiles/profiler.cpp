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
#include "runtime/model.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

constexpr std::int64_t kGroupWeightBytes = std::int64_t{256} << 20;  // of models held at once
constexpr std::int64_t kMostContextBytes = std::int64_t{64} << 20;
constexpr int kTypicalNetworks = 21;
constexpr int kNetworksForShares = 300;
constexpr double kMostInterpolationError = 0.25;  // a layer that is less certain is measured

void throw_unless_ok(const Status& status) {
  if (status.ok()) return;
  if (status.code() == StatusCode::kEnvironment) throw EnvironmentError(status.message());
  throw InputError(status.message());
}

/// Seconds since 1970.
std::int64_t utc_seconds() {
  return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

std::string utc_now() {
  const std::time_t now = utc_seconds();
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// Empty, or what differs. The OS, free memory and this program's kernel sets may change; what
/// times depend on may not.
std::string difference(const DeviceIdentity& profile, const DeviceIdentity& here) {
  const auto differs = [](const std::string& field, const std::string& was, const std::string& is) {
    return field + " is \"" + is + "\" here and \"" + was + "\" in the profile";
  };
  const auto number = [&](const std::string& field, std::int64_t was, std::int64_t is) {
    return differs(field, std::to_string(was), std::to_string(is));
  };
  const auto words = [](const std::vector<std::string>& list) {
    std::string text;
    for (const auto& word : list) text += (text.empty() ? "" : " ") + word;
    return text;
  };
  if (profile.cpu_model != here.cpu_model) {
    return differs("cpu_model", profile.cpu_model, here.cpu_model);
  }
  if (profile.architecture != here.architecture) {
    return differs("architecture", profile.architecture, here.architecture);
  }
  if (profile.features != here.features) {
    return differs("features", words(profile.features), words(here.features));
  }
  if (profile.cores != here.cores) return number("cores", profile.cores, here.cores);
  if (profile.l1d_bytes != here.l1d_bytes) {
    return number("l1d_bytes", profile.l1d_bytes, here.l1d_bytes);
  }
  if (profile.l2_bytes != here.l2_bytes) return number("l2_bytes", profile.l2_bytes, here.l2_bytes);
  if (profile.l3_bytes != here.l3_bytes) return number("l3_bytes", profile.l3_bytes, here.l3_bytes);
  return "";
}

void require_identity(const DeviceProfile& profile, const DeviceIdentity& here,
                      const std::string& path) {
  const std::string problem = difference(profile.identity, here);
  if (!problem.empty()) {
    throw InputError(path + " was measured on another machine: " + problem);
  }
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
                  DeviceProfile& profile)
      : space_(space),
        options_(options),
        precision_(precision),
        threads_(threads),
        set_(set),
        progress_(progress),
        profile_(profile) {}

  void run() {
    std::vector<LayerKey> keys = distinct_layers(space_, precision_, threads_, set_);
    if (precision_ == Precision::kInt8 && wants_both_precisions(options_)) {
      const std::vector<LayerKey> conversions = conversion_keys(keys, threads_, set_);
      keys.insert(keys.end(), conversions.begin(), conversions.end());
    }
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

  /// What a typical network of the space holds in weights: the context that its layers run in.
  std::int64_t typical_weights_bytes() const {
    std::vector<std::int64_t> bytes;
    for (const Genotype& genotype : draw_networks(space_, kTypicalNetworks, options_.seed, {})) {
      bytes.push_back(weights_bytes(with_precision(lower(decode(space_, genotype)), precision_)));
    }
    std::sort(bytes.begin(), bytes.end());
    return std::min(bytes[bytes.size() / 2], kMostContextBytes);
  }

  /// Measures what is missing: all of it, or what is worth it, and then with a tenth of the allowed
  /// measurements the layers that the others say least about. Interpolates the rest.
  void complete(const std::vector<LayerKey>& keys) {
    const std::set<std::string> listed = texts_of(keys);
    std::erase_if(profile_.layers, [&](const auto& entry) {  // made again from what is measured now
      return entry.second.origin == EntryOrigin::kInterpolated && listed.count(entry.first) > 0;
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
    if (missing.empty()) return;
    std::vector<LayerMeasurement> measured;
    ProtocolOptions protocol = options_.protocol;
    protocol.context_bytes = typical_weights_bytes();
    throw_unless_ok(measure_layers(missing, protocol, progress_of("layers"), &measured));
    for (auto& layer : measured) {
      LayerEntry entry = std::move(layer);
      entry.measured_at = utc_seconds();
      const std::string text = entry.key.text();
      profile_.layers.insert_or_assign(text, std::move(entry));
    }
  }

  bool of_this_run(const NetworkEntry& n) const {
    return n.space_digest == space_.digest && same_setting(n, precision_, threads_, set_.name);
  }

  void measure_networks_of_space() {
    std::vector<Genotype> known;
    for (const auto& n : profile_.networks) {
      if (of_this_run(n)) known.push_back(parse_genotype(space_, n.genotype));
    }
    const int wanted = options_.calibration_networks - static_cast<int>(known.size());
    const std::vector<Genotype> drawn = draw_networks(space_, wanted, options_.seed, known);
    std::vector<NetworkEntry> entries =
        measure_genotypes(space_, drawn, precision_, threads_, set_.name,
                          options_.networks_protocol, progress_of("networks"));
    std::move(entries.begin(), entries.end(), std::back_inserter(profile_.networks));
    for (auto& n : profile_.networks) {
      if (of_this_run(n)) n.predicted_sum_us = sum_of(parse_genotype(space_, n.genotype));
    }
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
  DeviceProfile& profile_;
};

}  // namespace

void require_same_device(const DeviceProfile& profile, const std::string& path) {
  require_identity(profile, describe_device(""), path);
}

ProtocolOptions network_protocol(std::uint64_t seed) {
  ProtocolOptions protocol;
  protocol.seed = seed;
  protocol.passes = 5;
  protocol.pass_s = 6;
  protocol.step_latencies = false;
  return protocol;
}

std::vector<NetworkEntry> measure_genotypes(const SearchSpace& space,
                                            const std::vector<Genotype>& genotypes,
                                            Precision precision, int threads,
                                            const std::string& kernel_set,
                                            const ProtocolOptions& protocol,
                                            const ProbeProgress& progress) {
  std::vector<NetworkEntry> entries;
  const int total = static_cast<int>(genotypes.size());
  int done_before = 0;
  // As many networks side by side as memory allows: those of a group are interleaved.
  for (std::size_t first = 0; first < genotypes.size();) {
    std::vector<Model> models;
    std::vector<std::string> names;
    std::int64_t bytes = 0;
    for (std::size_t i = first; i < genotypes.size() && bytes < kGroupWeightBytes; ++i) {
      const LayerGraph graph = with_precision(lower(decode(space, genotypes[i])), precision);
      models.push_back(generated_model(graph, protocol.seed));
      names.push_back(to_text(space, genotypes[i]));
      bytes += weights_bytes(graph);
    }
    std::vector<const Model*> pointers;
    for (const Model& model : models) pointers.push_back(&model);
    const auto group = static_cast<int>(models.size());
    std::vector<NetworkMeasurement> measured;
    throw_unless_ok(measure_networks(
        pointers, names, kernel_set, threads, protocol,
        [&](int done, int passes) {  // the probe may count an entry once per pass
          const auto networks = static_cast<int>(std::int64_t{done} * group / std::max(passes, 1));
          if (progress) progress(done_before + networks, total);
        },
        &measured));
    done_before += group;
    for (auto& m : measured) {
      entries.push_back({m.name, space.digest, precision, threads, kernel_set, 0,
                         std::move(m.statistics), utc_seconds()});
      entries.back().pass_spread = m.pass_spread;
    }
    first += models.size();
  }
  return entries;
}

void profile_space(const SearchSpace& space, const ProfileOptions& options,
                   const ProfileProgress& progress, DeviceProfile& profile) {
  const DeviceIdentity here = describe_device("");
  if (!profile.layers.empty() || !profile.networks.empty()) {
    require_identity(profile, here, "the profile");
  }
  const std::string wanted = options.kernel_set.empty() ? forced_kernel_set() : options.kernel_set;
  const KernelSet* set = nullptr;
  throw_unless_ok(choose_kernel_set(wanted, &set));
  profile.identity = here;
  profile.state = describe_quiet_state();
  profile.state_at = utc_seconds();
  if (profile.created.empty()) profile.created = utc_now();
  if (profile.description.name.empty()) profile.description.name = here.cpu_model;
  for (const Precision precision : options.precisions) {
    for (const int threads : options.threads) {
      SettingProfiler(space, options, precision, threads, *set, progress, profile).run();
    }
  }
}

}  // namespace edgefront
