// edgefront estimate: what one architecture will cost on a device.
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "costmodels/analytic_time.h"
#include "costmodels/cost_model.h"
#include "experiments/commands/clock_levels.h"
#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/host.h"
#include "experiments/units.h"
#include "hwprofiles/profile_store.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

OnMiss parse_on_miss(const std::string& text) {
  if (text == "error") return OnMiss::kError;
  if (text == "analytic") return OnMiss::kAnalytic;
  throw InputError("--on-miss is '" + text + "'; accepted are error and analytic");
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Not a profile: nothing was measured, or only peaks (edgefront-probe --describe).
bool is_description(const std::string& device) {
  return ends_with(device, ".toml") || ends_with(device, ".json");
}

/// Where the times without a measurement come from.
std::string analytic_source(const std::string& device) {
  return is_description(device) ? analytic_label(load_device_description(device))
                                : "analytic: roofline";
}

std::unique_ptr<CostModel> open_cost_model(const std::string& device,
                                           const CostModelOptions& options) {
  if (is_description(device)) {
    return make_analytic_cost_model(load_device_description(device), options);
  }
  return make_table_cost_model(std::make_shared<DeviceProfile>(load_profile(device)), options);
}

/// What was neither measured on this device nor analytic.
void print_origins(const std::vector<LayerCost>& layers) {
  std::map<EntryOrigin, double> times;
  double sum = 0;
  for (const auto& layer : layers) times[layer.origin] += layer.latency_us, sum += layer.latency_us;
  for (const auto& [origin, time] : times) {
    if (origin == EntryOrigin::kMeasured || origin == EntryOrigin::kAnalytic) continue;
    std::cout << "origin      " << fixed(100 * time / sum, 1) << " % of the latency is "
              << origin_name(origin) << "\n";
  }
}

void print(const NetworkCost& cost, const std::vector<LayerCost>& layers,
           const std::string& source) {
  for (const auto& layer : layers) {
    const bool measured = layer.origin == EntryOrigin::kMeasured;
    std::cout << "  " << fixed(layer.latency_us, 2) << " us"
              << (measured ? "" : " (" + std::string(origin_name(layer.origin)));
    if (!layer.bound.empty()) std::cout << ", " << layer.bound;
    if (layer.utilisation > 0) std::cout << ", " << fixed(100 * layer.utilisation, 1) << " % used";
    std::cout << (measured ? "" : ")") << "  " << layer.key << "\n";
  }
  std::cout << "latency     " << fixed(cost.latency_us, 2) << " us, 90 % interval "
            << fixed(cost.latency_low_us, 2) << " to " << fixed(cost.latency_high_us, 2) << "\n";
  if (cost.energy_uj) {
    std::cout << "energy      " << fixed(*cost.energy_uj, 3) << " uJ ("
              << energy_source_name(cost.energy_source) << ")\n";
  } else {
    std::cout << "energy      none (no sensor, and no coefficients in the device description)\n";
  }
  if (cost.latency_p95_us) {
    std::cout << "P95         " << fixed(*cost.latency_p95_us, 2) << " us";
    if (cost.latency_sustained_us) {
      std::cout << ", after 30 minutes without a pause " << fixed(*cost.latency_sustained_us, 2);
    }
    std::cout << "\n";
  }
  if (cost.power_w) {
    std::cout << "power       " << fixed(*cost.power_w, 3) << " W without a pause ("
              << energy_source_name(cost.energy_source) << ")\n";
  }
  std::cout << "arena       " << with_separators(cost.arena_bytes) << " bytes\nweights     "
            << with_separators(cost.weights_bytes) << " bytes, packed "
            << with_separators(cost.packed_bytes) << "\npeak memory "
            << with_separators(cost.peak_memory_bytes) << " bytes\nMACs        "
            << with_separators(cost.macs) << ", parameters " << with_separators(cost.parameters)
            << "\n";
  print_origins(layers);
  if (cost.analytic_share > 0) {
    std::cout << "analytic    " << fixed(cost.analytic_share * 100, 1)
              << " % of the latency is not measured (" << source << ")\n";
  }
}

/// What is asked of a clock level.
struct Pace {
  double period_us = 0;
  double budget_us = std::numeric_limits<double>::infinity();
};

Pace pace_of(const CommandLine& line) {
  Pace pace;
  pace.period_us = line.quantity("period", Unit::kMicroseconds);
  if (line.given("budget")) pace.budget_us = line.quantity("budget", Unit::kMicroseconds);
  return pace;
}

/// Of a profile that holds clock levels.
void print_clock_levels(const std::string& profile, double latency_us, const Pace& pace) {
  for (const std::string& text :
       clock_level_lines(load_profile(profile), latency_us, pace.period_us, pace.budget_us)) {
    std::cout << text << "\n";
  }
}

nlohmann::json to_json(const std::string& genotype, const NetworkCost& cost,
                       const std::vector<LayerCost>& layers, const std::string& source) {
  nlohmann::json out = {{"genotype", genotype},
                        {"latency_us", cost.latency_us},
                        {"latency_low_us", cost.latency_low_us},
                        {"latency_high_us", cost.latency_high_us},
                        {"energy_uj", nullptr},
                        {"energy_source", energy_source_name(cost.energy_source)},
                        {"arena_bytes", cost.arena_bytes},
                        {"peak_memory_bytes", cost.peak_memory_bytes},
                        {"packed_bytes", cost.packed_bytes},
                        {"weights_bytes", cost.weights_bytes},
                        {"macs", cost.macs},
                        {"parameters", cost.parameters},
                        {"analytic_share", cost.analytic_share},
                        {"analytic_source", nullptr},
                        {"layers", nlohmann::json::array()}};
  if (cost.analytic_share > 0) out["analytic_source"] = source;
  if (cost.energy_uj) out["energy_uj"] = *cost.energy_uj;
  for (const auto& [name, value] : {std::pair{"latency_p95_us", cost.latency_p95_us},
                                    {"latency_sustained_us", cost.latency_sustained_us},
                                    {"power_w", cost.power_w}}) {
    out[name] = value ? nlohmann::json(*value) : nlohmann::json();
  }
  for (const auto& layer : layers) {
    out["layers"].push_back({{"key", layer.key},
                             {"latency_us", layer.latency_us},
                             {"analytic", layer.analytic},
                             {"origin", origin_name(layer.origin)}});
    if (layer.bound.empty()) continue;
    out["layers"].back()["bound"] = layer.bound;
    out["layers"].back()["utilisation"] = layer.utilisation;
  }
  return out;
}

}  // namespace

int estimate_command(const CommandArguments& args) {
  CommandLine line("estimate SPACE.toml ARCH --device DEV.h5 [options]",
                   "Predicts latency (with its 90 % interval), memory and energy of one network, "
                   "layer by layer.");
  line.positional("SPACE.toml", "search space file")
      .positional("ARCH", "genotype text, or the name of a reference of the space")
      .option("device", "FILE", "",
              "device profile (.h5), or a description (.toml, or .json of the probe): analytic")
      .option("precision", "P", "int8", "int8 or fp32")
      .option("threads", "N", "1", "threads of the network")
      .option("kernels", "SET", "", "kernel set of the entries (default: the profile's)")
      .option("on-miss", "WHAT", "error", "a layer without entry: error, or analytic (roofline)")
      .option("period", "TIME", "0us", "one inference in each, for clock levels; 0: no pause")
      .option("budget", "TIME", "", "latency that a clock level must hold")
      .flag("json", "one JSON object on standard output");
  if (!line.parse(args)) return 0;
  if (!line.given("device")) throw InputError("estimate: --device is missing: a .h5 or .toml file");
  const bool described = is_description(line.text("device"));
  if (described || line.given("json")) {  // no clock levels, so no --period and --budget
    line.accept_only(
        described ? "a description" : "--json",
        {"SPACE.toml", "ARCH", "device", "precision", "threads", "kernels", "on-miss", "json"});
  }
  const Pace pace = pace_of(line);
  const SearchSpace space = load_space(line.text("SPACE.toml"));
  const Genotype genotype = parse_genotype(space, line.text("ARCH"));
  const LayerGraph graph = lower(decode(space, genotype));

  CostModelOptions options;
  options.precision = parse_precision(line.text("precision"), "--precision");
  options.threads = parse_thread_counts({line.text("threads")}, "--threads").front();
  options.kernel_set = line.text("kernels");
  options.on_miss = parse_on_miss(line.text("on-miss"));
  options.space_digest = space.digest;
  options.profile_path = line.text("device");
  options.space_path = line.text("SPACE.toml");
  const auto model = open_cost_model(line.text("device"), options);
  const NetworkCost cost = model->estimate(graph);
  const std::vector<LayerCost> layers = model->layers(graph);

  const std::string source = analytic_source(line.text("device"));
  if (line.given("json")) {
    std::cout << to_json(to_text(space, genotype), cost, layers, source).dump(2) << "\n";
    return 0;
  }
  print(cost, layers, source);
  if (!described) print_clock_levels(line.text("device"), cost.latency_us, pace);
  return 0;
}

}  // namespace edgefront
