#include "costmodels/profile_transfer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "costmodels/cost_model.h"
#include "hwprofiles/layer_listing.h"
#include "hwprofiles/profiler.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"
#include "space/random.h"
#include "tests/hwprofiles/example_profile.h"

namespace edgefront {
namespace {

SearchSpace small_space() {
  return parse_space(
      "name = \"small\"\nclasses = 10\n[input]\nresolution = [24, 32]\nchannels = 3\n"
      "[stem]\nwidth = 8\n[[stages]]\ndepth = [1, 2, 3]\nwidth = [8, 16]\nstride = 2\n"
      "kernel_size = [3, 5]\nexpand_ratio = [2, 4]\n"
      "[[stages]]\ndepth = [1, 2]\nwidth = 24\nstride = 2\nkernel_size = [3, 5]\n"
      "expand_ratio = [2, 4]\nse_ratio = [0, 0.25]\n[head]\nwidth = 32\n",
      "small.toml");
}

/// What a layer takes on a device of so many operations and bytes per microsecond.
struct Machine {
  double operations, bytes, depthwise_penalty;

  double latency_us(const LayerKey& key) const {
    const double in = static_cast<double>(key.input.elements());
    const double out = static_cast<double>(key.output.elements());
    double work = out * key.kernel_size * key.kernel_size;
    if (key.op == OpKind::kDepthwiseConv2d) work *= depthwise_penalty;
    if (key.op == OpKind::kConv2d) work *= key.input.channels;
    return 0.3 + work / operations + (in + out) / bytes;
  }
};

DeviceProfile profile_of(const SearchSpace& space, const Machine& machine, const std::string& name,
                         const std::string& set) {
  DeviceProfile profile;
  profile.description.name = name;
  for (const LayerKey& key : distinct_layers(space, Precision::kInt8, 1, find_kernel_set(set))) {
    profile.layers.try_emplace(key.text(),
                               LayerMeasurement{key, example_statistics(machine.latency_us(key))});
  }
  return profile;
}

double latency_of(const SearchSpace& space, const Machine& machine, const Genotype& genotype,
                  const std::string& set) {
  double sum = 0;
  for (const LayerKey& key :
       network_keys(lower(decode(space, genotype)), Precision::kInt8, 1, find_kernel_set(set))) {
    sum += machine.latency_us(key);
  }
  return sum;
}

void add_networks(const SearchSpace& space, const Machine& machine,
                  const std::vector<Genotype>& genotypes, const std::string& set,
                  DeviceProfile& profile) {
  RandomStream noise(5, 0);
  for (const Genotype& genotype : genotypes) {
    const double latency = latency_of(space, machine, genotype, set) * (1 + 0.01 * noise.normal());
    profile.networks.push_back({to_text(space, genotype), space.digest, Precision::kInt8, 1, set, 0,
                                example_statistics(latency)});
  }
}

const TransferSetting kNew{Precision::kInt8, 1, "avx512_vnni"};

std::vector<DeviceProfile> three_others(const SearchSpace& space) {
  return {profile_of(space, {900, 700, 1}, "desktop", "avx2"),
          profile_of(space, {300, 900, 4}, "board", "reference"),
          profile_of(space, {2000, 300, 2}, "server", "avx512")};
}

TEST_CASE("ten networks of a new device and three profiles give its costs with an interval") {
  const SearchSpace space = small_space();
  const std::vector<DeviceProfile> others = three_others(space);
  const Machine truth{600, 500, 3};
  DeviceProfile profile;
  profile.description.name = "new";
  const auto genotypes = choose_networks(space, kNew, others, profile, 10, 1);
  REQUIRE(genotypes.size() == 10);
  add_networks(space, truth, genotypes, kNew.kernel_set, profile);
  const TransferReport report = transfer_layers(space, kNew, others, profile);
  CHECK(report.networks == 10);
  CHECK(report.layers == 0);
  CHECK(report.missing.empty());
  CHECK(report.spearman > 0.9);
  CHECK(report.mape_percent < 5);
  CHECK(report.devices.size() == 3);
  CHECK(report.devices[1].name == "board (reference)");
  const auto keys = distinct_layers(space, Precision::kInt8, 1, find_kernel_set(kNew.kernel_set));
  CHECK(report.transferred == static_cast<int>(keys.size()));
  for (const auto& [text, entry] : profile.layers) {
    CHECK(entry.origin == EntryOrigin::kTransferred);
    CHECK(entry.relative_error > 0);
  }
  REQUIRE(profile.calibrations.size() == 1);
  CHECK(profile.calibrations[0].relative_half_width_90 == report.relative_half_width_90);

  CostModelOptions options;
  options.kernel_set = kNew.kernel_set;
  options.space_digest = space.digest;
  const auto model = make_table_cost_model(std::make_shared<const DeviceProfile>(profile), options);
  std::vector<PredictionRow> rows;
  for (const Genotype& genotype : draw_networks(space, 100, 77, genotypes)) {
    const NetworkCost cost = model->estimate(lower(decode(space, genotype)));
    CHECK(cost.calibrated);
    rows.push_back({cost.latency_us, cost.latency_low_us, cost.latency_high_us,
                    latency_of(space, truth, genotype, kNew.kernel_set)});
  }
  const ValidationSummary summary = summarize_validation(rows);
  CHECK(summary.mape_percent < 3);
  CHECK(summary.spearman > 0.98);
  CHECK(summary.coverage_90_percent > 85);
}

TEST_CASE("measured layers stay, help, and alone calibrate nothing") {
  const SearchSpace space = small_space();
  const std::vector<DeviceProfile> others = three_others(space);
  const Machine truth{600, 500, 3};
  const DeviceProfile whole = profile_of(space, truth, "new", kNew.kernel_set);
  DeviceProfile profile;
  int i = 0;
  for (const auto& [text, entry] : whole.layers) {
    if (i++ % 9 == 0) profile.layers.emplace(text, entry);
  }
  const std::size_t measured = profile.layers.size();
  const TransferReport report = transfer_layers(space, kNew, others, profile);
  CHECK(report.networks == 0);
  CHECK(report.layers == static_cast<int>(std::min<std::size_t>(measured, 40)));
  CHECK(profile.layers.size() == whole.layers.size());
  CHECK(profile.calibrations.empty());
  double error = 0;
  for (const auto& [text, entry] : profile.layers) {
    const double real = whole.layers.at(text).statistics.latency_us;
    error += std::abs(entry.statistics.latency_us / real - 1);
  }
  CHECK(error / static_cast<double>(profile.layers.size()) < 0.15);

  // Once more: what was transferred is made anew and counts as no measurement.
  const DeviceProfile before = profile;
  const TransferReport again = transfer_layers(space, kNew, others, profile);
  CHECK(again.layers == report.layers);
  CHECK(digest(before) == digest(profile));
}

TEST_CASE("a block in bands is transferred from devices that run its layers one by one") {
  const SearchSpace space = parse_space(
      "name = \"wide\"\nclasses = 10\n[input]\nresolution = [64, 80, 96]\nchannels = 3\n"
      "[stem]\nwidth = 16\n[[stages]]\ndepth = [1, 2]\nwidth = 16\nkernel_size = [3, 5]\n"
      "expand_ratio = 6\n[head]\nwidth = 0\n",
      "wide.toml");
  const auto keys = distinct_layers(space, Precision::kInt8, 1, find_kernel_set("avx512_vnni"));
  const auto banded =
      std::count_if(keys.begin(), keys.end(), [](const LayerKey& key) { return key.bottleneck; });
  REQUIRE(banded > 0);
  const Machine machine{500, 500, 2};
  DeviceProfile other = profile_of(space, machine, "other", "avx512_vnni");
  std::erase_if(other.layers, [](const auto& entry) { return entry.second.key.bottleneck; });
  DeviceProfile profile;
  for (const auto& [text, entry] : other.layers) {
    if (profile.layers.size() < 8) profile.layers.emplace(text, entry);
  }
  const TransferReport report =
      transfer_layers(space, kNew, std::vector<DeviceProfile>{other}, profile);
  CHECK(report.missing.empty());
  for (const LayerKey& key : keys) CHECK(profile.layers.count(key.text()) == 1);
}

TEST_CASE("layers that no other device has are named, and devices without layers are refused") {
  const SearchSpace space = small_space();
  std::vector<DeviceProfile> others = three_others(space);
  const std::string unknown = others[0].layers.begin()->first;
  const std::string portable = unknown.substr(0, unknown.find(" t1 "));
  for (DeviceProfile& other : others) {
    std::erase_if(other.layers,
                  [&](const auto& entry) { return entry.first.starts_with(portable); });
  }
  const Machine truth{600, 500, 3};
  DeviceProfile profile;
  add_networks(space, truth, choose_networks(space, kNew, others, profile, 5, 1), kNew.kernel_set,
               profile);
  const TransferReport report = transfer_layers(space, kNew, others, profile);
  REQUIRE(report.missing.size() == 1);
  CHECK(report.missing[0].starts_with(portable));

  for (DeviceProfile& other : others) other.layers.erase(other.layers.begin(), other.layers.end());
  CHECK_THROWS_WITH_AS(transfer_layers(space, kNew, others, profile),
                       doctest::Contains("none has any in this precision"), InputError);
  CHECK_THROWS_WITH_AS(choose_networks(space, kNew, others, profile, 5, 1),
                       doctest::Contains("no other profile has half of the"), InputError);
}

}  // namespace
}  // namespace edgefront
