// What a search for eight devices at once costs over searching for one. Eight described devices,
// the proxy evaluator: the evaluations after which a search has 99 % of the hypervolume that a
// search for that device alone has when its budget is spent, on each device's own front; and how
// many more one search for all of them needs until it has that on every front. Medians over seeds.
//
//   many_devices_bench [SPACE] [SEARCH] [SEEDS] [BUDGET]
//
// SEARCH is the experiment's [search] table but for its budget, e.g. 'algorithm = "nsga2"'.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include "experiments/pipeline/algorithms.h"
#include "experiments/pipeline/search_parts.h"
#include "search/hypervolume.h"
#include "space/uniform_sampler.h"

namespace edgefront {
namespace {

const std::vector<std::string> kDevices{"diannao",         "edge_tpu",  "jetson_nano",
                                        "raspberry_pi_4",  "stm32f746", "vc707_zhang2015",
                                        "x86_workstation", "zc706"};
constexpr double kShare = 0.99;

struct Settings {
  std::string space = "fashion_small";
  std::string search = "algorithm = \"nsga2\"";
  int seeds = 11, budget = 400;
};

/// A search for these of kDevices. Their limits are left out: they would make one device's networks
/// infeasible on all.
SearchExperiment experiment_for(const Settings& settings, const std::vector<std::size_t>& devices,
                                int seed) {
  std::string described, objectives = "\"error\"";
  for (const std::size_t d : devices) {
    const std::string& name = kDevices[d];
    const std::string precision = name == "vc707_zhang2015" ? "fp32" : "int8";
    described += "{ name = \"" + name + "\", description = \"hwprofiles/devices/" + name +
                 ".toml\", precision = \"" + precision + "\" },\n";
    objectives += ", \"latency_us@" + name + "\"";
  }
  return parse_experiment("name = \"many\"\nseed = " + std::to_string(seed) +
                              "\nspace = { file = \"experiments/spaces/" + settings.space +
                              ".toml\" }\ndevice = [\n" + described + "]\nobjectives = [" +
                              objectives + "]\nevaluator = { kind = \"proxy\" }\n[search]\n" +
                              settings.search +
                              "\nevaluations = " + std::to_string(settings.budget) + "\n",
                          "many_devices_bench", ".");
}

/// What a search asked, in the order of its tells: error, then the latencies of its devices.
using Evaluated = std::vector<ObjectiveVector>;

Evaluated search(const Settings& settings, const std::vector<std::size_t>& devices, int seed) {
  const SearchExperiment experiment = experiment_for(settings, devices, seed);
  const OpenedExperiment opened = open_experiment(experiment, {});
  const SearchParts& parts = opened.parts;
  const CandidateEvaluator evaluator(parts.space, parts.devices, *parts.accuracy,
                                     {experiment.objectives, {}, experiment.seed, {}});
  const Problem problem = evaluator.problem();
  const auto algorithm = make_algorithm(experiment, problem);
  Evaluated evaluated;
  std::deque<Candidate> open;
  std::size_t asked = 0;
  while (evaluated.size() < std::size_t(settings.budget)) {
    const std::size_t room = std::size_t(experiment.search.in_flight) - open.size();
    const std::size_t count = std::min(room, std::size_t(settings.budget) - asked);
    if (count > 0) {
      for (Candidate& candidate : algorithm->ask(int(count))) {
        open.push_back(std::move(candidate));
        ++asked;
      }
    }
    if (open.empty()) break;  // the space is exhausted
    const Evaluation answer = to_evaluation(parts.space, evaluator.evaluate(open.front()));
    open.pop_front();
    algorithm->tell({answer});
    evaluated.push_back(answer.objectives);
  }
  return evaluated;
}

/// After each evaluation, over error and column `column`.
std::vector<double> hypervolumes(const Evaluated& evaluated, std::size_t column,
                                 const ObjectiveVector& reference) {
  std::vector<double> values;
  std::vector<ObjectiveVector> front;
  for (const ObjectiveVector& e : evaluated) {
    const ObjectiveVector own{e[0], e[column]};
    const bool behind = std::any_of(front.begin(), front.end(), [&](const ObjectiveVector& other) {
      return other[0] <= own[0] && other[1] <= own[1];
    });
    if (!behind) {
      std::erase_if(front, [&](const ObjectiveVector& other) {
        return own[0] <= other[0] && own[1] <= other[1];
      });
      front.push_back(own);
      values.push_back(hypervolume(front, reference));
    } else {
      values.push_back(values.back());
    }
  }
  return values;
}

/// Evaluations until `target`; one more than there are where it is never reached.
double evaluations_until(const std::vector<double>& values, double target) {
  const auto reached = std::find_if(values.begin(), values.end(),
                                    [target](double value) { return value >= target; });
  return double(reached - values.begin()) + 1;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

/// Per device: 1 % above the largest error and latency of 2,000 random networks.
std::vector<ObjectiveVector> references_of(const Settings& settings,
                                           const std::vector<std::size_t>& all) {
  const SearchExperiment experiment = experiment_for(settings, all, 0);
  const OpenedExperiment opened = open_experiment(experiment, {});
  const SearchParts& parts = opened.parts;
  const CandidateEvaluator evaluator(parts.space, parts.devices, *parts.accuracy,
                                     {experiment.objectives, {}, 0, {}});
  const UniformSampler sampler(parts.space);
  std::vector<ObjectiveVector> references(all.size(), {0, 0});
  for (std::uint64_t i = 0; i < 2000; ++i) {
    RandomStream random(99, i);
    const auto record = evaluator.evaluate({std::int64_t(i), sampler.sample(random)});
    for (std::size_t d = 0; d < all.size(); ++d) {
      references[d][0] = std::max(references[d][0], 1.01 * record.objectives[0]);
      references[d][1] = std::max(references[d][1], 1.01 * record.objectives[1 + d]);
    }
  }
  return references;
}

void compare(const Settings& settings) {
  std::vector<std::size_t> all(kDevices.size());
  for (std::size_t d = 0; d < all.size(); ++d) all[d] = d;
  const std::vector<ObjectiveVector> references = references_of(settings, all);
  std::vector<double> alone_medians, together(std::size_t(settings.seeds), 0.0),
      targets(all.size());
  std::vector<std::vector<double>> of_device(all.size());
  for (const std::size_t d : all) {
    std::vector<std::vector<double>> curves;
    std::vector<double> last, alone;
    for (int seed = 0; seed < settings.seeds; ++seed) {
      curves.push_back(hypervolumes(search(settings, {d}, seed), 1, references[d]));
      last.push_back(curves.back().back());
    }
    targets[d] = kShare * median(last);
    for (const auto& curve : curves) alone.push_back(evaluations_until(curve, targets[d]));
    alone_medians.push_back(median(alone));
  }
  Settings longer = settings;
  longer.budget *= 3;
  for (int seed = 0; seed < settings.seeds; ++seed) {
    const Evaluated evaluated = search(longer, all, seed);
    for (const std::size_t d : all) {
      const auto curve = hypervolumes(evaluated, 1 + d, references[d]);
      of_device[d].push_back(evaluations_until(curve, targets[d]));
      double& slowest = together[std::size_t(seed)];
      slowest = std::max(slowest, of_device[d].back());
    }
  }
  std::printf("%s, %s, %d seeds: evaluations to %.0f %% of what one device's search has after %d\n",
              settings.space.c_str(), settings.search.c_str(), settings.seeds, 100 * kShare,
              settings.budget);
  std::printf("  %-18s %8s %20s\n", "device", "alone", "in the search of all");
  for (const std::size_t d : all) {
    std::printf("  %-18s %8.0f %20.0f\n", kDevices[d].c_str(), alone_medians[d],
                median(of_device[d]));
  }
  double sum = 0;
  for (const double alone : alone_medians) sum += alone;
  const double mean = sum / double(all.size()), joint = median(together);
  const double slowest = *std::max_element(alone_medians.begin(), alone_medians.end());
  std::printf("  all eight fronts: %.0f, %.2f times the mean of one, %.2f times the slowest, ",
              joint, joint / mean, joint / slowest);
  std::printf("%.2f times all searches one after the other\n", joint / sum);
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  edgefront::Settings settings;
  if (argc > 1) settings.space = argv[1];
  if (argc > 2) settings.search = argv[2];
  if (argc > 3) settings.seeds = std::max(1, std::atoi(argv[3]));
  if (argc > 4) settings.budget = std::max(1, std::atoi(argv[4]));
  edgefront::compare(settings);
  return 0;
}
