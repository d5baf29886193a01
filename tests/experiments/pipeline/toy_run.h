// A run on the toy space: a cost model and evaluators that are plain arithmetic, and folders.
#pragma once

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "experiments/pipeline/search_run.h"
#include "tests/search/toy_problem.h"
#include "tests/temporary_folder.h"

namespace edgefront::toy {

/// Costs that grow with the multiply-accumulates.
class MacsCostModel final : public CostModel {
 public:
  explicit MacsCostModel(double us_per_kmac = 1.0, bool energy = false)
      : us_per_kmac_(us_per_kmac), energy_(energy) {}
  NetworkCost estimate(const LayerGraph& graph) const override {
    NetworkCost cost;
    cost.macs = total_macs(graph);
    cost.parameters = parameter_count(graph);
    cost.latency_us = us_per_kmac_ * double(cost.macs) / 1000 + double(graph.layers.size());
    cost.latency_low_us = 0.9 * cost.latency_us;
    cost.latency_high_us = 1.1 * cost.latency_us;
    cost.weights_bytes = cost.parameters;
    cost.arena_bytes = 64 * std::int64_t(graph.layers.size());
    if (energy_) cost.energy_uj = cost.latency_us * 2;
    return cost;
  }
  std::vector<LayerCost> layers(const LayerGraph&) const override { return {}; }

 private:
  double us_per_kmac_;
  bool energy_;
};

/// The error of the toy objectives, or what `answer` makes of a request; counts its calls.
class ToyEvaluator final : public AccuracyEvaluator {
 public:
  explicit ToyEvaluator(const SearchSpace& space) : space_(space) {}
  std::string prepare(const std::string&, const EvaluatorProgress&) override { return artefact; }
  Accuracy evaluate(const AccuracyRequest& request) override {
    ++calls;
    if (answer) return answer(request);
    return {.ok = true, .error_percent = objectives(space_, request.genotype)[0], .failure = {}};
  }
  std::function<Accuracy(const AccuracyRequest&)> answer;
  std::string artefact;
  std::atomic<int> calls{0};
  std::atomic<bool> told_to_stop{false};  ///< for tests of their own

 private:
  SearchSpace space_;
};

using edgefront::TemporaryFolder;

inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline SearchExperiment experiment() {
  SearchExperiment experiment;
  experiment.name = "toy";
  experiment.seed = 7;
  experiment.space_file = "toy.toml";
  experiment.devices.push_back({.name = "host", .profile = "host.h5"});
  experiment.objectives = {"error", "latency_us"};
  experiment.search.algorithm = AlgorithmKind::kNsga2;
  experiment.search.population = 8;
  experiment.search.in_flight = 8;
  experiment.search.evaluations = 40;
  experiment.search.threads = 1;
  return experiment;
}

struct Parts : SearchParts {
  ToyEvaluator* evaluator = nullptr;
};

inline Parts parts() {
  Parts parts;
  parts.space = space();
  parts.devices = {{"host", std::make_shared<MacsCostModel>()}};
  const auto evaluator = std::make_shared<ToyEvaluator>(parts.space);
  parts.evaluator = evaluator.get();
  parts.accuracy = evaluator;
  parts.digests = {{"profile.host", "11"}, {"data", "22"}};
  parts.kernel_set = "reference";
  return parts;
}

/// What `call` throws, as text; "" if nothing.
template <typename Error>
std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace edgefront::toy
