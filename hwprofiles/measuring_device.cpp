#include "hwprofiles/measuring_device.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "hwprofiles/layer_listing.h"
#include "runtime/model_file.h"
#include "runtime/probe/chains.h"
#include "runtime/probe/description.h"
#include "runtime/probe/pinning.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{64} << 20;              // of lines
constexpr std::size_t kMaxModelBytes = (kMaxLineBytes - 8192) / 4 * 3;  // in base64, in one line

/// Of models held here: what drifts over minutes shifts one pass of each of many networks, and not
/// all passes of a few.
std::int64_t bytes_at_once() {
  constexpr std::int64_t kLeast = std::int64_t{256} << 20, kMost = std::int64_t{8} << 30;
  return std::clamp(read_present("").free_memory_bytes / 4, kLeast, kMost);
}

void throw_unless_ok(const Status& status) {
  if (status.ok()) return;
  if (status.code() == StatusCode::kEnvironment) throw EnvironmentError(status.message());
  throw InputError(status.message());
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Those of a set's versions that the device has otherwise; empty where all agree.
std::string version_difference(const KernelSet& set, const std::vector<std::string>& device) {
  for (const std::string& version : kernel_versions(set)) {
    if (std::find(device.begin(), device.end(), version) != device.end()) continue;
    const std::string kernel = version.substr(0, version.find('@') + 1);
    for (const std::string& other : device) {
      if (other.compare(0, kernel.size(), kernel) == 0)
        return other + " there, " + version + " here";
    }
    return "no " + version + " there";
  }
  return "";
}

ProbeJob job_of(const MeasuringDevice::Network& network, const std::string& kernel_set,
                int threads) {
  ProbeJob job;
  job.kind = network.model != nullptr ? JobKind::kModel : JobKind::kNetwork;
  job.name = network.name;
  job.kernel_set = kernel_set;
  job.threads = threads;
  job.graph = network.graph;
  if (network.model != nullptr) {
    job.efm = encode_model(*network.model);
    if (job.efm.size() > kMaxModelBytes) {
      throw InputError("model '" + network.name + "' has " + std::to_string(job.efm.size()) +
                       " bytes; over a line go at most " + std::to_string(kMaxModelBytes) +
                       ": copy it to the device and give its path there");
    }
  }
  return job;
}

}  // namespace

std::string identity_difference(const DeviceIdentity& profile, const DeviceIdentity& device) {
  const auto differs = [](const std::string& field, const std::string& was, const std::string& is) {
    return field + " is \"" + is + "\" on the device and \"" + was + "\" in the profile";
  };
  const std::pair<const char*, std::string DeviceIdentity::*> texts[] = {
      {"cpu_model", &DeviceIdentity::cpu_model},
      {"architecture", &DeviceIdentity::architecture},
      {"core_kind", &DeviceIdentity::core_kind}};
  for (const auto& [name, field] : texts) {
    if (profile.*field != device.*field) return differs(name, profile.*field, device.*field);
  }
  if (profile.features != device.features) {
    return differs("features", listed(profile.features), listed(device.features));
  }
  if (profile.cores != device.cores) {
    return differs("cores", std::to_string(profile.cores), std::to_string(device.cores));
  }
  const std::pair<const char*, std::int64_t DeviceIdentity::*> caches[] = {
      {"l1d_bytes", &DeviceIdentity::l1d_bytes},
      {"l2_bytes", &DeviceIdentity::l2_bytes},
      {"l3_bytes", &DeviceIdentity::l3_bytes}};
  for (const auto& [name, field] : caches) {
    if (profile.*field != device.*field) {
      return differs(name, std::to_string(profile.*field), std::to_string(device.*field));
    }
  }
  return "";
}

std::vector<std::vector<LayerKey>> layer_batches(const std::vector<LayerKey>& keys, int limit,
                                                 const ProtocolOptions& protocol) {
  std::vector<Chain> chains;
  throw_unless_ok(make_chains(keys, {protocol.chain_layers, protocol.chain_weights_bytes},
                              protocol.seed, &chains));
  std::vector<bool> taken(keys.size());
  std::vector<std::vector<LayerKey>> batches(1);
  for (const Chain& chain : chains) {
    if (static_cast<int>(batches.back().size()) >= limit) batches.emplace_back();
    for (const int key : chain.keys) {
      const auto i = static_cast<std::size_t>(key);
      if (taken[i]) continue;
      taken[i] = true;
      batches.back().push_back(keys[i]);
    }
  }
  if (batches.back().empty()) batches.pop_back();
  return batches;
}

MeasuringDevice::MeasuringDevice() : identity_(describe_device("")) {}

MeasuringDevice::MeasuringDevice(DeviceLinkOptions options) : options_(std::move(options)) {
  for (;;) {
    try {
      connect();
      identity_ = link_->identity();
      return;
    } catch (const LinkCut& cut) {
      if (options_.retries-- <= 0) throw;
      if (options_.notice) options_.notice(std::string(cut.what()) + "; trying again");
      std::this_thread::sleep_for(std::chrono::milliseconds(options_.retry_wait_ms));
    }
  }
}

MeasuringDevice::~MeasuringDevice() = default;

std::string MeasuringDevice::name() const {
  return remote() ? "\"" + options_.link.command + "\"" : "this machine";
}

void MeasuringDevice::connect() {
  link_.reset();  // the old command ends before the new one begins
  link_ = std::make_unique<ProbeLink>(options_.link);
}

/// Opens the line again, which may take several retries.
void MeasuringDevice::reconnect_or_throw(const LinkCut& cause) {
  std::string why = cause.what();
  for (;;) {
    if (options_.retries-- <= 0) throw LinkCut(why);
    if (options_.notice) options_.notice(why + "; trying again");
    std::this_thread::sleep_for(std::chrono::milliseconds(options_.retry_wait_ms));
    try {
      connect();
      break;
    } catch (const LinkCut& again) {
      why = again.what();
    }
  }
  if (const std::string other = identity_difference(identity_, link_->identity()); !other.empty()) {
    throw InputError(name() + " reached another device than before: " + other);
  }
}

DeviceState MeasuringDevice::state() {
  if (!remote()) return describe_state("");
  DeviceState state = link_->state();
  ProbeJob job;
  job.kind = JobKind::kReference;
  run({job}, ProtocolOptions{}, {}, [&](std::size_t, const ProbeResult& r) { state = r.state; });
  return state;
}

const KernelSet& MeasuringDevice::kernel_set(const std::string& name) const {
  const KernelSet* set = nullptr;
  if (!remote()) {
    throw_unless_ok(choose_kernel_set(name.empty() ? forced_kernel_set() : name, &set));
    return *set;
  }
  const std::vector<std::string>& there = identity_.kernel_sets;
  if (!name.empty() && std::find(there.begin(), there.end(), name) == there.end()) {
    throw InputError("kernel set \"" + name +
                     "\" is not one of the probe's; accepted: " + listed(there));
  }
  if (there.empty()) throw EnvironmentError("the probe names no kernel set");
  set = &find_kernel_set(name.empty() ? there.front() : name);
  if (const std::string other = version_difference(*set, identity_.kernel_versions);
      !other.empty()) {
    throw EnvironmentError("the probe was built from another version of the kernels (" + other +
                           "): copy the edgefront-probe of this build to the device");
  }
  return *set;
}

/// Runs all jobs, over as many links as the retries allow. What the probe refuses is thrown when
/// all other answers have been taken.
void MeasuringDevice::run(const std::vector<ProbeJob>& jobs, const ProtocolOptions& protocol,
                          const ProbeProgress& progress, const ProbeLink::Answer& answer) {
  std::vector<bool> done(jobs.size());
  std::string refused;
  for (;;) {
    std::vector<ProbeJob> batch(1);
    batch[0].kind = JobKind::kProtocol;
    batch[0].protocol = protocol;
    std::vector<std::size_t> index_of(1);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (done[i]) continue;
      batch.push_back(jobs[i]);
      index_of.push_back(i);
    }
    if (batch.size() == 1) break;
    try {
      link_->run(
          batch,
          [&](std::size_t k, const ProbeResult& result) {
            const bool error = result.kind == ResultKind::kError;
            if (error && refused.empty()) refused = result.message;
            if (k == 0) return;  // the protocol
            done[index_of[k]] = true;
            if (!error) answer(index_of[k], result);
          },
          [&](const std::string&, int part, int total) {
            if (progress) progress(part, total);
          });
      break;
    } catch (const LinkCut& cut) {
      reconnect_or_throw(cut);
    }
  }
  if (!refused.empty()) throw EnvironmentError("the probe cannot measure: " + refused);
}

void MeasuringDevice::measure_layers(const std::vector<LayerKey>& keys,
                                     const ProtocolOptions& protocol, const ProbeProgress& progress,
                                     const TakeLayers& take) {
  if (keys.empty()) return;
  if (!remote()) {
    std::vector<LayerMeasurement> measured;
    throw_unless_ok(edgefront::measure_layers(keys, protocol, progress, &measured));
    return take(measured);
  }
  const auto total = static_cast<std::int64_t>(keys.size());
  std::int64_t before = 0;
  for (const auto& batch : layer_batches(keys, options_.layers_per_batch, protocol)) {
    std::vector<ProbeJob> jobs(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) jobs[i].key = batch[i];
    const auto size = static_cast<std::int64_t>(batch.size());
    const auto report = [&](int part, int parts) {
      if (progress) {
        progress(static_cast<int>(before + size * part / parts), static_cast<int>(total));
      }
    };
    std::vector<LayerMeasurement> measured;
    try {
      run(jobs, protocol, report,
          [&](std::size_t, const ProbeResult& result) { measured.push_back(result.layer); });
    } catch (...) {
      if (!measured.empty()) take(measured);
      throw;
    }
    take(measured);
    before += size;
  }
}

void MeasuringDevice::measure_networks_here(const std::vector<Network>& networks,
                                            const std::string& kernel_set, int threads,
                                            const ProtocolOptions& protocol,
                                            const ProbeProgress& progress,
                                            const TakeNetwork& take) {
  const auto total = static_cast<std::int64_t>(networks.size());
  // As many networks side by side as memory allows: those of a group are interleaved.
  const std::int64_t most_bytes = bytes_at_once();
  for (std::size_t first = 0, end = 0; first < networks.size(); first = end) {
    std::vector<Model> generated;
    std::vector<std::string> names;
    std::int64_t bytes = 0;
    for (end = first; end < networks.size() && bytes < most_bytes; ++end) {
      const Network& network = networks[end];
      names.push_back(network.name);
      if (network.model != nullptr) continue;
      generated.push_back(generated_model(network.graph, protocol.seed));
      bytes += weights_bytes(network.graph);
    }
    std::vector<const Model*> models;
    auto next = generated.begin();
    for (std::size_t i = first; i < end; ++i) {
      models.push_back(networks[i].model != nullptr ? networks[i].model : &*next++);
    }
    const auto group = static_cast<std::int64_t>(models.size());
    std::vector<NetworkMeasurement> measured;
    throw_unless_ok(edgefront::measure_networks(
        models, names, kernel_set, threads, protocol,
        [&](int part, int parts) {  // the probe may count an entry once per pass
          const std::int64_t done = group * part / std::max(parts, 1);
          const auto so_far = static_cast<std::int64_t>(first) + done;
          if (progress) progress(static_cast<int>(so_far), static_cast<int>(total));
        },
        &measured));
    for (std::size_t i = 0; i < measured.size(); ++i) take(first + i, measured[i], {});
  }
}

void MeasuringDevice::measure_networks(const std::vector<Network>& networks,
                                       const std::string& kernel_set, int threads,
                                       const ProtocolOptions& protocol,
                                       const ProbeProgress& progress, const TakeNetwork& take) {
  if (!remote()) {
    return measure_networks_here(networks, kernel_set, threads, protocol, progress, take);
  }
  const auto total = static_cast<std::int64_t>(networks.size());
  for (std::size_t first = 0; first < networks.size();) {
    std::vector<ProbeJob> jobs;
    std::size_t bytes = 0;
    while (first + jobs.size() < networks.size() && bytes < kBatchBytes &&
           static_cast<int>(jobs.size()) < options_.networks_per_batch) {
      jobs.push_back(job_of(networks[first + jobs.size()], kernel_set, threads));
      bytes += jobs.back().efm.size();
    }
    const auto size = static_cast<std::int64_t>(jobs.size());
    const auto report = [&](int part, int parts) {
      const std::int64_t done = static_cast<std::int64_t>(first) + size * part / parts;
      if (progress) progress(static_cast<int>(done), static_cast<int>(total));
    };
    run(jobs, protocol, report, [&](std::size_t i, const ProbeResult& result) {
      take(first + i, result.network, result.facts);
    });
    first += jobs.size();
  }
}

Roofs MeasuringDevice::measure_roofs(const KernelSet& set) {
  Roofs roofs;
  if (!remote()) {
    const PinnedTeam pinned(-1, 1);
    throw_unless_ok(edgefront::measure_roofs(set, identity_, &roofs));
    return roofs;
  }
  ProbeJob job;
  job.kind = JobKind::kRoof;
  job.kernel_set = set.name;
  run({job}, ProtocolOptions{}, {},
      [&](std::size_t, const ProbeResult& result) { roofs = result.roofs; });
  return roofs;
}

NetworkMeasurement MeasuringDevice::measure_file(const std::string& path,
                                                 const std::string& kernel_set, int threads,
                                                 const ProtocolOptions& protocol,
                                                 NetworkFacts* facts) {
  ProbeJob job;
  job.kind = JobKind::kModel;
  job.name = job.path = path;
  job.kernel_set = kernel_set;
  job.threads = threads;
  NetworkMeasurement measured;
  run({job}, protocol, {}, [&](std::size_t, const ProbeResult& result) {
    measured = result.network;
    *facts = result.facts;
  });
  return measured;
}

}  // namespace edgefront
