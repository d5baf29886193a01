// edgefront layers: what a probe has to measure for a space, as JSON Lines.
#include <iostream>

#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/host.h"
#include "hwprofiles/layer_listing.h"
#include "hwprofiles/profile_store.h"
#include "hwprofiles/profiler.h"
#include "hwprofiles/result_import.h"
#include "runtime/probe/jobs.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

struct Setting {
  Precision precision;
  int threads;
};

void print(const ProbeJob& job) { std::cout << job_line(job) << "\n"; }

void print_protocol(const ProtocolOptions& protocol) {
  ProbeJob job;
  job.kind = JobKind::kProtocol;
  job.protocol = protocol;
  print(job);
}

/// One batch: layers of a setting run in the context of its networks.
void print_layers(const SearchSpace& space, const ProfileOptions& options, const Setting& setting,
                  const KernelSet& set, const std::vector<LayerKey>& keys) {
  if (keys.empty()) return;
  print_protocol(layer_protocol(space, options, setting.precision, setting.threads, set));
  for (const LayerKey& key : keys) {
    ProbeJob job;
    job.key = key;
    print(job);
  }
  ProbeJob run;
  run.kind = JobKind::kRun;
  print(run);
}

void print_networks(const SearchSpace& space, const Setting& setting, const KernelSet& set,
                    const std::vector<Genotype>& genotypes, const ProtocolOptions& protocol) {
  if (genotypes.empty()) return;
  print_protocol(protocol);
  for (const Genotype& genotype : genotypes) {
    ProbeJob job;
    job.kind = JobKind::kNetwork;
    job.name = network_name(space, setting.precision, genotype);
    job.graph = with_precision(lower(decode(space, genotype)), setting.precision);
    job.kernel_set = set.name;
    job.threads = setting.threads;
    print(job);
  }
}

/// The set that is named, or the best one of the profile's device that this program knows, or this
/// machine's.
const KernelSet& set_of(const CommandLine& line, const DeviceProfile& known) {
  if (line.given("kernels")) return find_kernel_set(line.text("kernels"));
  if (known.identity.kernel_sets.empty()) return resolve_kernel_set("");
  return find_kernel_set(known.identity.kernel_sets.front());
}

}  // namespace

int layers_command(const CommandArguments& args) {
  CommandLine line("layers SPACE.toml [options]",
                   "Prints the distinct fused layers of all networks of a space as jobs for "
                   "edgefront-probe, one JSON object a line, and the whole networks that `profile` "
                   "would calibrate on.");
  line.positional("SPACE.toml", "search space file")
      .option("networks", "N", "0", "whole networks with generated weights besides")
      .option("missing-in", "DEV.h5", "", "only what this profile has no entry for")
      .option("precision", "LIST", "int8,fp32", "precisions")
      .option("threads", "LIST", "1", "threads of a network")
      .option("kernels", "SET", "",
              "kernel set of the device (default: the best of the profile's, or of this machine)")
      .option("seed", "N", "1", "seed of networks, weights, inputs and order");
  if (!line.parse(args)) return 0;
  const SearchSpace space = load_space(line.text("SPACE.toml"));
  DeviceProfile known;
  if (line.given("missing-in")) known = load_profile(line.text("missing-in"));
  const KernelSet& set = set_of(line, known);
  ProfileOptions options;
  options.precisions = parse_precisions(line.list("precision"), "--precision");
  options.threads = parse_thread_counts(line.list("threads"), "--threads");
  options.calibration_networks = int(line.integer("networks", 0, 10000));
  options.seed = std::uint64_t(line.integer("seed", 0, INT64_MAX));
  options.protocol.seed = options.seed;
  std::vector<Setting> settings;
  for (const Precision precision : options.precisions) {
    for (const int threads : options.threads) settings.push_back({precision, threads});
  }
  for (const Setting& s : settings) {
    const auto keys = wanted_layers(space, options, s.precision, s.threads, set);
    print_layers(space, options, s, set, missing_layers(known, keys));
  }
  for (const Setting& s : settings) {
    print_networks(space, s, set,
                   missing_networks(space, options, s.precision, s.threads, set, known),
                   network_protocol(options.seed));
  }
  return 0;
}

}  // namespace edgefront
