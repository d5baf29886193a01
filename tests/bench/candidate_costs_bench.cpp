// How many networks a second one core costs from tables: all numbers from genotypes, on one device
// and on eight, and latencies alone from networks encoded before. On profiles by hand: the times do
// not depend on what stands in a table. Prints millions of networks a second, the best of many
// short interleaved rounds, and what one call of the cost model takes beside it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "costmodels/compiled_costs.h"
#include "space/lower.h"
#include "space/uniform_sampler.h"
#include "tests/costmodels/space_profile.h"

namespace edgefront {
namespace {

constexpr std::size_t kNetworks = 16384;
constexpr std::size_t kBatch = 256;  ///< genotypes a call, as many as a large generation has
constexpr int kRounds = 60;

using Models = std::vector<std::shared_ptr<const CostModel>>;

std::shared_ptr<const CostModel> model_of(const SearchSpace& space, const std::string& set,
                                          Precision precision, bool energy, std::uint64_t seed) {
  DeviceProfile profile = profile_of_space(space, precision, find_kernel_set(set), 1, seed);
  profile.calibrations.push_back({space.digest, precision, 1, set, 1.0625, 3.5, 0.04, 50});
  if (!energy) profile.description.energy.reset();
  CostModelOptions options;
  options.precision = precision;
  options.kernel_set = set;
  options.space_digest = space.digest;
  return make_table_cost_model(std::make_shared<const DeviceProfile>(std::move(profile)), options);
}

/// Eight boards alike but for their times, and eight that differ in all.
Models alike(const SearchSpace& space, std::size_t count, bool energy) {
  Models models;
  while (models.size() < count) {
    models.push_back(model_of(space, "neon_dotprod", Precision::kInt8, energy, models.size()));
  }
  return models;
}

Models different(const SearchSpace& space) {
  Models models;
  for (const char* set : {"avx512_vnni", "avx2", "neon_dotprod", "neon"}) {
    for (const Precision precision : {Precision::kInt8, Precision::kFloat32}) {
      models.push_back(model_of(space, set, precision, true, models.size()));
    }
  }
  return models;
}

double now_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::micro>(now).count();
}

/// One thing to time: `networks` a call.
struct Timed {
  std::string name;
  std::size_t networks;
  std::function<void()> call;
  double best_us = 1e300;
};

std::vector<Genotype> draw(const SearchSpace& space) {
  const UniformSampler sampler(space);
  std::vector<Genotype> genotypes;
  for (std::size_t i = 0; i < kNetworks; ++i) {
    RandomStream random(9, i);
    genotypes.push_back(sampler.sample(random));
  }
  return genotypes;
}

void measure(const std::string& name) {
  const SearchSpace space = load_space("experiments/spaces/" + name + ".toml");
  const std::vector<Genotype> genotypes = draw(space);
  const double begun = now_us();
  const CompiledCosts one(space, alike(space, 1, false));
  std::printf("%s: tables made in %.0f ms, profile by hand included\n", name.c_str(),
              (now_us() - begun) / 1000);
  const CompiledCosts one_energy(space, alike(space, 1, true));
  const CompiledCosts eight(space, alike(space, 8, false)),
      eight_energy(space, alike(space, 8, true)), mixed(space, different(space));
  std::vector<NetworkCost> costs(8 * kBatch);
  std::vector<double> latencies(kNetworks);
  EncodedNetworks encoded;
  one.encode(genotypes, &encoded);
  const auto model = model_of(space, "neon_dotprod", Precision::kInt8, false, 0);
  const auto all = [&](const CompiledCosts& compiled) {
    return [&] {
      const std::span<NetworkCost> out(costs.data(), kBatch * std::size_t(compiled.devices()));
      for (std::size_t i = 0; i < kNetworks; i += kBatch) {
        compiled.costs({&genotypes[i], kBatch}, out);
      }
    };
  };
  std::vector<Timed> timed{
      {"latency alone, encoded", kNetworks, [&] { one.latencies(encoded, 0, latencies); }},
      {"latency alone, encoding too", kNetworks,
       [&] {
         one.encode(genotypes, &encoded);
         one.latencies(encoded, 0, latencies);
       }},
      {"all numbers, 1 device", kNetworks, all(one)},
      {"all numbers, 8 devices", kNetworks, all(eight)},
      {"with energy, 1 device", kNetworks, all(one_energy)},
      {"with energy, 8 devices", kNetworks, all(eight_energy)},
      {"with energy, 8 kernel sets", kNetworks, all(mixed)},
      {"the cost model, 1 device", 64, [&] {
         for (int i = 0; i < 64; ++i)
           costs[i] = model->estimate(lower(decode(space, genotypes[i])));
       }}};
  for (int round = 0; round < kRounds; ++round) {
    for (Timed& what : timed) {
      const double start = now_us();
      what.call();
      what.best_us = std::min(what.best_us, now_us() - start);
    }
  }
  for (const Timed& what : timed) {
    std::printf("  %-28s %9.3f million networks/s\n", what.name.c_str(),
                double(what.networks) / what.best_us);
  }
  const auto ratio = [&](int a, int b) { return timed[a].best_us / timed[b].best_us; };
  std::printf("  8 devices / 1: %.2f, with energy %.2f, kernel sets and precisions too %.2f\n",
              ratio(3, 2), ratio(5, 4), ratio(6, 4));
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) edgefront::measure(argv[i]);
  if (argc < 2) {
    for (const char* name : {"mobilenet_v3", "fashion_small"}) edgefront::measure(name);
  }
  return 0;
}
