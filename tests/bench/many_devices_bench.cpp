// What a search for eight devices at once costs over searching for one: eight searches for the
// error and the latency of one device each, and one for the error and all eight latencies.
//
//   many_devices_bench [TASK] [SEARCH] [SEEDS] [BUDGET]     # from the repository root
//
// TASK is nas_bench_macro (trained networks, read as search_quality does) or one of
// experiments/spaces with the proxy's error; SEARCH the experiment's [search] table but for its
// budget, e.g. 'algorithm = "nsga2"'. Two definitions are printed:
//
// - Equal quality: what the search of all has on a device's own front after 1.2 times the
//   evaluations of that device's own search, against what that has; and after how many evaluations
//   it has as much (medians over seeds, per device).
// - All at once: evaluations until every front has 99 % of the true front's hypervolume (where that
//   is unknown, of the median own search's after its budget), per seed, against the mean and
//   against the slowest of the eight own searches. Networks that only one device wants count here,
//   so the least number of networks that have 99 %, chosen with all answers known, is printed too.
#include <cmath>
#include <deque>

#include "experiments/pipeline/algorithms.h"
#include "search/hypervolume.h"
#include "tests/bench/device_tasks.h"

namespace edgefront {
namespace {

using bench::DeviceTask;
using bench::kDevices;

constexpr double kShare = 0.99, kMore = 1.2;
constexpr int kLonger = 3;  ///< the budget of the search of all, in budgets of one

struct Settings {
  std::string task = "nas_bench_macro";
  std::string search = "algorithm = \"ehvi\"\nin_flight = 1";
  int seeds = 11, budget = 100;
};

/// What a search asked, in the order of its tells: error, then the latencies of its devices.
using Evaluated = std::vector<ObjectiveVector>;

Evaluated search(const DeviceTask& task, const Settings& settings,
                 const std::vector<std::size_t>& devices, int seed, int budget) {
  const SearchExperiment experiment = parse_experiment(
      "name = \"many\"\nseed = " + std::to_string(seed) +
          "\nspace = { file = \"experiments/spaces/fashion_small.toml\" }\n"
          "device = [{ name = \"x\", description = \"hwprofiles/devices/zc706.toml\" }]\n"
          "objectives = [\"error\", \"latency_us\"]\nevaluator = { kind = \"proxy\" }\n[search]\n" +
          settings.search + "\nevaluations = " + std::to_string(budget) + "\n",
      "many_devices_bench", ".");
  const Problem problem = bench::problem_for(task, devices);
  const auto algorithm = make_algorithm(experiment, problem);
  Evaluated evaluated;
  std::deque<Candidate> open;
  int asked = 0;
  while (static_cast<int>(evaluated.size()) < budget) {
    const int room = experiment.search.in_flight - static_cast<int>(open.size());
    const int count = std::min(room, budget - asked);
    if (count > 0) {
      for (Candidate& candidate : algorithm->ask(count)) {
        open.push_back(std::move(candidate));
        ++asked;
      }
    }
    if (open.empty()) break;  // the space is exhausted
    Evaluation answer{.index = open.front().index,
                      .genotype = open.front().genotype,
                      .objectives = {task.error(open.front().genotype)},
                      .reason = {}};
    open.pop_front();
    const std::vector<ExactCosts> costs = problem.exact_costs({answer.genotype});
    for (const double cost : costs[0].values) answer.objectives.push_back(cost);
    evaluated.push_back(answer.objectives);
    algorithm->tell({std::move(answer)});
  }
  return evaluated;
}

/// Hypervolume over error and column `column`, after each evaluation.
using Curve = std::vector<double>;

Curve hypervolumes(const Evaluated& evaluated, std::size_t column,
                   const ObjectiveVector& reference) {
  Curve values;
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
      values.push_back(values.empty() ? 0 : values.back());
    }
  }
  return values;
}

/// Evaluations until `target`; one more than there are where it is never reached.
double evaluations_until(const Curve& values, double target) {
  const auto reached = std::find_if(values.begin(), values.end(),
                                    [target](double value) { return value >= target; });
  return double(reached - values.begin()) + 1;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / double(values.size());
}

double median_until(const std::vector<Curve>& curves, double target) {
  std::vector<double> counts;
  for (const Curve& curve : curves) counts.push_back(evaluations_until(curve, target));
  return median(counts);
}

double median_after(const std::vector<Curve>& curves, int evaluations) {
  std::vector<double> values;
  for (const Curve& curve : curves) {
    values.push_back(curve[std::min(curve.size(), std::size_t(evaluations)) - 1]);
  }
  return median(values);
}

/// Per device and seed.
struct Comparison {
  std::vector<std::vector<Curve>> own, shared;
  std::vector<double> whole;  ///< per device: hypervolume of the true front, or of all evaluated
};

Comparison run_all(const DeviceTask& task, const Settings& settings) {
  std::vector<std::size_t> all(kDevices.size());
  for (std::size_t d = 0; d < all.size(); ++d) all[d] = d;
  Comparison comparison;
  comparison.own.resize(all.size());
  comparison.shared.resize(all.size());
  std::vector<Evaluated> known(all.size());
  for (int seed = 0; seed < settings.seeds; ++seed) {
    const Evaluated together = search(task, settings, all, seed, kLonger * settings.budget);
    for (const std::size_t d : all) {
      const Evaluated alone = search(task, settings, {d}, seed, settings.budget);
      comparison.own[d].push_back(hypervolumes(alone, 1, task.references[d]));
      comparison.shared[d].push_back(hypervolumes(together, 1 + d, task.references[d]));
      known[d].insert(known[d].end(), alone.begin(), alone.end());
      for (const ObjectiveVector& e : together) known[d].push_back({e[0], e[1 + d]});
    }
  }
  for (const std::size_t d : all) {
    for (const ObjectiveVector& e : task.everything) known[d].push_back({e[0], e[1 + d]});
    comparison.whole.push_back(hypervolumes(known[d], 1, task.references[d]).back());
  }
  return comparison;
}

/// The first definition, with own searches of `budget` evaluations.
void print_equal_quality(const Comparison& comparison, int budget) {
  const int more = static_cast<int>(std::lround(kMore * budget));
  std::printf("\n  own search of %d, search of all with %d evaluations: hypervolume (%%)\n", budget,
              more);
  std::printf("  %-18s %9s %9s %9s %26s\n", "device", "own", "all", "all/own",
              "evaluations for the same");
  std::vector<double> ratios, times;
  int worse = 0;
  for (std::size_t d = 0; d < kDevices.size(); ++d) {
    const double own = median_after(comparison.own[d], budget);
    const double shared = median_after(comparison.shared[d], more);
    const double alone = median_until(comparison.own[d], own);
    const double together = median_until(comparison.shared[d], own);
    ratios.push_back(shared / own);
    times.push_back(together / alone);
    worse += shared < own;
    std::printf("  %-18s %9.3f %9.3f %9.4f %9.0f %7.0f  (%.2f)\n", kDevices[d].c_str(),
                100 * own / comparison.whole[d], 100 * shared / comparison.whole[d], shared / own,
                alone, together, times.back());
  }
  std::printf("  median: %.4f of the own hypervolume, %d of 8 devices worse (least %.4f); ",
              median(ratios), worse, *std::min_element(ratios.begin(), ratios.end()));
  std::printf("the same after %.2f times the evaluations (median device; worst %.2f)\n",
              median(times), *std::max_element(times.begin(), times.end()));
}

/// The second definition.
void print_all_at_once(const Comparison& comparison, const Settings& settings, bool truth_known) {
  std::vector<double> own_medians, all(std::size_t(settings.seeds), 0.0), slowest = all;
  std::printf(
      "\n  evaluations to %.0f %% of %s\n", 100 * kShare,
      truth_known ? "the true front's hypervolume" : "what the own search has after its budget");
  std::printf("  %-18s %9s %9s\n", "device", "own", "all");
  for (std::size_t d = 0; d < kDevices.size(); ++d) {
    const double target = kShare * (truth_known ? comparison.whole[d]
                                                : median_after(comparison.own[d], settings.budget));
    own_medians.push_back(median_until(comparison.own[d], target));
    for (std::size_t seed = 0; seed < all.size(); ++seed) {
      slowest[seed] = std::max(slowest[seed], evaluations_until(comparison.own[d][seed], target));
      all[seed] = std::max(all[seed], evaluations_until(comparison.shared[d][seed], target));
    }
    std::printf("  %-18s %9.0f %9.0f\n", kDevices[d].c_str(), own_medians.back(),
                median_until(comparison.shared[d], target));
  }
  const double together = median(all), one = mean(own_medians);
  std::printf("  all eight fronts: %.0f, %.2f times the mean of one (%.0f), ", together,
              together / one, one);
  std::printf("%.2f times the slowest of the eight (%.0f), %.2f times all eight in turn\n",
              together / median(slowest), median(slowest), together / (8 * one));
}

/// Networks chosen one by one, each where it adds most to what these devices' fronts lack, until
/// all have kShare: close to the least that any search evaluates.
int networks_needed(const DeviceTask& task, const std::vector<double>& whole,
                    const std::vector<std::size_t>& devices) {
  std::vector<std::vector<ObjectiveVector>> fronts(devices.size());
  std::vector<double> shares(devices.size(), 0.0);
  const auto share_with = [&](std::size_t i, const ObjectiveVector& e) {
    const std::size_t d = devices[i];
    std::vector<ObjectiveVector> with = fronts[i];
    with.push_back({e[0], e[1 + d]});
    return hypervolume(with, task.references[d]) / whole[d];
  };
  int chosen = 0;
  while (*std::min_element(shares.begin(), shares.end()) < kShare) {
    const ObjectiveVector* best = nullptr;
    double most = 0;
    for (const ObjectiveVector& e : task.everything) {
      double gain = 0;
      for (std::size_t i = 0; i < devices.size(); ++i) {
        if (shares[i] < kShare) gain += std::min(kShare, share_with(i, e)) - shares[i];
      }
      if (gain > most) most = gain, best = &e;
    }
    if (best == nullptr) break;
    for (std::size_t i = 0; i < devices.size(); ++i) {
      shares[i] = share_with(i, *best);
      fronts[i].push_back({(*best)[0], (*best)[1 + devices[i]]});
    }
    ++chosen;
  }
  return chosen;
}

void print_needed(const DeviceTask& task, const Comparison& comparison) {
  std::vector<double> one;
  std::vector<std::size_t> all;
  for (std::size_t d = 0; d < kDevices.size(); ++d) {
    one.push_back(networks_needed(task, comparison.whole, {d}));
    all.push_back(d);
  }
  const int together = networks_needed(task, comparison.whole, all);
  std::printf("  knowing all answers: %d networks for all eight fronts, %.1f for one (mean)\n",
              together, mean(one));
}

void compare(const Settings& settings) {
  const bool macro = settings.task == "nas_bench_macro";
  const DeviceTask task = macro ? bench::macro_task() : bench::space_task(settings.task);
  const Comparison comparison = run_all(task, settings);
  std::printf("%s, %s, %d seeds\n", settings.task.c_str(), settings.search.c_str(), settings.seeds);
  for (const int part : {4, 2, 1}) {
    if (settings.budget / part > 0) print_equal_quality(comparison, settings.budget / part);
  }
  print_all_at_once(comparison, settings, macro);
  if (macro) print_needed(task, comparison);
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  edgefront::Settings settings;
  if (argc > 1) settings.task = argv[1];
  if (argc > 2) settings.search = argv[2];
  if (argc > 3) settings.seeds = std::max(1, std::atoi(argv[3]));
  if (argc > 4) settings.budget = std::max(1, std::atoi(argv[4]));
  edgefront::compare(settings);
  return 0;
}
