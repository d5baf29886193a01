// Are the winners of constrained searches within their budgets when they are measured later? Runs
// searches with random latency budgets on a profiled space (proxy evaluator), each with the
// product's own check of its winners, and then, after all of them, measures every reported winner
// once more in a process of its own: 200 invocations, the same statistic.
//
//   budgets_bench DEV.h5 [--space FILE] [--searches 30] [--seed 1] [--precision int8] [--threads 1]
//                 [--evaluations 400] [--on COMMAND] [--runs FOLDER]
//   FOLDER keeps the runs; without it they lie in a temporary folder and are removed.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiments/pipeline/run_folder.h"
#include "experiments/pipeline/search_parts.h"
#include "experiments/pipeline/winner_check.h"
#include "hwprofiles/profiler.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"
#include "space/random.h"

namespace edgefront {
namespace {

struct Options {
  std::string profile, space = "experiments/spaces/fashion_small.toml", on, runs;
  int searches = 30, threads = 1, evaluations = 400;
  std::uint64_t seed = 1;
  Precision precision = Precision::kInt8;
};

/// One search, and what its reported members were measured at later.
struct Outcome {
  double budget_us = 0;
  Front front;
  std::vector<double> later_us;  ///< of front.members
};

Options parse(int argc, char** argv) {
  if (argc < 2) throw InputError("budgets_bench DEV.h5 [options]; see the top of its source");
  Options options;
  options.profile = argv[1];
  std::map<std::string, std::string> given;
  for (int i = 2; i + 1 < argc; i += 2) given[argv[i]] = argv[i + 1];
  for (const auto& [name, value] : given) {
    if (name == "--space") {
      options.space = value;
    } else if (name == "--searches") {
      options.searches = std::atoi(value.c_str());
    } else if (name == "--seed") {
      options.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (name == "--precision") {
      options.precision = value == "fp32" ? Precision::kFloat32 : Precision::kInt8;
    } else if (name == "--threads") {
      options.threads = std::atoi(value.c_str());
    } else if (name == "--evaluations") {
      options.evaluations = std::atoi(value.c_str());
    } else if (name == "--on") {
      options.on = value;
    } else if (name == "--runs") {
      options.runs = value;
    } else {
      throw InputError("unknown option " + name);
    }
  }
  if (options.on.empty()) options.on = probe_beside_program();
  return options;
}

SearchExperiment experiment_of(const Options& options, int search, double budget_us) {
  SearchExperiment experiment;
  experiment.name = "budget";
  experiment.seed = mix_seed(options.seed, std::uint64_t(search));
  experiment.seed >>= 1;  // TOML has signed integers
  experiment.space_file = options.space;
  experiment.devices.push_back({.name = "host", .profile = options.profile});
  experiment.devices[0].precision = options.precision;
  experiment.devices[0].threads = options.threads;
  experiment.objectives = {"error", "latency_us"};
  if (budget_us > 0) experiment.constraints = {{"latency_us", budget_us}};
  experiment.search.evaluations = options.evaluations;
  return experiment;
}

/// Log-uniform between the 10 % and 90 % quantiles of predicted latencies of the space, to 0.01 µs.
std::vector<double> random_budgets(const Options& options) {
  OpenedExperiment opened = open_experiment(experiment_of(options, 0, 0), {});
  std::vector<double> latencies;
  for (const Genotype& g : draw_networks(opened.parts.space, 200, options.seed, {})) {
    const LayerGraph graph = lower(decode(opened.parts.space, g));
    latencies.push_back(opened.parts.devices[0].model->estimate(graph).latency_us);
  }
  const double low = std::log(quantile(latencies, 0.1)), high = std::log(quantile(latencies, 0.9));
  std::vector<double> budgets;
  for (int i = 0; i < options.searches; ++i) {
    RandomStream random(options.seed, std::uint64_t(i));
    budgets.push_back(std::round(100 * std::exp(low + (high - low) * random.uniform())) / 100);
  }
  return budgets;
}

Outcome run_one(const Options& options, int search, double budget_us) {
  const SearchExperiment experiment = experiment_of(options, search, budget_us);
  const std::string folder = options.runs + "/" + std::to_string(search);
  Outcome outcome;
  outcome.budget_us = budget_us;
  try {
    OpenedExperiment opened = open_experiment(experiment, {});
    run_search(experiment, opened.parts, folder, {});
  } catch (const NoFeasibleResult&) {
    return outcome;
  }
  WinnerCheckOptions check;
  check.probe = options.on;
  check.note = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  if (!check_winners(folder, check).checked)
    throw InputError("the winners cannot be measured here");
  outcome.front = read_front(folder);
  return outcome;
}

void measure_later(const Options& options, const SearchSpace& space, const std::string& kernel_set,
                   Outcome& outcome) {
  std::vector<MeasuringDevice::Network> networks;
  for (const FrontMember& member : outcome.front.members) {
    const LayerGraph graph = lower(decode(space, parse_genotype(space, member.genotype)));
    networks.push_back({member.genotype, with_precision(graph, options.precision), nullptr});
  }
  outcome.later_us.assign(networks.size(), 0);
  if (networks.empty()) return;
  DeviceLinkOptions link;
  link.link.command = options.on;
  MeasuringDevice device(std::move(link));
  ProtocolOptions protocol;
  protocol.min_samples = protocol.max_samples = 200;
  protocol.step_latencies = false;
  protocol.seed = mix_seed(options.seed, 0x1a7e5);
  device.measure_networks(networks, kernel_set, options.threads, protocol, {},
                          [&](std::size_t i, const NetworkMeasurement& m, const NetworkFacts&) {
                            outcome.later_us[i] = m.statistics.latency_us;
                          });
}

void print(const std::vector<Outcome>& outcomes) {
  int reported = 0, dropped = 0, within = 0, with_winner = 0, tight = 0;
  double worst = 0;
  std::printf("search  budget us  reported  dropped  best later us  of budget  worst of budget\n");
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Outcome& o = outcomes[i];
    double worst_here = 0;
    for (const double later : o.later_us) {
      within += later <= o.budget_us;
      worst_here = std::max(worst_here, later / o.budget_us);
    }
    const int members = static_cast<int>(o.later_us.size());
    const double best = members > 0 ? o.later_us[0] / o.budget_us : 0;  // of the smallest error
    reported += members;
    dropped += static_cast<int>(o.front.dropped.size());
    with_winner += members > 0;
    tight += members > 0 && best >= 0.9;
    worst = std::max(worst, worst_here);
    std::printf("%6zu %10.2f %9d %8zu %14.2f %10.3f %16.3f\n", i, o.budget_us, members,
                o.front.dropped.size(), best * o.budget_us, best, worst_here);
  }
  std::printf(
      "%zu searches, %d with a winner, %d of them with the best one within 10 %% of its budget\n"
      "%d winners reported, %d dropped; later within budget %.2f %%, worst %.4f of its budget\n",
      outcomes.size(), with_winner, tight, reported, dropped,
      reported > 0 ? 100.0 * within / reported : 0.0, worst);
}

int run(Options options) {
  const bool temporary = options.runs.empty();
  if (temporary) {
    std::string name = (std::filesystem::temp_directory_path() / "edgefront-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw EnvironmentError(name + ": cannot be made");
    options.runs = name;
  }
  const std::vector<double> budgets = random_budgets(options);
  std::vector<Outcome> outcomes;
  for (int i = 0; i < options.searches; ++i) {
    outcomes.push_back(run_one(options, i, budgets[std::size_t(i)]));
    std::fprintf(stderr, "search %d of %d: budget %.2f us, %zu reported, %zu dropped\n", i + 1,
                 options.searches, budgets[std::size_t(i)], outcomes.back().front.members.size(),
                 outcomes.back().front.dropped.size());
  }
  OpenedExperiment opened = open_experiment(experiment_of(options, 0, 0), {});
  for (Outcome& outcome : outcomes) {
    measure_later(options, opened.parts.space, opened.parts.kernel_set, outcome);
  }
  print(outcomes);
  if (temporary) std::filesystem::remove_all(options.runs);
  return 0;
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  try {
    return edgefront::run(edgefront::parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "budgets_bench: %s\n", error.what());
    return 2;
  }
}
