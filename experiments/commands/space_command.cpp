// edgefront space: what a space file holds.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/host.h"
#include "space/lower.h"
#include "space/random.h"

namespace edgefront {
namespace {

struct CostRange {
  std::int64_t low = 0, median = 0, high = 0;
};

CostRange range_of(std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  return {values.front(), values[values.size() / 2], values.back()};
}

nlohmann::json network_json(const SearchSpace& space, const Genotype& genotype) {
  const LayerGraph graph = lower(decode(space, genotype));
  return {{"genotype", to_text(space, genotype)},
          {"macs", total_macs(graph)},
          {"parameters", parameter_count(graph)},
          {"layers", graph.layers.size()}};
}

struct Samples {
  CostRange macs, parameters;
  Genotype first;
};

Samples sample(const SearchSpace& space, std::uint64_t seed, std::int64_t count) {
  std::vector<std::int64_t> macs, parameters;
  Samples samples;
  for (std::int64_t i = 0; i < count; ++i) {
    RandomStream random(seed, std::uint64_t(i));
    const Genotype genotype = sample_uniform(space, random);
    const LayerGraph graph = lower(decode(space, genotype));
    macs.push_back(total_macs(graph));
    parameters.push_back(parameter_count(graph));
    if (i == 0) samples.first = genotype;
  }
  samples.macs = range_of(macs);
  samples.parameters = range_of(parameters);
  return samples;
}

nlohmann::json to_json(const SearchSpace& space, const Samples& sampled) {
  nlohmann::json decisions = nlohmann::json::array(), references = nlohmann::json::object();
  for (const auto& d : space.decisions) {
    decisions.push_back({{"name", d.name}, {"choices", d.choices}});
  }
  for (const auto& [name, genotype] : space.references) {
    references[name] = network_json(space, genotype);
  }
  return {
      {"name", space.name},
      {"digest", space.digest},
      {"cardinality", cardinality(space)},
      {"decisions", decisions},
      {"macs", {sampled.macs.low, sampled.macs.median, sampled.macs.high}},
      {"parameters", {sampled.parameters.low, sampled.parameters.median, sampled.parameters.high}},
      {"references", references},
      {"sample", network_json(space, sampled.first)}};
}

std::string range_text(const CostRange& range) {
  return with_separators(range.low) + ", " + with_separators(range.median) + ", " +
         with_separators(range.high);
}

void print_network(const SearchSpace& space, const std::string& title, const Genotype& genotype) {
  const Architecture architecture = decode(space, genotype);
  const LayerGraph graph = lower(architecture);
  std::cout << "\n"
            << title << ": " << with_separators(total_macs(graph)) << " MACs, "
            << with_separators(parameter_count(graph)) << " parameters\n  "
            << to_text(space, genotype) << "\n"
            << describe(architecture);
}

}  // namespace

int space_command(const CommandArguments& args) {
  CommandLine line("space SPACE.toml [options]",
                   "Prints the decisions of a search space, its exact size, the range of cost over "
                   "uniform samples, its reference networks and one sampled network.");
  line.positional("SPACE.toml", "search space file")
      .option("samples", "N", "200", "networks sampled for the cost range")
      .option("seed", "N", "1", "seed of the samples")
      .flag("json", "one JSON object on standard output");
  if (!line.parse(args)) return 0;
  const SearchSpace space = load_space(line.text("SPACE.toml"));
  const auto seed = std::uint64_t(line.integer("seed", 0, INT64_MAX));
  const auto samples = line.integer("samples", 1, 1000000);

  const Samples sampled = sample(space, seed, samples);
  if (line.given("json")) {
    std::cout << to_json(space, sampled).dump(2) << "\n";
    return 0;
  }
  std::cout << space.name << ": " << cardinality(space) << " different networks, "
            << space.decisions.size() << " decisions\n";
  for (const auto& d : space.decisions) {
    std::cout << "  " << d.name << ":";
    for (const auto& choice : d.choices) std::cout << " " << choice;
    std::cout << "\n";
  }
  std::cout << "cost over " << samples << " uniform samples (low, median, high):\n  MACs "
            << range_text(sampled.macs) << "\n  parameters " << range_text(sampled.parameters)
            << "\n";
  for (const auto& [name, genotype] : space.references) print_network(space, name, genotype);
  print_network(space, "a sample (seed " + std::to_string(seed) + ")", sampled.first);
  return 0;
}

}  // namespace edgefront
