#include "costmodels/precision_choice.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <vector>

#include "runtime/interpreter.h"
#include "space/random.h"
#include "tests/runtime/random_graph.h"

using namespace edgefront;

namespace {

const KernelSet& reference_set() { return *kernel_sets().back(); }

/// A pointwise chain of `layers` layers on 4x4x8; no two are fused.
LayerGraph chain(int layers) {
  LayerGraph graph;
  graph.tensors.push_back({Shape{4, 4, 8}, Precision::kFloat32});
  graph.inputs = {0};
  for (int i = 0; i < layers; ++i) {
    Layer layer;
    layer.inputs = {{i, -1}};
    layer.output = i + 1;
    layer.kernel_size = i % 2 == 0 ? 1 : 3;
    layer.stride = 1;
    layer.name = "layer" + std::to_string(i);
    graph.layers.push_back(layer);
    graph.tensors.push_back({Shape{4, 4, 8 * (i + 2)}, Precision::kFloat32});
  }
  graph.outputs = {layers};
  return graph;
}

void set_entry(DeviceProfile& profile, const LayerKey& key, double us, double half_width) {
  LayerMeasurement entry;
  entry.key = key;
  entry.statistics.latency_us = us;
  entry.statistics.latency_low_us = us - half_width;
  entry.statistics.latency_high_us = us + half_width;
  profile.layers[key.text()] = entry;
}

LayerKey step_key(const LayerGraph& graph, std::size_t step, Precision precision) {
  const LayerGraph typed = with_precision(graph, precision);
  return key_of(typed, fuse(typed)[step], reference_set(), 1);
}

LayerKey conversion_key(OpKind op, const Shape& shape) {
  LayerKey key;
  key.op = op;
  key.precision = op == OpKind::kQuantize ? Precision::kInt8 : Precision::kFloat32;
  key.input = key.output = shape;
  key.kernel_set = reference_set().name;
  key.kernel_version = reference_set().elementwise_version;
  return key;
}

/// int8 2 µs and fp32 3 µs a layer, conversions 0.5 µs, ± 0.1 µs each.
DeviceProfile plain_profile(const LayerGraph& graph) {
  DeviceProfile profile;
  for (std::size_t i = 0; i < fuse(graph).size(); ++i) {
    set_entry(profile, step_key(graph, i, Precision::kInt8), 2, 0.1);
    set_entry(profile, step_key(graph, i, Precision::kFloat32), 3, 0.1);
  }
  for (const Tensor& tensor : graph.tensors) {
    for (const OpKind op : {OpKind::kQuantize, OpKind::kDequantize}) {
      set_entry(profile, conversion_key(op, tensor.shape), 0.5, 0.1);
    }
  }
  return profile;
}

/// What an assignment costs, from its definition: upper ends for fp32 and conversions, lower ends
/// for int8.
class Costs {
 public:
  Costs(const LayerGraph& graph, const DeviceProfile& profile)
      : graph_(graph), steps_(fuse(graph)), writer_(graph.tensors.size(), -1) {
    const auto statistics = [&](const LayerKey& key) -> const LatencyStatistics& {
      return profile.layers.at(key.text()).statistics;
    };
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      writer_[steps_[i].output] = static_cast<int>(i);
      int8_.push_back(statistics(step_key(graph, i, Precision::kInt8)).latency_low_us);
      fp32_.push_back(statistics(step_key(graph, i, Precision::kFloat32)).latency_high_us);
    }
    for (const Tensor& tensor : graph.tensors) {
      quantize_.push_back(
          statistics(conversion_key(OpKind::kQuantize, tensor.shape)).latency_high_us);
      dequantize_.push_back(
          statistics(conversion_key(OpKind::kDequantize, tensor.shape)).latency_high_us);
    }
  }

  double of(const std::vector<bool>& is_float) const {
    double sum = 0;
    std::set<std::int32_t> converted;
    const auto convert = [&](std::int32_t tensor, bool reader_float) {
      const bool written_float = writer_[tensor] >= 0 && is_float[writer_[tensor]];
      if (written_float == reader_float || !converted.insert(tensor).second) return;
      sum += (written_float ? quantize_ : dequantize_)[tensor];
    };
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      sum += is_float[i] ? fp32_[i] : int8_[i];
      for (const std::int32_t id : {steps_[i].input, steps_[i].input2, steps_[i].residual}) {
        if (id >= 0) convert(id, is_float[i]);
      }
    }
    for (const std::int32_t id : graph_.outputs) convert(id, false);
    return sum;
  }

 private:
  const LayerGraph& graph_;
  std::vector<Step> steps_;
  std::vector<int> writer_;
  std::vector<double> int8_, fp32_, quantize_, dequantize_;
};

}  // namespace

TEST_CASE("a layer that gains more than its two conversions cost stays fp32") {
  const LayerGraph graph = chain(5);
  DeviceProfile profile = plain_profile(graph);
  CHECK(cheapest_precisions(graph, profile, reference_set(), 1).float_steps == 0);
  set_entry(profile, step_key(graph, 2, Precision::kInt8), 9, 0.1);
  const PrecisionChoice choice = cheapest_precisions(graph, profile, reference_set(), 1);
  CHECK(choice.float_layers == std::vector<bool>{false, false, true, false, false});
  CHECK(choice.float_steps == 1);
  CHECK(choice.steps == 5);
  CHECK(choice.int8_us == doctest::Approx(17));
  CHECK(choice.chosen_us == doctest::Approx(8 + 3 + 2 * 0.5));
  CHECK(choice.missing.empty());
}

TEST_CASE("a gain within the intervals, conversions included, is none") {
  const LayerGraph graph = chain(3);
  DeviceProfile profile = plain_profile(graph);
  // 4.35 ± 0.1 against 3 ± 0.1 and two conversions of 0.5 ± 0.1: 4.25 against 4.3.
  set_entry(profile, step_key(graph, 1, Precision::kInt8), 4.35, 0.1);
  CHECK(cheapest_precisions(graph, profile, reference_set(), 1).float_steps == 0);
  set_entry(profile, step_key(graph, 1, Precision::kInt8), 4.45, 0.1);
  CHECK(cheapest_precisions(graph, profile, reference_set(), 1).float_steps == 1);
}

TEST_CASE("two fp32 layers take one between them along where that saves conversions") {
  const LayerGraph graph = chain(5);
  DeviceProfile profile = plain_profile(graph);
  set_entry(profile, step_key(graph, 1, Precision::kInt8), 9, 0.1);
  set_entry(profile, step_key(graph, 3, Precision::kInt8), 9, 0.1);
  set_entry(profile, step_key(graph, 2, Precision::kFloat32), 2.5, 0.1);
  CHECK(cheapest_precisions(graph, profile, reference_set(), 1).float_layers ==
        std::vector<bool>{false, true, true, true, false});
}

TEST_CASE("layers without both entries and without conversions stay int8, and are named") {
  const LayerGraph graph = chain(3);
  DeviceProfile profile = plain_profile(graph);
  set_entry(profile, step_key(graph, 1, Precision::kInt8), 90, 0.1);
  profile.layers.erase(step_key(graph, 1, Precision::kFloat32).text());
  PrecisionChoice choice = cheapest_precisions(graph, profile, reference_set(), 1);
  CHECK(choice.float_steps == 0);
  CHECK(choice.missing == std::vector<std::string>{step_key(graph, 1, Precision::kFloat32).text()});
  profile = plain_profile(graph);
  set_entry(profile, step_key(graph, 1, Precision::kInt8), 90, 0.1);
  const LayerKey lost = conversion_key(OpKind::kQuantize, graph.tensors[2].shape);
  profile.layers.erase(lost.text());
  choice = cheapest_precisions(graph, profile, reference_set(), 1);
  CHECK(choice.missing == std::vector<std::string>{lost.text()});
  // The layer behind must come along, and the conversion be made after it.
  CHECK(choice.float_layers == std::vector<bool>{false, true, true});
}

TEST_CASE("on random graphs with residuals and gates no assignment is cheaper") {
  int compared = 0, mixed = 0;
  for (std::uint64_t seed = 0; compared < 200 && seed < 5000; ++seed) {
    const LayerGraph graph = test::RandomGraph(seed).make();
    const std::size_t steps = fuse(graph).size();
    if (steps > 11) continue;
    INFO("seed " << seed);
    DeviceProfile profile = plain_profile(graph);
    RandomStream random(seed, 1);
    for (auto& [text, entry] : profile.layers) {
      const bool conversion =
          entry.key.op == OpKind::kQuantize || entry.key.op == OpKind::kDequantize;
      set_entry(profile, entry.key, conversion ? random.uniform() : 1 + 3 * random.uniform(), 0.1);
    }
    const PrecisionChoice choice = cheapest_precisions(graph, profile, reference_set(), 1);
    const std::vector<Step> list = fuse(graph);
    std::vector<bool> chosen;
    for (const Step& step : list) chosen.push_back(choice.float_layers[step.layer]);
    const Costs costs(graph, profile);
    double best = std::numeric_limits<double>::infinity();
    for (int set = 0; set < (1 << steps); ++set) {
      std::vector<bool> is_float;
      for (std::size_t i = 0; i < steps; ++i) is_float.push_back((set >> i & 1) != 0);
      best = std::min(best, costs.of(is_float));
    }
    CHECK(costs.of(chosen) == doctest::Approx(best).epsilon(1e-5));
    mixed += choice.float_steps > 0 && choice.float_steps < choice.steps;
    ++compared;
  }
  CHECK(compared == 200);
  CHECK(mixed > 20);
}
