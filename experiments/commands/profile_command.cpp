// edgefront profile: measure a device, show a profile, or hold predictions against fresh
// measurements.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "costmodels/cost_model.h"
#include "costmodels/latency_correction.h"
#include "costmodels/layer_interpolation.h"
#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/commands/device_option.h"
#include "experiments/commands/profile_sources.h"
#include "experiments/commands/profile_traces.h"
#include "experiments/commands/progress.h"
#include "experiments/host.h"
#include "experiments/report/validation_report.h"
#include "hwprofiles/profile_lock.h"
#include "hwprofiles/profile_store.h"
#include "hwprofiles/profiler.h"
#include "hwprofiles/state_change.h"
#include "runtime/file.h"
#include "runtime/team.h"
#include "space/error.h"
#include "space/lower.h"
#include "space/random.h"

namespace edgefront {
namespace {

/// The networks of a profile are drawn from `seed`; those of a validation from another stream.
constexpr std::uint64_t kValidationSeed = 0x76616c69646174ull;

struct Setting {
  Precision precision;
  int threads;
  const KernelSet* set;
};

std::vector<Setting> settings_of(const CommandLine& line, const MeasuringDevice& device) {
  std::vector<Setting> settings;
  const KernelSet& set = device.kernel_set(line.text("kernels"));
  for (const Precision p : parse_precisions(line.list("precision"), "--precision")) {
    for (const int t : parse_thread_counts(line.list("threads"), "--threads")) {
      settings.push_back({p, t, &set});
    }
  }
  return settings;
}

std::string text(const Setting& s) {
  return std::string(precision_name(s.precision)) + ", " + thread_text(s.threads) + ", " +
         s.set->name;
}

nlohmann::json calibration_json(const Calibration& c) {
  return {{"space_digest", c.space_digest},
          {"precision", precision_name(c.precision)},
          {"threads", c.threads},
          {"kernels", c.kernel_set},
          {"slope", c.slope},
          {"intercept_us", c.intercept_us},
          {kUsPerWeightMib, correction_of(&c).us_per_weight_mib},
          {"half_width_90_percent", 100 * c.relative_half_width_90},
          {"networks", c.networks}};
}

int show(const CommandLine& line) {
  const std::string path = line.text("show");
  const DeviceProfile profile = load_profile(path);
  if (line.given("json")) {
    nlohmann::json layers = nlohmann::json::array(), calibrations = nlohmann::json::array();
    for (const auto& [key, entry] : profile.layers) {
      const auto& s = entry.statistics;
      layers.push_back({{"key", key},
                        {"latency_us", s.latency_us},
                        {"latency_low_us", s.latency_low_us},
                        {"latency_high_us", s.latency_high_us},
                        {"p50_us", s.p50_us},
                        {"p95_us", s.p95_us},
                        {"p99_us", s.p99_us},
                        {"samples", s.samples},
                        {"rejected", s.rejected}});
    }
    for (const auto& c : profile.calibrations) calibrations.push_back(calibration_json(c));
    const nlohmann::json out = {{"name", profile.description.name},
                                {"cpu", profile.identity.cpu_model},
                                {"architecture", profile.identity.architecture},
                                {"cores", profile.identity.cores},
                                {"memory_bytes", profile.identity.memory_bytes},
                                {"kernel_sets", profile.identity.kernel_sets},
                                {"created", profile.created},
                                {"digest", digest(profile)},
                                {"layers", layers},
                                {"networks", profile.networks.size()},
                                {"calibrations", calibrations}};
    std::cout << out.dump(2) << "\n";
    return 0;
  }
  std::cout << path << ": " << profile.description.name << ", " << profile.identity.cpu_model
            << ", " << profile.identity.cores << " cores, measured " << profile.created << "\n"
            << profile.layers.size() << " layers, " << profile.networks.size()
            << " whole networks\n";
  print_origins(profile);
  for (const auto& c : profile.calibrations) {
    std::cout << "calibration " << precision_name(c.precision) << ", " << thread_text(c.threads)
              << ", " << c.kernel_set << ", space " << c.space_digest.substr(0, 8) << ": "
              << line_text(c) << ", 90 % of fresh measurements within "
              << fixed(100 * c.relative_half_width_90, 1) << " % (" << c.networks << " networks)\n";
  }
  for (const std::string& text : describe_extras(profile)) std::cout << text << "\n";
  for (const auto& [key, entry] : profile.layers) {
    std::cout << "  " << key << "  " << describe(entry.statistics) << "\n";
  }
  return 0;
}

/// Genotypes of `space` that the profile was calibrated on, which a validation must not meet again.
std::vector<Genotype> calibration_genotypes(const SearchSpace& space,
                                            const DeviceProfile& profile) {
  std::vector<Genotype> genotypes;
  for (const auto& n : profile.networks) {
    if (n.space_digest == space.digest) genotypes.push_back(parse_genotype(space, n.genotype));
  }
  return genotypes;
}

nlohmann::json summary_json(const Setting& setting, const ValidatedSetting& validated) {
  nlohmann::json networks = nlohmann::json::array();
  for (std::size_t i = 0; i < validated.rows.size(); ++i) {
    const PredictionRow& row = validated.rows[i];
    networks.push_back({{"genotype", validated.genotypes[i]},
                        {"predicted_us", row.predicted_us},
                        {"low_us", row.low_us},
                        {"high_us", row.high_us},
                        {"measured_us", row.measured_us}});
  }
  const ValidationSummary& s = validated.summary;
  return {{"precision", precision_name(setting.precision)},
          {"threads", setting.threads},
          {"kernels", setting.set->name},
          {"networks", s.networks},
          {"mape_percent", s.mape_percent},
          {"within_5_percent", s.within_5_percent},
          {"within_10_percent", s.within_10_percent},
          {"spearman", s.spearman},
          {"coverage_90_percent", s.coverage_90_percent},
          {"rows", networks}};
}

/// With --quick as few samples as the statistics take, no rests, and none repeated.
ProtocolOptions quick_or(const CommandLine& line, ProtocolOptions protocol) {
  if (!line.given("quick")) return protocol;
  protocol.warmup = 1;
  protocol.min_samples = protocol.max_samples = 8;
  protocol.passes = 1;
  protocol.pass_s = protocol.patience_s = 0;
  protocol.disturbance = 1000;
  return protocol;
}

void print(const ValidatedSetting& validated) {
  const ValidationSummary& s = validated.summary;
  std::cout << validated.name << ": " << s.networks << " fresh networks, MAPE "
            << fixed(s.mape_percent, 2) << " %, within 5 % " << fixed(s.within_5_percent, 1)
            << " %, within 10 % " << fixed(s.within_10_percent, 1) << " %, Spearman "
            << fixed(s.spearman, 4) << ", 90 % interval covers " << fixed(s.coverage_90_percent, 1)
            << " %\n";
}

/// Predicts and measures every network.
ValidatedSetting validate(const Setting& setting, const CostModel& model, const SearchSpace& space,
                          const std::vector<Genotype>& genotypes, const ProtocolOptions& protocol,
                          MeasuringDevice& device, ProgressLine& progress) {
  ValidatedSetting validated{text(setting), {}, {}, {}};
  std::vector<PredictionRow>& rows = validated.rows;
  for (const Genotype& genotype : genotypes) {
    const NetworkCost cost = model.estimate(lower(decode(space, genotype)));
    rows.push_back({cost.latency_us, cost.latency_low_us, cost.latency_high_us, 0});
  }
  validated.genotypes.resize(rows.size());
  measure_genotypes(
      space, genotypes, setting.precision, setting.threads, *setting.set, protocol,
      [&](int done, int total) { progress.update("networks measured", done, total); }, device,
      [&](std::size_t i, const NetworkEntry& entry) {
        rows[i].measured_us = entry.statistics.latency_us;
        validated.genotypes[i] = entry.genotype;
      });
  validated.summary = summarize_validation(rows);
  return validated;
}

int validate(const CommandLine& line) {
  const std::string path = line.text("validate");
  if (!line.given("space")) throw InputError("profile --validate: --space is missing");
  const auto profile = std::make_shared<const DeviceProfile>(load_profile(path));
  ProgressLine progress;
  MeasuringDevice device = open_measuring_device(line, progress);
  require_same_device(*profile, path, device);
  if (const std::string change = state_change(*profile, device); !change.empty()) {
    progress.note("warning: " + change);
  }
  const SearchSpace space = load_space(line.text("space"));
  const int count = int(line.integer("networks", 2, 10000));
  const auto seed = mix_seed(kValidationSeed, std::uint64_t(line.integer("seed", 0, INT64_MAX)));
  const auto genotypes = draw_networks(space, count, seed, calibration_genotypes(space, *profile));
  nlohmann::json results = nlohmann::json::array();
  ValidationReport report{path, line.text("space"), device.identity().cpu_model, {}};
  for (const Setting& setting : settings_of(line, device)) {
    if (!device.remote()) require(check_team(setting.threads));
    CostModelOptions options;
    options.precision = setting.precision;
    options.threads = setting.threads;
    options.kernel_set = setting.set->name;
    options.space_digest = space.digest;
    options.profile_path = path;
    options.space_path = line.text("space");
    const auto model = make_table_cost_model(profile, options);
    ValidatedSetting validated = validate(setting, *model, space, genotypes,
                                          quick_or(line, network_protocol(seed)), device, progress);
    if (!line.given("json")) print(validated);
    results.push_back(summary_json(setting, validated));
    report.settings.push_back(std::move(validated));
  }
  if (line.given("report")) {
    const std::string html = validation_html(report);
    require(write_file_atomic(line.text("report"), html.data(), html.size()));
  }
  if (line.given("json")) {
    // One setting gives the object itself, several an array under "settings".
    std::cout << (results.size() == 1 ? results[0] : nlohmann::json{{"settings", results}}).dump(2)
              << "\n";
  }
  return 0;
}

/// Energy, clock levels and heat from edgefront-probe's traces into a profile that exists.
int add_traces(const CommandLine& line) {
  const std::string path = line.text("out");
  DeviceProfile profile = load_profile(path);
  const auto added = add_traces(line.list("trace"), line.text("power-log"), profile);
  save_profile(profile, path);
  for (const std::string& text : added) std::cout << path << ": " << text << "\n";
  return 0;
}

int measure(const CommandLine& line) {
  if (!line.given("space") || !line.given("out")) {
    throw InputError(
        "profile: --space and --out are needed (or --from or --import and --out, or --show, or "
        "--validate)");
  }
  const std::string path = line.text("out");
  const SearchSpace space = load_space(line.text("space"));
  DeviceProfile profile = profile_to_complete(line, path);
  ProfileOptions options;
  options.precisions = parse_precisions(line.list("precision"), "--precision");
  options.threads = parse_thread_counts(line.list("threads"), "--threads");
  options.calibration_networks = int(line.integer("networks", 0, 10000));
  options.seed = std::uint64_t(line.integer("seed", 0, INT64_MAX));
  options.max_layers = int(line.integer("max-layers", 0, 1000000));
  options.interpolate = interpolate_layers;
  options.protocol.seed = options.seed;
  options.protocol = quick_or(line, options.protocol);
  options.networks_protocol = quick_or(line, network_protocol(options.seed));
  ProgressLine progress;
  MeasuringDevice device = open_measuring_device(line, progress);
  if (!device.remote()) {
    for (const int threads : options.threads)
      require(check_team(threads));  // before the first hour
  }
  options.kernel_set = device.kernel_set(line.text("kernels")).name;
  bool saved = false;
  try {
    profile_space(
        space, options,
        [&](const std::string& what, int done, int total) { progress.update(what, done, total); },
        device, profile,
        [&] {
          save_profile(profile, path);
          saved = true;
        });
  } catch (const LinkCut& cut) {
    throw EnvironmentError(std::string(cut.what()) + "; " +
                           (saved ? path + " holds what was measured so far (" +
                                        std::to_string(profile.layers.size()) + " layers, " +
                                        std::to_string(profile.networks.size()) + " whole networks)"
                                  : "nothing new was measured") +
                           ": the same command goes on");
  }
  calibrate(profile, &space);
  save_profile(profile, path);
  print_summary(path, profile, space.digest);
  return 0;
}

/// What the command can do, by the option that says so, and what else may stand beside that.
struct Task {
  std::string option;
  int (*run)(const CommandLine&);
  std::vector<std::string> options;
};

Task task_of(const CommandLine& line) {
  const std::vector<Task> tasks{
      {"show", show, {"json"}},
      {"validate",
       validate,
       {"space", "precision", "threads", "networks", "kernels", "seed", "report", "quick", "on",
        "retries", "json"}},
      {"trace", add_traces, {"out", "power-log"}},
      {"from", import_file, {"out", "device"}},
      {"import", import_profile, {"out", "format", "column", "space", "device"}},
      {"transfer-from",
       transfer_profile,
       {"out", "space", "device", "transfer-networks", "precision", "threads", "kernels", "seed",
        "on", "retries"}}};
  line.require_beside("retries", "on");
  for (const Task& task : tasks) {
    if (!line.given(task.option)) continue;
    line.accept_only("--" + task.option, task.options);
    if (task.options.front() == "out" && !line.given("out")) {
      throw InputError("profile --" + task.option + ": --out is missing: the profile to write");
    }
    return task;
  }
  for (const auto& [option, of] : {std::pair{"report", "validate"},
                                   {"power-log", "trace"},
                                   {"transfer-networks", "transfer-from"},
                                   {"format", "import"},
                                   {"column", "import"},
                                   {"json", "show"}}) {
    line.require_beside(option, of);
  }
  return {"", measure, {}};
}

}  // namespace

int profile_command(const CommandArguments& args) {
  CommandLine line(
      "profile --space SPACE.toml --out DEV.h5 | --show DEV.h5 | --validate DEV.h5 "
      "--space SPACE.toml [options]",
      "Measures what every fused layer of a space costs on this machine, or --on a board, and "
      "calibrates sums on whole networks; entries that an existing profile holds are kept, so the "
      "same command goes on where it was cut off.\n"
      "--show prints a profile. --validate measures fresh random networks and holds "
      "the prediction against them.");
  line.option("space", "SPACE.toml", "", "search space file")
      .option("out", "DEV.h5", "", "profile to write, or to complete")
      .option("show", "DEV.h5", "", "profile to print")
      .option("from", "RESULTS", "", "results of an edgefront-probe that ran on its own, to merge")
      .option("validate", "DEV.h5", "", "profile to hold against fresh measurements")
      .option("device", "FILE.toml", "",
              "device description (energy coefficients) of a new profile")
      .option("trace", "FILES", "",
              "put energies, clock levels and heat that edgefront-probe wrote into --out")
      .option("power-log", "LOG.csv", "", "log of a power meter, for a trace of --windows")
      .option("precision", "LIST", "int8,fp32", "precisions")
      .option("threads", "LIST", "1", "threads of a network")
      .option("networks", "N", "50", "whole networks to calibrate or to validate on")
      .option("max-layers", "N", "1000",
              "layers to measure for each precision and number of threads; the others of a large "
              "space are interpolated (0: measure all)")
      .option("kernels", "SET", "", "kernel set (default: EDGEFRONT_KERNELS, else the best)")
      .option("seed", "N", "1", "seed of networks, weights, inputs and order")
      .option("report", "FILE.html", "",
              "with --validate: write the plot of predicted against measured latency")
      .flag("quick", "a few samples of everything, to try a device out; the times mean little")
      .option(
          "transfer-from", "A.h5,...", "",
          "profiles of other devices: layers that this one lacks are taken from them and from a "
          "few networks measured here")
      .option("transfer-networks", "N", "10", "how many, 3 to 20, those already measured included")
      .option("import", "FILE,...", "", "published latency tables (YAML or CSV) for a new profile")
      .option("format", "NAME", "ofa", "of them: ofa, proxyless or fbnet-blocks")
      .option("column", "NAME", "lat_ms", "of their latencies in milliseconds, in CSV files")
      .flag("json", "one JSON object on standard output");
  add_device_options(line);
  if (!line.parse(args)) return 0;
  const Task task = task_of(line);
  std::optional<ProfileLock> writer;  // from before the profile is read until after it is saved
  if (line.given("out")) writer.emplace(line.text("out"));
  return task.run(line);
}

}  // namespace edgefront
