#include "experiments/pipeline/winner_check.h"

#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include "experiments/pipeline/run_folder.h"
#include "hwprofiles/profile_store.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

constexpr int kInvocations = 200;
// A round that ends on a machine that is slower than when it was profiled is repeated: its times
// say something of the disturbance. What lasts is measured in the end.
constexpr double kDisturbance = 1.05;
constexpr int kAttempts = 2, kLooks = 10;
constexpr double kLookPause_s = 0.3, kPatience_s = 5;

/// A word for the shell, whatever it holds.
std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

DeviceLinkOptions link_to(const std::string& probe) {
  DeviceLinkOptions options;
  options.link.command = probe;
  return options;
}

void note(const WinnerCheckOptions& options, const std::string& line) {
  if (options.note) options.note(line);
}

/// The first device with a latency budget; the number of devices where there is none.
std::size_t device_with_budget(const SearchExperiment& experiment,
                               const WinnerCheckOptions& options) {
  const std::size_t none = experiment.devices.size();
  std::size_t first = none;
  for (std::size_t d = 0; d < none; ++d) {
    for (const LatencyBudget& budget : latency_budgets(experiment, d)) {
      if (first == none) first = d;
      if (d != first) note(options, budget.name + " is predicted only: one device is measured");
    }
  }
  return first;
}

/// Why the winners cannot be measured; empty where they can.
std::string obstacle(const DeviceChoice& device, const WinnerCheckOptions& options,
                     DeviceProfile* profile) {
  if (device.profile.empty()) return "the device has a description but no profile";
  if (options.probe.empty()) return "there is no edgefront-probe beside this program";
  *profile = load_profile(device.profile);
  std::string why;
  if (is_profiled_device(options.probe, *profile, &why)) return "";
  return device.profile + " was measured on another device: " + why;
}

void mark_predicted_only(Front& front) {
  for (FrontMember& member : front.members) {
    if (!member.exported && !member.measured) member.measured.emplace();
  }
}

MeasuringDevice::Network network_of(const SearchSpace& space, const std::string& genotype,
                                    Precision precision) {
  const LayerGraph graph = lower(decode(space, parse_genotype(space, genotype)));
  return {genotype, with_precision(graph, precision), nullptr};
}

}  // namespace

std::string probe_beside_program() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "";
  const std::filesystem::path probe = program.parent_path() / "edgefront-probe";
  return std::filesystem::exists(probe, error) ? quoted(probe) + " -" : "";
}

bool is_profiled_device(const std::string& probe, const DeviceProfile& profile, std::string* why) {
  const MeasuringDevice device(link_to(probe));
  *why = identity_difference(profile.identity, device.identity());
  return why->empty();
}

BudgetRound measure_round(const WinnerCheckOptions& options, int round, const TimeAll& time_all) {
  const auto pause = [](double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  };
  if (round > 0) pause(options.pause_s);
  const auto disturbed = [&](double reference_us) {
    return options.reference_kernel_us > 0 &&
           reference_us > kDisturbance * options.reference_kernel_us;
  };
  ProtocolOptions protocol;
  protocol.min_samples = protocol.max_samples = kInvocations;
  protocol.passes = 1;  // the rounds are passes, and the slow ones shall count too
  protocol.step_latencies = false;
  protocol.patience_s = kPatience_s;
  protocol.seed = static_cast<std::uint64_t>(round) + 1;
  BudgetRound result;
  for (int attempt = 1;; ++attempt) {
    MeasuringDevice device(link_to(options.probe));
    for (int look = 0; disturbed(device.state().reference_kernel_us) && look < kLooks; ++look) {
      pause(kLookPause_s);
    }
    result.networks = time_all(device, protocol);
    result.reference_kernel_us = device.state().reference_kernel_us;
    if (!disturbed(result.reference_kernel_us) || attempt == kAttempts) return result;
  }
}

BudgetRound measure_round(const WinnerCheckOptions& options,
                          const std::vector<MeasuringDevice::Network>& networks,
                          const std::string& kernel_set, int threads, int round) {
  const std::string stage = "winners measured, round " + std::to_string(round + 1);
  return measure_round(options, round,
                       [&](MeasuringDevice& device, const ProtocolOptions& protocol) {
                         std::vector<LatencyStatistics> all(networks.size());
                         device.measure_networks(
                             networks, device.kernel_set(kernel_set).name, threads, protocol,
                             [&](int done, int total) {
                               if (options.progress) options.progress(stage, done, total);
                             },
                             [&](std::size_t i, const NetworkMeasurement& measured,
                                 const NetworkFacts&) { all[i] = measured.statistics; });
                         return all;
                       });
}

WinnerCheck check_winners(const std::string& run_folder, const WinnerCheckOptions& options) {
  RunState run = load_run(run_folder);
  const SearchExperiment& experiment = run.experiment;
  WinnerCheck check;
  const std::size_t which = device_with_budget(experiment, options);
  if (which == experiment.devices.size()) return check;
  const RunLock lock(run_folder);
  const DeviceChoice& device = experiment.devices[which];
  DeviceProfile profile;
  if (const std::string why = obstacle(device, options, &profile); !why.empty()) {
    note(options, "predicted only: " + why);
    mark_predicted_only(run.front);
    write_front_files(run_folder, run.front);
    return check;
  }
  const SearchSpace space = load_space(experiment.space_file);
  BudgetCheckOptions budgets;
  budgets.budgets = latency_budgets(experiment, which);
  budgets.reference_kernel_us = profile.state.reference_kernel_us;
  WinnerCheckOptions with_reference = options;
  with_reference.reference_kernel_us = profile.state.reference_kernel_us;
  budgets.measure = [&](const std::vector<std::string>& genotypes, int round) {
    std::vector<MeasuringDevice::Network> networks;
    for (const std::string& genotype : genotypes) {
      networks.push_back(network_of(space, genotype, device.precision));
    }
    return measure_round(with_reference, networks, run.manifest.kernel_set, device.threads, round);
  };
  const BudgetCheck counts = check_budgets(budgets, run.evaluations, run.front);
  write_front_files(run_folder, run.front);
  check.checked = true;
  check.kept = counts.kept;
  check.dropped = counts.dropped;
  return check;
}

}  // namespace edgefront
