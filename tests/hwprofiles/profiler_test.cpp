#include "hwprofiles/profiler.h"

#include <doctest/doctest.h>

#include "hwprofiles/layer_listing.h"
#include "hwprofiles/profile_store.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"
#include "tests/hwprofiles/example_profile.h"

namespace edgefront {
namespace {

SearchSpace tiny_space() {
  return parse_space(
      "name = \"tiny\"\nclasses = 2\n[input]\nresolution = 8\nchannels = 1\n[stem]\nwidth = 8\n"
      "[[stages]]\ndepth = [1, 2]\nwidth = [8, 16]\nop = \"dwsep\"\nkernel_size = [3, 5]\n"
      "[head]\nwidth = 0\n",
      "tiny.toml");
}

/// As few samples as the statistics take: nothing here depends on what a clock says.
ProfileOptions quick_options() {
  ProfileOptions options;
  options.precisions = {Precision::kInt8};
  options.calibration_networks = 3;
  options.kernel_set = "reference";
  options.protocol.warmup = 1;
  options.protocol.min_samples = 8;
  options.protocol.max_samples = 8;
  options.protocol.patience_s = 0;
  options.networks_protocol = options.protocol;
  return options;
}

double sum_by_hand(const SearchSpace& space, const DeviceProfile& profile, const NetworkEntry& n) {
  double sum = 0;
  const LayerGraph graph = lower(decode(space, parse_genotype(space, n.genotype)));
  for (const LayerKey& key :
       network_keys(graph, n.precision, n.threads, find_kernel_set(n.kernel_set))) {
    sum += profile.layers.at(key.text()).statistics.latency_us;
  }
  return sum;
}

TEST_CASE("profiling a space measures its layers and networks, and what is missing only") {
  const SearchSpace space = tiny_space();
  DeviceProfile profile;
  int calls = 0;
  const ProfileProgress progress = [&](const std::string& stage, int done, int total) {
    ++calls;
    CHECK(done <= total);
    CHECK(stage.rfind("int8 ", 0) == 0);
  };
  profile_space(space, quick_options(), progress, profile);
  const auto keys = distinct_layers(space, Precision::kInt8, 1, find_kernel_set("reference"));
  CHECK(profile.layers.size() == keys.size());
  CHECK(calls > 0);
  for (const LayerKey& key : keys) {
    REQUIRE(profile.layers.count(key.text()) == 1);
    CHECK(profile.layers.at(key.text()).statistics.latency_us > 0);
  }
  REQUIRE(profile.networks.size() == 3);
  for (const auto& n : profile.networks) {
    CHECK(n.space_digest == space.digest);
    CHECK(n.kernel_set == "reference");
    CHECK(n.predicted_sum_us == doctest::Approx(sum_by_hand(space, profile, n)));
  }
  require_same_device(profile, "dev.h5");
  CHECK(profile.state_at > 1700000000);
  CHECK(profile.layers.begin()->second.measured_at >= profile.state_at);
  CHECK(profile.networks[0].measured_at >= profile.layers.begin()->second.measured_at);
  CHECK(decode_profile(encode_profile(profile), "dev.h5").layers.size() == keys.size());

  calls = 0;
  profile_space(space, quick_options(), progress, profile);
  CHECK(calls == 0);
  const std::string removed = keys[0].text();
  profile.layers.erase(removed);
  profile_space(space, quick_options(), progress, profile);
  CHECK(calls > 0);
  CHECK(profile.layers.count(removed) == 1);
}

TEST_CASE("a profile of both precisions holds the conversions between them") {
  const SearchSpace space = tiny_space();
  const KernelSet& set = find_kernel_set("reference");
  ProfileOptions options = quick_options();
  options.calibration_networks = 0;
  options.precisions = {Precision::kInt8, Precision::kFloat32};
  DeviceProfile profile;
  profile_space(space, options, {}, profile);
  const auto int8 = distinct_layers(space, Precision::kInt8, 1, set);
  const auto fp32 = distinct_layers(space, Precision::kFloat32, 1, set);
  const auto conversions = conversion_keys(int8, 1, set);
  CHECK(profile.layers.size() == int8.size() + fp32.size() + conversions.size());
  for (const LayerKey& layer : int8) {
    LayerKey key = layer;
    key.op = OpKind::kQuantize;
    key.kernel_size = key.stride = 1;
    key.activation = Activation::kNone;
    key.residual = false;
    key.kernel_version = set.elementwise_version;
    key.output = key.input;
    CHECK(profile.layers.count(key.text()) == 1);
    key.op = OpKind::kDequantize;
    key.precision = Precision::kFloat32;
    key.input = key.output = layer.output;
    CHECK(profile.layers.count(key.text()) == 1);
  }
}

/// As if `key` had been measured with the kernel before the present one.
void make_older(DeviceProfile& profile, const LayerKey& key) {
  LayerEntry entry = profile.layers.at(key.text());
  profile.layers.erase(key.text());
  entry.key.kernel_version -= 1;
  const std::string text = entry.key.text();
  profile.layers.emplace(text, entry);
}

TEST_CASE("entries of an older kernel version are measured again, and only networks with them") {
  const SearchSpace space = tiny_space();
  const KernelSet& set = find_kernel_set("reference");
  ProfileOptions options = quick_options();
  options.calibration_networks = 6;
  DeviceProfile profile;
  profile_space(space, options, {}, profile);
  const auto holds = [&](const NetworkEntry& n, const LayerKey& key) {
    const auto graph = lower(decode(space, parse_genotype(space, n.genotype)));
    for (const LayerKey& one : network_keys(graph, Precision::kInt8, 1, set)) {
      if (one.text() == key.text()) return true;
    }
    return false;
  };
  LayerKey some;  // of some networks, not of all
  for (const LayerKey& key : distinct_layers(space, Precision::kInt8, 1, set)) {
    int count = 0;
    for (const auto& n : profile.networks) count += holds(n, key);
    if (count > 0 && count < 6) some = key;
  }
  REQUIRE(some.kernel_version > 0);
  const std::size_t layers = profile.layers.size();
  make_older(profile, some);
  for (auto& [text, layer] : profile.layers) layer.statistics.rejected = 12345;
  for (auto& n : profile.networks) n.statistics.rejected = 12345;
  NetworkEntry elsewhere = profile.networks[0];
  elsewhere.space_digest = "ff";
  profile.networks.push_back(elsewhere);
  profile.calibrations = {{space.digest, Precision::kInt8, 1, "reference", 1, 0, 0.1, 6},
                          {"ff", Precision::kInt8, 1, "reference", 1, 0, 0.1, 6},
                          {space.digest, Precision::kInt8, 2, "reference", 1, 0, 0.1, 6}};

  profile_space(space, options, {}, profile);
  CHECK(profile.layers.size() == layers);
  for (const auto& [text, layer] : profile.layers) {
    CHECK((layer.statistics.rejected == 12345) == (text != some.text()));
  }
  REQUIRE(profile.networks.size() == 6);
  for (const auto& n : profile.networks) {
    CHECK(n.space_digest == space.digest);
    CHECK((n.statistics.rejected == 12345) == !holds(n, some));
  }
  REQUIRE(profile.calibrations.size() == 1);
  CHECK(profile.calibrations[0].threads == 2);
}

TEST_CASE("a profile of another machine is refused, and the message names the field") {
  DeviceProfile profile = example_profile();
  CHECK_THROWS_WITH_AS(require_same_device(profile, "dev.h5"),
                       doctest::Contains("dev.h5 was measured on another device: cpu_model"),
                       InputError);
  CHECK_THROWS_WITH_AS(profile_space(tiny_space(), quick_options(), {}, profile),
                       doctest::Contains("cpu_model"), InputError);
  profile.identity = describe_device("");
  profile.identity.os = "another kernel";
  profile.identity.kernel_sets = {"reference"};
  require_same_device(profile, "dev.h5");
  profile.identity.cores += 1;
  CHECK_THROWS_WITH_AS(require_same_device(profile, "dev.h5"), doctest::Contains("cores"),
                       InputError);
}

TEST_CASE("an unknown kernel set is refused before anything is measured") {
  DeviceProfile profile;
  ProfileOptions options = quick_options();
  options.kernel_set = "mmx";
  CHECK_THROWS_WITH_AS(profile_space(tiny_space(), options, {}, profile), doctest::Contains("mmx"),
                       InputError);
  CHECK(profile.layers.empty());
}

}  // namespace
}  // namespace edgefront
