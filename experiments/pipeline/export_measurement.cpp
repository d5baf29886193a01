#include "experiments/pipeline/export_measurement.h"

#include <filesystem>
#include <map>

#include "experiments/host.h"
#include "experiments/pipeline/winner_check.h"
#include "hwprofiles/profile_store.h"
#include "hwprofiles/profiler.h"
#include "hwprofiles/state_change.h"
#include "runtime/model_file.h"
#include "space/error.h"

namespace edgefront {
namespace {

using Note = std::function<void(const std::string&)>;

MeasuringDevice device_of(const std::string& on) {
  if (on.empty()) return MeasuringDevice();
  DeviceLinkOptions link;
  link.link.command = on;
  return MeasuringDevice(link);
}

/// True where networks can be measured: the profile is that of the device at hand.
bool is_at_hand(const DeviceChoice& choice, MeasuringDevice& device, const Note& note) {
  if (choice.profile.empty()) {
    note("predicted only: the device has a description but no profile");
    return false;
  }
  try {
    const DeviceProfile profile = load_profile(choice.profile);
    require_same_device(profile, choice.profile, device);
    if (const std::string change = state_change(profile, device); !change.empty()) {
      note("warning: " + change);
    }
    return true;
  } catch (const InputError& e) {
    note(std::string("predicted only: ") + e.what());
    return false;
  }
}

MeasuredLatency measured_latency(const LatencyStatistics& s, const std::string& kernel_set) {
  return {s.latency_us, s.latency_low_us, s.latency_high_us, s.p50_us,
          s.p95_us,     s.p99_us,         kernel_set};
}

/// Networks that may still become winners.
std::vector<std::size_t> kept_of(const std::vector<ExportedNetwork>& networks) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    if (networks[i].dropped.empty()) kept.push_back(i);
  }
  return kept;
}

void measure(const SearchExperiment& experiment, const std::string& kernel_set,
             MeasuringDevice& device, const std::vector<Deployment>& deployments,
             std::vector<ExportedNetwork>& networks) {
  const std::vector<std::size_t> where = kept_of(networks);
  std::vector<MeasuringDevice::Network> models;
  for (const std::size_t i : where) {
    models.push_back({networks[i].genotype, {}, &deployments[i].model});
  }
  ProtocolOptions protocol;
  protocol.min_samples = 200;
  protocol.relative_half_width = 0.01;
  protocol.step_latencies = false;
  protocol.seed = experiment.seed;
  device.measure_networks(
      models, kernel_set, 1, protocol, {},
      [&](std::size_t k, const NetworkMeasurement& measured, const NetworkFacts&) {
        networks[where[k]].measured = measured_latency(measured.statistics, kernel_set);
      });
}

/// One round over model files; on another device they are sent.
std::vector<LatencyStatistics> time_files(const std::map<std::string, const Model*>& model_of,
                                          const std::vector<std::string>& paths,
                                          const ExportMeasurement& how, int threads,
                                          MeasuringDevice& probe, const ProtocolOptions& protocol) {
  std::vector<LatencyStatistics> all;
  if (how.on.empty()) {
    NetworkFacts facts;
    for (const std::string& path : paths) {
      all.push_back(probe.measure_file(path, how.kernel_set, threads, protocol, &facts).statistics);
    }
    return all;
  }
  all.resize(paths.size());
  std::vector<MeasuringDevice::Network> models;
  for (const std::string& path : paths) models.push_back({path, {}, model_of.at(path)});
  probe.measure_networks(models, how.kernel_set, threads, protocol, {},
                         [&](std::size_t i, const NetworkMeasurement& m, const NetworkFacts&) {
                           all[i] = m.statistics;
                         });
  return all;
}

/// Whose upper 95 % bound is over a latency budget of the experiment is dropped.
void measure_within_budgets(const SearchExperiment& experiment, const ExportMeasurement& how,
                            const std::vector<Deployment>& deployments,
                            std::vector<ExportedNetwork>& networks, const Note& note) {
  make_folder(how.folder);
  const std::vector<std::size_t> where = kept_of(networks);
  std::map<std::string, const Model*> model_of;
  std::vector<std::string> files;
  for (const std::size_t i : where) {
    files.push_back(std::filesystem::absolute(how.folder + "/" + export_stem(networks[i].index) +
                                              ".unmeasured"));
    model_of[files.back()] = &deployments[i].model;
    require(write_model_file(deployments[i].model, files.back()));
  }
  if (files.empty()) return;
  const DeviceChoice& device = experiment.devices.front();
  WinnerCheckOptions rounds;
  rounds.probe = how.on.empty() ? probe_beside_program() : how.on;
  rounds.reference_kernel_us = load_profile(device.profile).state.reference_kernel_us;
  BudgetCheckOptions options;
  options.budgets = latency_budgets(experiment, 0);
  options.reference_kernel_us = rounds.reference_kernel_us;
  options.measure = [&](const std::vector<std::string>& paths, int round) {
    return measure_round(rounds, round,
                         [&](MeasuringDevice& probe, const ProtocolOptions& protocol) {
                           return time_files(model_of, paths, how, device.threads, probe, protocol);
                         });
  };
  const std::vector<Remeasured> measured = remeasure(options, files);
  for (const std::string& file : files) std::filesystem::remove(file);
  for (std::size_t k = 0; k < where.size(); ++k) {
    ExportedNetwork& n = networks[where[k]];
    n.measured = measured_latency(measured[k].statistics, how.kernel_set);
    n.dropped = measured[k].over;
    if (!n.dropped.empty()) note("network " + std::to_string(n.index) + " dropped: " + n.dropped);
  }
}

}  // namespace

void require_export_device(const SearchExperiment& experiment, const std::string& on) {
  if (on.empty()) return;
  const DeviceChoice& device = experiment.devices.front();
  if (device.profile.empty()) {
    throw InputError("--on needs a device with a profile; " + device.name + " has a description");
  }
  MeasuringDevice reached = device_of(on);
  require_same_device(load_profile(device.profile), device.profile, reached);
}

void measure_exports(const SearchExperiment& experiment, const ExportMeasurement& how,
                     const std::vector<Deployment>& deployments,
                     std::vector<ExportedNetwork>& networks, const Note& note) {
  MeasuringDevice device = device_of(how.on);
  if (!is_at_hand(experiment.devices.front(), device, note)) return;
  const bool no_probe = how.on.empty() && probe_beside_program().empty();
  if (latency_budgets(experiment, 0).empty() || no_probe) {
    measure(experiment, how.kernel_set, device, deployments, networks);
  } else {
    measure_within_budgets(experiment, how, deployments, networks, note);
  }
}

}  // namespace edgefront
