// How long a search of a million evaluations takes when evaluating costs next to nothing: NSGA-II
// with a population of 100 on mobilenet_v3, with latencies from look-up tables (a profile by hand:
// the times do not depend on what stands in a table) and the size proxy as error, two threads.
// Prints seconds, and where they go. Arguments: evaluations (1,000,000), space (mobilenet_v3).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "costmodels/cost_model.h"
#include "evaluators/accuracy_evaluator.h"
#include "experiments/pipeline/evaluation.h"
#include "search/nsga2.h"
#include "search/parallel.h"
#include "search/pareto_archive.h"
#include "tests/costmodels/space_profile.h"

namespace edgefront {
namespace {

constexpr int kPopulation = 100;
constexpr int kThreads = 2;

double now_s() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

void measure(std::int64_t evaluations, const std::string& name) {
  const SearchSpace space = load_space("experiments/spaces/" + name + ".toml");
  DeviceProfile profile =
      profile_of_space(space, Precision::kInt8, find_kernel_set("neon_dotprod"), 1, 1);
  CostModelOptions cost_options;
  cost_options.kernel_set = "neon_dotprod";
  cost_options.space_digest = space.digest;
  const std::shared_ptr<const CostModel> model = make_table_cost_model(
      std::make_shared<const DeviceProfile>(std::move(profile)), cost_options);
  const auto proxy = make_proxy_evaluator(space);
  EvaluationOptions options;
  options.objectives = {"error", "latency_us"};
  const double begun = now_s();
  const CandidateEvaluator evaluator(space, {{.name = "board", .model = model}}, *proxy, options);
  evaluator.check();
  std::printf("%s: tables made in %.2f s\n", name.c_str(), now_s() - begun);
  const Problem problem = evaluator.problem();
  Nsga2Options search;
  search.population = search.offspring = kPopulation;
  search.seed = 1;
  const auto algorithm = make_nsga2(problem, search, {});
  ParetoArchive archive;
  double ask_s = 0, evaluate_s = 0, tell_s = 0, archive_s = 0;
  const double start = now_s();
  std::int64_t done = 0;
  std::vector<Evaluation> told;
  while (done < evaluations) {
    double before = now_s();
    const auto lap = [&](double& sum) {
      const double now = now_s();
      sum += now - before;
      before = now;
    };
    const std::vector<Candidate> asked =
        algorithm->ask(int(std::min<std::int64_t>(kPopulation, evaluations - done)));
    if (asked.empty()) break;
    lap(ask_s);
    told.assign(asked.size(), {});
    parallel_for(std::int64_t(asked.size()), kThreads, [&](std::int64_t i) {
      const EvaluationRecord record = evaluator.evaluate(asked[i]);
      told[i].index = asked[i].index;
      told[i].genotype = asked[i].genotype;
      told[i].objectives = record.objectives;
      told[i].violation = record.violation;
    });
    lap(evaluate_s);
    algorithm->tell(told);
    lap(tell_s);
    for (const Evaluation& evaluation : told) archive.insert(evaluation);
    lap(archive_s);
    done += std::int64_t(asked.size());
  }
  std::printf(
      "%lld evaluations in %.2f s: ask %.2f, evaluate %.2f, tell %.2f, archive %.2f; "
      "front of %zu\n",
      static_cast<long long>(done), now_s() - start, ask_s, evaluate_s, tell_s, archive_s,
      archive.front().size());
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  edgefront::measure(argc > 1 ? std::atoll(argv[1]) : 1'000'000,
                     argc > 2 ? argv[2] : "mobilenet_v3");
  return 0;
}
