#include "experiments/commands/profile_sources.h"

#include <filesystem>
#include <iostream>
#include <map>
#include <optional>

#include "costmodels/cost_model.h"
#include "costmodels/latency_correction.h"
#include "costmodels/profile_transfer.h"
#include "experiments/commands/device_option.h"
#include "experiments/commands/progress.h"
#include "experiments/host.h"
#include "hwprofiles/importers.h"
#include "hwprofiles/profile_store.h"
#include "hwprofiles/profiler.h"
#include "hwprofiles/result_import.h"
#include "runtime/team.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

constexpr int kCoverageNetworks = 200;

/// "file.csv", or "160.yaml and 4 more".
std::string names_of(const std::vector<std::string>& paths) {
  const std::string first = std::filesystem::path(paths.front()).filename().string();
  if (paths.size() == 1) return first;
  return first + " and " + std::to_string(paths.size() - 1) + " more";
}

/// How many networks of the space the table can cost, and why not the others.
void print_coverage(const SearchSpace& space, const DeviceProfile& profile,
                    const std::string& path) {
  CostModelOptions options;
  options.profile_path = path;
  const auto model = make_block_cost_model(std::make_shared<const DeviceProfile>(profile), options);
  int covered = 0, drawn = 0;
  std::string missing;
  for (const Genotype& genotype : draw_networks(space, kCoverageNetworks, 1, {})) {
    ++drawn;
    try {
      model->layers(lower(decode(space, genotype)));
      ++covered;
    } catch (const InputError& error) {
      if (missing.empty()) missing = error.what();
    }
  }
  std::cout << covered << " of " << drawn << " networks drawn from " << space.name
            << " have all of their blocks in it\n";
  if (!missing.empty()) std::cout << "first that has not: " << missing << "\n";
}

DeviceProfile load_or_begin(const std::string& path, const CommandLine& line,
                            MeasuringDevice& device) {
  DeviceProfile profile;
  if (std::filesystem::exists(path)) {
    profile = load_profile(path);
    if (!profile.layers.empty() || !profile.networks.empty()) {
      require_same_device(profile, path, device);
    }
  } else if (line.given("device")) {
    profile.description = load_device_description(line.text("device"));
  } else {
    profile.description.name = device.remote() ? device.identity().cpu_model : "host";
  }
  profile.identity = device.identity();
  profile.state = device.state();
  profile.state_at = seconds_now();
  return profile;
}

int networks_of(const DeviceProfile& profile, const SearchSpace& space,
                const TransferSetting& setting) {
  int count = 0;
  for (const NetworkEntry& n : profile.networks) {
    count += n.space_digest == space.digest && n.precision == setting.precision &&
             n.threads == setting.threads && n.kernel_set == setting.kernel_set;
  }
  return count;
}

void print(const TransferSetting& setting, const TransferReport& report) {
  std::cout << precision_name(setting.precision) << ", " << thread_text(setting.threads) << ", "
            << setting.kernel_set << ": " << report.transferred << " layers from";
  for (const TransferDevice& device : report.devices) {
    std::cout << " " << device.name << " " << fixed(100 * device.share, 0) << " %";
  }
  std::cout << "\n  and from " << report.networks << " networks and " << report.layers
            << " layers measured here (" << report.set_aside
            << " set aside as disturbed); each predicted from the others: Spearman "
            << fixed(report.spearman, 3) << ", MAPE " << fixed(report.mape_percent, 1) << " %\n";
  if (report.relative_half_width_90 > 0) {
    std::cout << "  90 % of fresh measurements are expected within "
              << fixed(100 * report.relative_half_width_90, 1) << " %\n";
  }
  if (report.missing.empty()) return;
  std::cout << "  " << report.missing.size() << " layers that no other device has, e.g. "
            << report.missing.front() << "; measure them with edgefront profile\n";
}

}  // namespace

DeviceProfile profile_to_complete(const CommandLine& line, const std::string& path) {
  DeviceProfile profile;
  if (std::filesystem::exists(path)) {
    profile = load_profile(path);
  } else if (line.given("device")) {
    profile.description = load_device_description(line.text("device"));
  } else {
    profile.description.name = line.given("on") ? "" : "host";
  }
  return profile;
}

std::string line_text(const Calibration& c) {
  const double weights = correction_of(&c).us_per_weight_mib;
  const std::string sum =
      weights == 0 ? "sum" : "(sum + " + fixed(weights, 2) + " us per MiB of weights)";
  return "latency = " + fixed(c.slope, 4) + " * " + sum + " + " + fixed(c.intercept_us, 2) + " us";
}

void print_summary(const std::string& path, const DeviceProfile& profile,
                   const std::string& space_digest) {
  std::cout << path << ": " << profile.layers.size() << " layers, " << profile.networks.size()
            << " whole networks\n";
  for (const auto& c : profile.calibrations) {
    if (!space_digest.empty() && c.space_digest != space_digest) continue;
    std::cout << precision_name(c.precision) << ", " << thread_text(c.threads) << ", "
              << c.kernel_set << ": " << line_text(c) << ", 90 % of fresh measurements within "
              << fixed(100 * c.relative_half_width_90, 1) << " %\n";
  }
}

int import_file(const CommandLine& line) {
  const std::string path = line.text("out"), results = line.text("from");
  DeviceProfile profile = profile_to_complete(line, path);
  if (profile.layers.empty() && profile.description.name == "host") profile.description.name = "";
  const ImportSummary summary = import_results(results, profile);
  calibrate(profile);
  save_profile(profile, path);
  ProgressLine notes;
  if (summary.cut) notes.note("warning: " + results + " was cut short; its whole lines are merged");
  if (summary.errors > 0) {
    notes.note("warning: the probe could not measure " + std::to_string(summary.errors) +
               " jobs, the first: " + summary.first_error);
  }
  if (summary.waiting > 0) {
    notes.note("warning: " + std::to_string(summary.waiting) + " networks are left out: " + path +
               " lacks layers of theirs");
  }
  std::cout << results << ": " << summary.layers << " layers, " << summary.networks
            << " whole networks merged\n";
  print_summary(path, profile, "");
  return 0;
}

int import_profile(const CommandLine& line) {
  const std::string path = line.text("out");
  if (std::filesystem::exists(path)) {
    throw InputError("profile --import: " + path + " exists; an import makes a new profile");
  }
  const std::vector<std::string> files = line.list("import");
  std::optional<SearchSpace> space;
  if (line.given("space")) space = load_space(line.text("space"));
  DeviceProfile profile;
  if (line.given("device")) {
    profile.description = load_device_description(line.text("device"));
  } else {
    profile.description.name = "imported from " + names_of(files);
  }
  profile.blocks =
      import_block_tables(files, {parse_table_format(line.text("format")), line.text("column")});
  save_profile(profile, path);
  std::cout << path << ": " << profile.blocks.size() << " blocks\n";
  if (space) print_coverage(*space, profile, path);
  return 0;
}

int transfer_profile(const CommandLine& line) {
  if (!line.given("space")) throw InputError("profile --transfer-from: --space is missing");
  const std::string path = line.text("out");
  const SearchSpace space = load_space(line.text("space"));
  std::vector<DeviceProfile> others;
  for (const std::string& other : line.list("transfer-from")) others.push_back(load_profile(other));
  ProgressLine progress;
  MeasuringDevice device = open_measuring_device(line, progress);
  DeviceProfile profile = load_or_begin(path, line, device);
  const auto wanted = static_cast<int>(line.integer("transfer-networks", 3, 20));
  const auto seed = static_cast<std::uint64_t>(line.integer("seed", 0, INT64_MAX));
  const KernelSet& set = device.kernel_set(line.text("kernels"));
  for (const Precision precision : parse_precisions(line.list("precision"), "--precision")) {
    for (const int threads : parse_thread_counts(line.list("threads"), "--threads")) {
      if (!device.remote()) require(check_team(threads));
      const TransferSetting setting{precision, threads, set.name};
      const int missing = std::max(wanted - networks_of(profile, space, setting), 0);
      const std::vector<Genotype> chosen =
          choose_networks(space, setting, others, profile, missing, seed);
      measure_genotypes(
          space, chosen, precision, threads, set, network_protocol(seed),
          [&](int done, int total) { progress.update("networks", done, total); }, device,
          [&](std::size_t, NetworkEntry entry) {
            profile.networks.push_back(std::move(entry));
            save_profile(profile, path);
          });
      const TransferReport report = transfer_layers(space, setting, others, profile);
      save_profile(profile, path);
      print(setting, report);
    }
  }
  return 0;
}

void print_origins(const DeviceProfile& profile) {
  std::map<EntryOrigin, int> counts;
  for (const auto& [key, entry] : profile.layers) ++counts[entry.origin];
  for (const auto& [origin, count] : counts) {
    if (origin != EntryOrigin::kMeasured)
      std::cout << count << " layers " << origin_name(origin) << "\n";
  }
  if (profile.blocks.empty()) return;
  std::cout << profile.blocks.size() << " imported blocks\n";
  for (const auto& [key, block] : profile.blocks) {
    std::cout << "  " << key << "  " << fixed(block.latency_us, 2) << " us\n";
  }
}

}  // namespace edgefront
