#include "costmodels/compiled_costs.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "hwprofiles/block_key.h"
#include "space/error.h"
#include "space/lower.h"
#include "space/uniform_sampler.h"
#include "tests/costmodels/space_profile.h"

namespace edgefront {
namespace {

using Models = std::vector<std::shared_ptr<const CostModel>>;

SearchSpace shipped(const std::string& name) {
  return load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/" + name + ".toml");
}

/// Everything that changes what one block hands to the next: widths, strides, stages left out.
SearchSpace winding_space() {
  return parse_space(R"(
name = "winding"
classes = 4
[input]
resolution = [15, 16]
channels = 3
[stem]
width = [8, 16]
stride = 2
[[stages]]
depth = [0, 1, 3]
width = [8, 24]
op = ["conv", "dwsep", "mbconv"]
kernel_size = [3, 5]
expand_ratio = [1, 3]
se_ratio = [0, 0.5]
activation = ["relu6", "hswish"]
skip = ["identity", "projection", "none"]
[[stages]]
depth = [1, 2]
width = [16, 24]
stride = [1, 2]
expand_ratio = [2, 6]
[head]
width = [0, 32]
feature = [0, 16]
)",
                     "winding.toml");
}

std::vector<Genotype> random_networks(const SearchSpace& space, std::size_t count) {
  const UniformSampler sampler(space);
  std::vector<Genotype> genotypes;
  for (std::size_t i = 0; i < count; ++i) {
    RandomStream random(5, i);
    genotypes.push_back(sampler.sample(random));
  }
  return genotypes;
}

/// A table model of a profile that covers the space.
std::shared_ptr<const CostModel> table_model(const SearchSpace& space, Precision precision,
                                             const std::string& set, int threads = 1,
                                             bool calibrated = true, std::uint64_t seed = 1) {
  DeviceProfile profile = profile_of_space(space, precision, find_kernel_set(set), threads, seed);
  if (calibrated) {
    profile.calibrations.push_back({space.digest,
                                    precision,
                                    threads,
                                    set,
                                    1.0625,
                                    3.5,
                                    0.04,
                                    50,
                                    {{"us_per_weight_mib", 12.5}}});
  }
  profile.networks.push_back(
      {"", space.digest, precision, threads, set, 12, example_statistics(13)});
  profile.thermal = ThermalConstants();
  profile.thermal->tau_s = 140;
  profile.thermal->r_c_per_w = 12;
  profile.thermal->ambient_c = 25;
  profile.thermal->curve = {{80, 1}, {90, 0.5}};
  profile.thermal->load_w = 8;
  profile.thermal->power_source = seed % 2 == 0 ? "ina3221" : "";
  CostModelOptions options;
  options.precision = precision;
  options.threads = threads;
  options.kernel_set = set;
  options.space_digest = space.digest;
  return make_table_cost_model(std::make_shared<const DeviceProfile>(std::move(profile)), options);
}

/// A table model with the energies that a sensor told: of all layers, or of all but 5x5 ones.
std::shared_ptr<const CostModel> measured_model(const SearchSpace& space, bool all_layers) {
  DeviceProfile profile = profile_of_space(space, Precision::kInt8, find_kernel_set("avx2"), 1, 4);
  for (const auto& [text, layer] : profile.layers) {
    if (!all_layers && layer.key.kernel_size == 5) continue;
    EnergyEntry energy;
    energy.name = text;
    energy.energy_uj = 2.3 * layer.statistics.latency_us + 0.1;
    energy.idle_w = 1.5;
    profile.energy.push_back(energy);
  }
  CostModelOptions options;
  options.kernel_set = "avx2";
  return make_table_cost_model(std::make_shared<const DeviceProfile>(std::move(profile)), options);
}

std::shared_ptr<const CostModel> analytic_model(Precision precision, const std::string& set) {
  CostModelOptions options;
  options.precision = precision;
  options.kernel_set = set;
  return make_analytic_cost_model(example_profile().description, options);
}

bool same_numbers(const NetworkCost& a, const NetworkCost& b) {
  return a.latency_us == b.latency_us && a.latency_low_us == b.latency_low_us &&
         a.latency_high_us == b.latency_high_us && a.energy_uj == b.energy_uj &&
         a.energy_source == b.energy_source && a.power_w == b.power_w &&
         a.latency_p95_us == b.latency_p95_us && a.latency_sustained_us == b.latency_sustained_us &&
         a.arena_bytes == b.arena_bytes && a.packed_bytes == b.packed_bytes &&
         a.weights_bytes == b.weights_bytes && a.peak_memory_bytes == b.peak_memory_bytes &&
         a.macs == b.macs && a.parameters == b.parameters && a.analytic_share == b.analytic_share &&
         a.calibrated == b.calibrated;
}

/// Of all networks and devices, how many costs differ from the model's own.
int count_differences(const SearchSpace& space, const Models& models, std::size_t networks) {
  const CompiledCosts compiled(space, models);
  const std::vector<Genotype> genotypes = random_networks(space, networks);
  std::vector<NetworkCost> costs(genotypes.size() * models.size());
  compiled.costs(genotypes, costs);
  int different = 0;
  for (std::size_t i = 0; i < genotypes.size(); ++i) {
    const LayerGraph graph = lower(decode(space, genotypes[i]));
    for (std::size_t d = 0; d < models.size(); ++d) {
      different += !same_numbers(costs[i * models.size() + d], models[d]->estimate(graph));
    }
  }
  return different;
}

std::string error_of(const CompiledCosts& compiled, const Genotype& genotype) {
  std::vector<NetworkCost> costs(static_cast<std::size_t>(compiled.devices()));
  try {
    compiled.costs({&genotype, 1}, costs);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// Counts how often it is asked.
class WatchedModel final : public CostModel {
 public:
  explicit WatchedModel(std::shared_ptr<const CostModel> model) : model_(std::move(model)) {}
  NetworkCost estimate(const LayerGraph& graph) const override {
    ++asked;
    return model_->estimate(graph);
  }
  std::vector<LayerCost> layers(const LayerGraph& graph) const override {
    return model_->layers(graph);
  }
  const AdditiveParts* parts() const override { return model_->parts(); }
  mutable int asked = 0;

 private:
  std::shared_ptr<const CostModel> model_;
};

/// No corrected sum of steps: cannot be compiled.
class CountingModel final : public CostModel {
 public:
  NetworkCost estimate(const LayerGraph& graph) const override {
    NetworkCost cost;
    cost.macs = static_cast<std::int64_t>(graph.layers.size());
    return cost;
  }
  std::vector<LayerCost> layers(const LayerGraph&) const override { return {}; }
};

}  // namespace

TEST_CASE("every number of random networks is the model's own, to the bit") {
  const char* wanted = std::getenv("EDGEFRONT_RANDOM_NETWORKS");
  const std::size_t networks = wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 100;
  for (const char* name : {"mobilenet_v3", "fashion_small", "cifar"}) {
    CAPTURE(name);
    const SearchSpace space = shipped(name);
    for (const Precision precision : {Precision::kInt8, Precision::kFloat32}) {
      CAPTURE(precision);
      for (const char* set : {"avx512_vnni", "neon"}) {
        CHECK(count_differences(space, {analytic_model(precision, set)}, networks) == 0);
      }
    }
  }
  const SearchSpace space = shipped("fashion_small");
  CHECK(count_differences(space, {table_model(space, Precision::kInt8, "avx2_vnni")}, networks) ==
        0);
}

TEST_CASE("no network of the shipped spaces needs its model") {
  for (const char* name : {"mobilenet_v3", "fashion_small", "cifar"}) {
    CAPTURE(name);
    const SearchSpace space = shipped(name);
    for (const KernelSet* set : kernel_sets()) {
      CAPTURE(set->name);
      const auto watched =
          std::make_shared<WatchedModel>(analytic_model(Precision::kInt8, set->name));
      const std::vector<Genotype> genotypes = random_networks(space, 300);
      std::vector<NetworkCost> costs(genotypes.size());
      CompiledCosts(space, {watched}).costs(genotypes, costs);
      CHECK(watched->asked == 0);
    }
  }
}

TEST_CASE("several devices in one pass cost what each costs alone") {
  const SearchSpace space = winding_space();
  Models models;
  for (const char* set : {"avx512_vnni", "avx2", "neon_dotprod", "reference"}) {
    models.push_back(table_model(space, Precision::kInt8, set, 1, true, models.size()));
    models.push_back(table_model(space, Precision::kFloat32, set, 2, false, models.size()));
    models.push_back(analytic_model(Precision::kInt8, set));
    models.push_back(std::make_shared<CountingModel>());
  }
  const CompiledCosts compiled(space, models);
  REQUIRE(compiled.devices() == 16);
  for (int d = 0; d < 16; ++d) CHECK(compiled.compiled(d) == (d % 4 != 3));
  CHECK(count_differences(space, models, 203) == 0);
}

TEST_CASE("energy that a sensor told of every layer of a network comes from the tables too") {
  const SearchSpace space = winding_space();
  const auto whole = std::make_shared<WatchedModel>(measured_model(space, true)),
             partly = std::make_shared<WatchedModel>(measured_model(space, false));
  const Models models{whole, table_model(space, Precision::kInt8, "neon"), partly};
  const std::vector<Genotype> genotypes = random_networks(space, 200);
  std::vector<NetworkCost> costs(3 * genotypes.size());
  CompiledCosts(space, models).costs(genotypes, costs);
  CHECK(whole->asked + partly->asked == 0);
  int measured = 0;
  for (std::size_t i = 0; i < genotypes.size(); ++i) {
    CHECK(costs[3 * i].energy_source == EnergySource::kMeasured);
    measured += costs[3 * i + 2].energy_source == EnergySource::kMeasured;
  }
  CHECK(measured > 10);
  CHECK(measured < 190);
  CHECK(count_differences(space, models, 200) == 0);
  CHECK(count_differences(space, {whole}, 50) == 0);
}

TEST_CASE("imported tables of blocks are compiled too, also where they tell input images apart") {
  const SearchSpace space = parse_space(R"(
name = "blocks"
classes = 10
[input]
resolution = [30, 32]
channels = 3
[stem]
width = 8
stride = 2
[[stages]]
depth = [1, 2]
width = 16
stride = 2
expand_ratio = [3, 6]
kernel_size = [3, 5]
[head]
width = 32
)",
                                        "blocks.toml");
  const std::vector<Genotype> genotypes = random_networks(space, 40);
  DeviceProfile by_input, partly;
  for (const Genotype& genotype : genotypes) {
    for (const BlockKey& key : block_keys(lower(decode(space, genotype)))) {
      RandomStream random(8, by_input.blocks.size());
      by_input.blocks.try_emplace(key.text(), PublishedBlock{1 + 100 * random.uniform()});
    }
  }
  by_input.description = example_profile().description;
  partly.blocks = by_input.blocks;
  std::erase_if(partly.blocks, [](const auto& b) { return b.first.find("k5") != b.first.npos; });
  const auto model = std::make_shared<WatchedModel>(
      make_table_cost_model(std::make_shared<const DeviceProfile>(by_input), {}));
  const CompiledCosts compiled(space, {model, analytic_model(Precision::kInt8, "neon")});
  CHECK(compiled.compiled(0));
  for (const Genotype& genotype : genotypes) {
    std::vector<NetworkCost> costs(2);
    compiled.costs({&genotype, 1}, costs);
    CHECK(model->asked == 0);
    CHECK(same_numbers(costs[0], model->estimate(lower(decode(space, genotype)))));
    model->asked = 0;
  }
  const CompiledCosts lacking(
      space, {make_table_cost_model(std::make_shared<const DeviceProfile>(partly), {})});
  int refused = 0;
  for (const Genotype& genotype : genotypes) refused += !error_of(lacking, genotype).empty();
  CHECK(refused > 0);
  CHECK(refused < 40);
}

TEST_CASE("genotypes that are not canonical cost what their networks cost") {
  const SearchSpace space = winding_space();
  const Models models{table_model(space, Precision::kInt8, "neon")};
  const CompiledCosts compiled(space, models);
  for (std::uint64_t i = 0; i < 200; ++i) {
    RandomStream random(3, i);
    Genotype genotype;
    for (const Decision& decision : space.decisions) {
      genotype.choices.push_back(static_cast<std::uint8_t>(random.below(decision.choices.size())));
    }
    NetworkCost cost;
    compiled.costs({&genotype, 1}, {&cost, 1});
    CHECK(same_numbers(cost, models[0]->estimate(lower(decode(space, genotype)))));
  }
}

TEST_CASE("latencies alone are those of all numbers, whatever the size of the batch") {
  const SearchSpace space = winding_space();
  const CompiledCosts compiled(space, {analytic_model(Precision::kInt8, "neon"),
                                       table_model(space, Precision::kInt8, "neon")});
  EncodedNetworks encoded;
  for (const std::size_t count : {50, 0, 1, 7, 8, 9}) {
    const std::vector<Genotype> genotypes = random_networks(space, count);
    std::vector<NetworkCost> costs(2 * count);
    compiled.costs(genotypes, costs);
    std::vector<double> latencies(count);
    compiled.encode(genotypes, &encoded);
    compiled.latencies(encoded, 1, latencies);
    for (std::size_t i = 0; i < count; ++i) CHECK(latencies[i] == costs[2 * i + 1].latency_us);
  }
}

TEST_CASE(
    "a layer that the profile lacks is an error for the networks that have it, and no other") {
  const SearchSpace space = winding_space();
  DeviceProfile profile =
      profile_of_space(space, Precision::kInt8, find_kernel_set("reference"), 1, 1);
  std::erase_if(profile.layers,
                [](const auto& layer) { return layer.second.key.kernel_size == 5; });
  CostModelOptions options;
  options.kernel_set = "reference";
  const std::shared_ptr<const CostModel> model =
      make_table_cost_model(std::make_shared<const DeviceProfile>(std::move(profile)), options);
  const CompiledCosts compiled(space, {model});
  int refused = 0, costed = 0;
  for (const Genotype& genotype : random_networks(space, 60)) {
    std::string expected;
    try {
      model->estimate(lower(decode(space, genotype)));
    } catch (const InputError& error) {
      expected = error.what();
    }
    CHECK(error_of(compiled, genotype) == expected);
    double latency_us = 0;
    EncodedNetworks encoded;
    compiled.encode({&genotype, 1}, &encoded);
    compiled.latencies(encoded, 0, {&latency_us, 1});
    CHECK(std::isnan(latency_us) == !expected.empty());
    (expected.empty() ? costed : refused) += 1;
  }
  CHECK(refused > 5);
  CHECK(costed > 5);
}

TEST_CASE("a gene out of range is named") {
  const SearchSpace space = winding_space();
  const CompiledCosts compiled(space, {analytic_model(Precision::kInt8, "reference")});
  Genotype genotype{std::vector<std::uint8_t>(space.decisions.size())};
  genotype.choices[0] = 2;
  CHECK(error_of(compiled, genotype) == "genotype: gene resolution: came 2, accepted are 0 to 1");
  genotype.choices.pop_back();
  CHECK(error_of(compiled, genotype).find("genotype: came ") == 0);
}

}  // namespace edgefront
