// Searches for eight described devices whose answers are known or cheap: one error and a latency
// on each device for every network.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "costmodels/cost_model.h"
#include "evaluators/data_table.h"
#include "evaluators/table_space.h"
#include "experiments/pipeline/search_parts.h"
#include "search/dominance.h"
#include "space/lower.h"
#include "space/uniform_sampler.h"

namespace edgefront::bench {

inline const std::vector<std::string> kDevices{"diannao",         "edge_tpu",  "jetson_nano",
                                               "raspberry_pi_4",  "stm32f746", "vc707_zhang2015",
                                               "x86_workstation", "zc706"};

inline Precision precision_of(const std::string& device) {
  return device == "vc707_zhang2015" ? Precision::kFloat32 : Precision::kInt8;
}

struct DeviceTask {
  std::shared_ptr<const SearchSpace> space;
  /// Latencies on kDevices, and the error.
  std::function<std::vector<ObjectiveVector>(const std::vector<Genotype>&)> latencies;
  std::function<double(const Genotype&)> error;
  std::vector<ObjectiveVector> references;  ///< per device: error, latency
  std::vector<ObjectiveVector> everything;  ///< error and latencies of all networks; empty: unknown
};

/// The problem of a search for these of kDevices: error, latencies, and a front for each device.
inline Problem problem_for(const DeviceTask& task, const std::vector<std::size_t>& devices) {
  Problem problem;
  problem.space = task.space.get();
  problem.objectives = {{.name = "error"}};
  for (std::size_t i = 0; i < devices.size(); ++i) {
    problem.objectives.push_back({.name = "latency_us@" + kDevices[devices[i]], .exact = true});
    if (devices.size() > 1) problem.fronts.push_back({0, static_cast<int>(i) + 1});
  }
  problem.exact_costs = [&task, devices](const std::vector<Genotype>& genotypes) {
    std::vector<ExactCosts> costs;
    for (const ObjectiveVector& all : task.latencies(genotypes)) {
      ExactCosts& own = costs.emplace_back();
      for (const std::size_t d : devices) own.values.push_back(all[d]);
      own.low = own.high = own.values;
    }
    return costs;
  };
  return problem;
}

/// A network of NAS-Bench-Macro (Su et al. 2021), layers as its authors describe them; a layer
/// without operation that changes the shape is a strided convolution of one pixel.
inline Architecture macro_network(const std::string& digits) {
  Architecture network;
  network.resolution = 32;
  network.input_channels = 3;
  network.classes = 10;
  network.stem_channels = 32;
  network.head_channels = 1280;
  int channels = 32;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool first = i == 0 || i == 2 || i == 5;  // of its stage
    BlockArchitecture block;
    block.name = "layer" + std::to_string(i);
    block.in_channels = channels;
    block.stride = first ? 2 : 1;
    channels *= block.stride;
    block.out_channels = channels;
    block.hidden_channels = block.in_channels * (digits[i] == '1' ? 3 : 6);
    block.kernel_size = digits[i] == '1' ? 3 : 5;
    if (!first) block.skip = SkipKind::kIdentity;
    if (digits[i] == '0') {
      block.op = OperatorKind::kConv;
      block.hidden_channels = block.in_channels;
      block.kernel_size = 1;
    }
    if (digits[i] != '0' || first) network.blocks.push_back(block);
  }
  return network;
}

/// All trained networks of NAS-Bench-Macro; the reference is 20 % error and 1.01 times the largest
/// latency.
inline DeviceTask macro_task() {
  const char* folder = std::getenv("EDGEFRONT_PUBLIC_DATA");
  const std::string root = folder != nullptr ? folder : EDGEFRONT_SOURCE_DIR "/../shared/data";
  const DataTable table = load_csv(root + "/nas_bench_macro/nas_bench_macro_cifar10.csv.gz");
  TableSpace rows = make_table_space(table, {"arch[]"});
  const std::vector<double> errors = numbers(table, {.expression = "100-mean_acc"});
  const std::vector<double> flops = numbers(table, {.expression = "flops"});
  std::vector<std::unique_ptr<CostModel>> models;
  for (const std::string& device : kDevices) {
    CostModelOptions options;
    options.precision = precision_of(device);
    const std::string path = "hwprofiles/devices/" + device + ".toml";
    models.push_back(make_analytic_cost_model(load_device_description(path), options));
  }
  DeviceTask task;
  task.references.assign(kDevices.size(), {20, 0});
  const auto places = std::make_shared<std::unordered_map<Genotype, ObjectiveVector>>();
  for (int i = 0; i < rows.space.listed->size(); ++i) {
    const int row = rows.rows[static_cast<std::size_t>(i)];
    const LayerGraph graph =
        lower(macro_network(std::string(table.cell(row, table.column("arch")))));
    if (double(total_macs(graph)) != flops[row]) {
      std::fprintf(stderr, "%s: not the FLOPs of the network\n", table.where(row).c_str());
      std::exit(1);
    }
    ObjectiveVector& point = task.everything.emplace_back();
    point.push_back(errors[row]);
    for (std::size_t d = 0; d < models.size(); ++d) {
      point.push_back(models[d]->estimate(graph).latency_us);
      task.references[d][1] = std::max(task.references[d][1], 1.01 * point.back());
    }
    (*places)[rows.space.listed->at(i)] = point;
  }
  task.space = std::make_shared<const SearchSpace>(std::move(rows.space));
  task.error = [places](const Genotype& genotype) { return places->at(genotype)[0]; };
  task.latencies = [places](const std::vector<Genotype>& genotypes) {
    std::vector<ObjectiveVector> all;
    for (const Genotype& genotype : genotypes) {
      const ObjectiveVector& point = places->at(genotype);
      all.emplace_back(point.begin() + 1, point.end());
    }
    return all;
  };
  return task;
}

/// A space of ours with the proxy's error; the reference is 1 % above the largest error and latency
/// of 2,000 random networks. The devices' limits are left out: they would make one device's
/// networks infeasible on all.
inline DeviceTask space_task(const std::string& space) {
  std::string described, objectives = "\"error\"";
  for (const std::string& name : kDevices) {
    const std::string precision = precision_of(name) == Precision::kInt8 ? "int8" : "fp32";
    described += "{ name = \"" + name + "\", description = \"hwprofiles/devices/" + name +
                 ".toml\", precision = \"" + precision + "\" },\n";
    objectives += ", \"latency_us@" + name + "\"";
  }
  const SearchExperiment experiment = parse_experiment(
      "name = \"many\"\nspace = { file = \"experiments/spaces/" + space +
          ".toml\" }\ndevice = [\n" + described + "]\nobjectives = [" + objectives +
          "]\nevaluator = { kind = \"proxy\" }\n[search]\nalgorithm = \"random\"\n",
      "many_devices_bench", ".");
  struct Opened {
    OpenedExperiment experiment;
    std::unique_ptr<CandidateEvaluator> evaluator;
  };
  const auto opened = std::make_shared<Opened>();
  opened->experiment = open_experiment(experiment, {});
  SearchParts& parts = opened->experiment.parts;
  opened->evaluator = std::make_unique<CandidateEvaluator>(
      parts.space, parts.devices, *parts.accuracy,
      EvaluationOptions{experiment.objectives, {}, experiment.seed, {}});
  DeviceTask task;
  task.space = std::shared_ptr<const SearchSpace>(opened, &parts.space);
  task.error = [opened](const Genotype& genotype) {
    return opened->evaluator->evaluate({.genotype = genotype}).objectives.at(0);
  };
  task.latencies = [opened](const std::vector<Genotype>& genotypes) {
    std::vector<ObjectiveVector> all;
    for (ExactCosts& costs : opened->evaluator->exact_costs(genotypes)) {
      all.push_back(std::move(costs.values));
    }
    return all;
  };
  const UniformSampler sampler(*task.space);
  task.references.assign(kDevices.size(), {0, 0});
  for (std::uint64_t i = 0; i < 2000; ++i) {
    RandomStream random(99, i);
    const Genotype genotype = sampler.sample(random);
    const double error = task.error(genotype);
    const ObjectiveVector latencies = task.latencies({genotype})[0];
    for (std::size_t d = 0; d < kDevices.size(); ++d) {
      task.references[d][0] = std::max(task.references[d][0], 1.01 * error);
      task.references[d][1] = std::max(task.references[d][1], 1.01 * latencies[d]);
    }
  }
  return task;
}

}  // namespace edgefront::bench
