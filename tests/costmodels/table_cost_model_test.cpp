#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "costmodels/cost_model.h"
#include "space/error.h"
#include "tests/costmodels/example_network.h"

namespace edgefront {
namespace {

constexpr const char* kSpace = "0123456789abcdef0123456789abcdef";

CostModelOptions int8_options() {
  CostModelOptions options;
  options.space_digest = kSpace;
  return options;
}

/// The network's entries, added up by their texts.
double sum_of(const LayerGraph& graph, const DeviceProfile& profile) {
  double sum = 0;
  for (const LayerKey& key :
       network_keys(graph, Precision::kInt8, 1, find_kernel_set("reference"))) {
    sum += profile.layers.at(key.text()).statistics.latency_us;
  }
  return sum;
}

std::string error_of(const LayerGraph& graph, const DeviceProfile& profile,
                     const CostModelOptions& options) {
  try {
    make_table_cost_model(shared(profile), options)->estimate(graph);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("latency is slope times the sum of fused layers plus intercept, with its interval") {
  const LayerGraph graph = example_network();
  DeviceProfile profile = profile_covering(graph, Precision::kInt8, "reference");
  profile.calibrations.push_back({kSpace, Precision::kInt8, 1, "reference", 1.25, 2.5, 0.04, 50});
  const double predicted = 1.25 * sum_of(graph, profile) + 2.5;
  const NetworkCost cost = make_table_cost_model(shared(profile), int8_options())->estimate(graph);
  CHECK(cost.calibrated);
  CHECK(cost.analytic_share == 0);
  CHECK(cost.latency_us == doctest::Approx(predicted));
  CHECK(cost.latency_low_us == doctest::Approx(0.96 * predicted));
  CHECK(cost.latency_high_us == doctest::Approx(1.04 * predicted));
}

TEST_CASE("energy is measured where a sensor told that of every layer, and modelled else") {
  const LayerGraph graph = example_network();
  DeviceProfile profile = profile_covering(graph, Precision::kInt8, "reference");
  profile.description.energy = EnergyCoefficients{1, 1, 1, 0.5, "a test"};
  profile.calibrations.push_back({kSpace, Precision::kInt8, 1, "reference", 1.25, 0, 0.04, 50});
  double watts_times_us = 0;
  for (const LayerKey& key :
       network_keys(graph, Precision::kInt8, 1, find_kernel_set("reference"))) {
    const double latency_us = profile.layers.at(key.text()).statistics.latency_us;
    watts_times_us += 3 * latency_us;
    EnergyEntry entry;
    entry.name = key.text();
    entry.energy_uj = 3 * latency_us;
    entry.idle_w = 1.5;
    profile.energy.push_back(entry);
  }
  const NetworkCost cost = make_table_cost_model(shared(profile), int8_options())->estimate(graph);
  CHECK(cost.energy_source == EnergySource::kMeasured);
  CHECK(cost.energy_uj.value() == doctest::Approx(1.25 * watts_times_us));
  CHECK(cost.power_w.value() == doctest::Approx(3 + 1.5));  // idle power on top
  profile.energy.pop_back();
  const NetworkCost other = make_table_cost_model(shared(profile), int8_options())->estimate(graph);
  CHECK(other.energy_source == EnergySource::kModelled);
}

TEST_CASE("without a calibration of the space the sum stands with a wide interval, flagged") {
  const LayerGraph graph = example_network();
  DeviceProfile profile = profile_covering(graph, Precision::kInt8, "reference");
  profile.calibrations.push_back(
      {"another space", Precision::kInt8, 1, "reference", 1.25, 2.5, 0.04, 50});
  const double sum = sum_of(graph, profile);
  const NetworkCost cost = make_table_cost_model(shared(profile), int8_options())->estimate(graph);
  CHECK_FALSE(cost.calibrated);
  CHECK(cost.latency_us == doctest::Approx(sum));
  CHECK(cost.latency_low_us == doctest::Approx(0.65 * sum));
  CHECK(cost.latency_high_us == doctest::Approx(1.35 * sum));
}

TEST_CASE("the listed steps are the fused ones and add up to the sum") {
  const LayerGraph graph = example_network();
  const DeviceProfile profile = profile_covering(graph, Precision::kInt8, "reference");
  const auto layers = make_table_cost_model(shared(profile), int8_options())->layers(graph);
  // stem, expand, depthwise, pool, reduce, gate, mul, project + add, pool, classifier
  REQUIRE(layers.size() == 10);
  double sum = 0;
  for (const auto& layer : layers) {
    CHECK_FALSE(layer.analytic);
    sum += layer.latency_us;
  }
  CHECK(sum == doctest::Approx(sum_of(graph, profile)));
  CHECK(layers[0].key == "conv2d int8 12x12x3>12x12x8 k3 s1 relu6 t1 reference@1");
  CHECK(layers[7].key == "conv2d int8 12x12x24>12x12x8 k1 s1 none+add t1 reference@1");
}

TEST_CASE("missing layers are listed, five of them, with the command that measures them") {
  const LayerGraph graph = example_network();
  DeviceProfile profile = profile_covering(graph, Precision::kInt8, "reference");
  CostModelOptions options = int8_options();
  options.kernel_set = "reference";
  options.profile_path = "host.h5";
  options.space_path = "my_space.toml";
  const std::string key = profile.layers.begin()->first;
  profile.layers.erase(key);
  CHECK(error_of(graph, profile, options) ==
        "host.h5 lacks 1 layer(s) of this network: " + key +
            "; measure them with: edgefront profile --space my_space.toml --out host.h5 "
            "--precision int8 --threads 1");
  profile.layers.clear();
  const std::string message = error_of(graph, profile, options);
  CHECK(contains(message, "lacks 10 layer(s)"));
  CHECK(contains(message, "; and 5 more; measure"));
}

TEST_CASE("a profile without the precision says what it has") {
  const LayerGraph graph = example_network();
  const DeviceProfile profile = profile_covering(graph, Precision::kFloat32, "reference");
  const std::string message = error_of(graph, profile, int8_options());
  CHECK(contains(message, "has no int8 layers for 1 thread(s); it has fp32 threads 1"));
  CostModelOptions options = int8_options();
  options.kernel_set = "mmx";
  CHECK(contains(error_of(graph, profile, options), "mmx"));
}

TEST_CASE("on_miss = analytic takes the roofline for what is missing and says its share") {
  const LayerGraph graph = example_network();
  DeviceProfile profile = profile_covering(graph, Precision::kInt8, "reference");
  CostModelOptions options = int8_options();
  options.on_miss = OnMiss::kAnalytic;
  const std::string key = profile.layers.begin()->first;
  const double known = sum_of(graph, profile) - profile.layers.at(key).statistics.latency_us;
  profile.layers.erase(key);
  const auto analytic = make_analytic_cost_model(profile.description, options)->layers(graph);
  double standing_in = 0;
  for (const auto& layer : analytic) standing_in += layer.key == key ? layer.latency_us : 0;
  REQUIRE(standing_in > 0);
  const auto model = make_table_cost_model(shared(profile), options);
  const NetworkCost cost = model->estimate(graph);
  CHECK(cost.latency_us == doctest::Approx(known + standing_in));
  CHECK(cost.analytic_share == doctest::Approx(standing_in / (known + standing_in)));
  CHECK(cost.latency_low_us == doctest::Approx(0.65 * known + 0.5 * standing_in));
  CHECK(cost.latency_high_us == doctest::Approx(1.35 * known + 5 * standing_in));
  for (const auto& layer : model->layers(graph)) CHECK(layer.analytic == (layer.key == key));
  profile.description.roofline.int8_gops = 0;
  CHECK(contains(error_of(graph, profile, options), "[roofline] int8_gops"));
}

TEST_CASE("the kernel set is that of the measured networks") {
  const LayerGraph graph = example_network();
  for (const KernelSet* set : kernel_sets()) {
    DeviceProfile profile = profile_covering(graph, Precision::kInt8, set->name);
    profile.networks.push_back(
        {"", kSpace, Precision::kInt8, 1, set->name, 12, example_statistics(13)});
    // Entries of another set stand beside them.
    for (const auto& [text, layer] :
         profile_covering(graph, Precision::kFloat32, "reference").layers) {
      profile.layers.emplace(text, layer);
    }
    const auto model = make_table_cost_model(shared(profile), int8_options());
    for (const auto& layer : model->layers(graph)) {
      LayerKey key;
      REQUIRE(LayerKey::parse(layer.key, &key).ok());
      CHECK(key.precision == Precision::kInt8);
      CHECK(profile.layers.count(layer.key) == 1);
    }
  }
}

TEST_CASE("a negative intercept never makes a small network free") {
  const LayerGraph graph = example_network();
  DeviceProfile profile = profile_covering(graph, Precision::kInt8, "reference");
  profile.calibrations.push_back({kSpace, Precision::kInt8, 1, "reference", 1, -1e6, 0.04, 50});
  const NetworkCost cost = make_table_cost_model(shared(profile), int8_options())->estimate(graph);
  CHECK(cost.latency_us == doctest::Approx(0.1 * sum_of(graph, profile)));
}

TEST_CASE("several threads may ask one model") {
  const LayerGraph graph = example_network();
  const auto model = make_table_cost_model(
      shared(profile_covering(graph, Precision::kInt8, "reference")), int8_options());
  const double expected = model->estimate(graph).latency_us;
  std::vector<double> answers(4);
  std::vector<std::thread> threads;
  for (double& answer : answers) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) answer = model->estimate(graph).latency_us;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(std::count(answers.begin(), answers.end(), expected) == 4);
}

}  // namespace
}  // namespace edgefront
