// edgefront layers: what a probe has to measure for a space, as JSON Lines.
#include <filesystem>
#include <iostream>
#include <set>

#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/host.h"
#include "hwprofiles/layer_listing.h"
#include "hwprofiles/profile_store.h"
#include "hwprofiles/profiler.h"
#include "runtime/probe/jobs.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {

int layers_command(const CommandArguments& args) {
  CommandLine line("layers SPACE.toml [options]",
                   "Prints the distinct fused layers of all networks of a space as jobs for "
                   "edgefront-probe, one JSON object a line.");
  line.positional("SPACE.toml", "search space file")
      .option("networks", "N", "0", "whole networks with generated weights besides")
      .option("missing-in", "DEV.h5", "", "only layers that this profile has no entry for")
      .option("precision", "LIST", "int8,fp32", "precisions")
      .option("threads", "LIST", "1", "threads of a network")
      .option("kernels", "SET", "", "kernel set of the device (default: the best of this machine)")
      .option("seed", "N", "1", "seed of the networks");
  if (!line.parse(args)) return 0;
  const SearchSpace space = load_space(line.text("SPACE.toml"));
  const KernelSet& set = resolve_kernel_set(line.text("kernels"));
  const int networks = int(line.integer("networks", 0, 10000));
  const auto seed = std::uint64_t(line.integer("seed", 0, INT64_MAX));
  DeviceProfile known;
  if (line.given("missing-in")) known = load_profile(line.text("missing-in"));
  const std::vector<Genotype> genotypes =
      networks > 0 ? draw_networks(space, networks, seed, {}) : std::vector<Genotype>{};
  const auto precisions = parse_precisions(line.list("precision"), "--precision");
  const std::set<Precision> distinct(precisions.begin(), precisions.end());
  for (const Precision precision : precisions) {
    for (const int threads : parse_thread_counts(line.list("threads"), "--threads")) {
      std::vector<LayerKey> keys = distinct_layers(space, precision, threads, set);
      if (precision == Precision::kInt8 && distinct.size() == 2) {  // `profile` does the same
        const std::vector<LayerKey> conversions = conversion_keys(keys, threads, set);
        keys.insert(keys.end(), conversions.begin(), conversions.end());
      }
      for (const LayerKey& key : keys) {
        if (known.layers.count(key.text())) continue;
        ProbeJob job;
        job.kind = JobKind::kLayer;
        job.key = key;
        std::cout << job_line(job) << "\n";
      }
      for (const Genotype& genotype : genotypes) {
        ProbeJob job;
        job.kind = JobKind::kNetwork;
        job.name = to_text(space, genotype);
        job.graph = with_precision(lower(decode(space, genotype)), precision);
        job.kernel_set = set.name;
        job.threads = threads;
        std::cout << job_line(job) << "\n";
      }
    }
  }
  return 0;
}

}  // namespace edgefront
