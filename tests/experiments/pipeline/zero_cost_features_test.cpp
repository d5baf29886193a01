#include "experiments/pipeline/zero_cost_features.h"

#include <doctest/doctest.h>

#include "experiments/pipeline/run_audit.h"
#include "experiments/pipeline/run_folder.h"
#include "space/lower.h"
#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

TEST_CASE("features are the scores of the networks, behind the sizes that judge them") {
  const SearchSpace space = toy::space();
  Problem problem;
  problem.space = &space;
  add_zero_cost_features({ZeroCost::kSynflow, ZeroCost::kMacs, ZeroCost::kGradNorm}, 2, problem);
  CHECK(problem.feature_names ==
        std::vector<std::string>{"parameters", "macs", "synflow", "grad_norm"});
  std::vector<Genotype> genotypes;
  for (std::uint64_t i = 0; i < 3; ++i) {
    RandomStream random(1, i);
    genotypes.push_back(sample_uniform(space, random));
  }
  genotypes.push_back(genotypes[0]);
  const auto rows = problem.features(genotypes);
  REQUIRE(rows.size() == 4);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const LayerGraph graph = lower(decode(space, genotypes[i]));
    CHECK(rows[i] == std::vector<double>{double(parameter_count(graph)), double(total_macs(graph)),
                                         zero_cost_score(graph, ZeroCost::kSynflow),
                                         zero_cost_score(graph, ZeroCost::kGradNorm)});
  }
  CHECK(problem.features({genotypes[1]}) == std::vector<std::vector<double>>{rows[1]});
}

TEST_CASE("without scores there are no features, and sizes alone are not dear") {
  const SearchSpace space = toy::space();
  Problem problem;
  problem.space = &space;
  add_zero_cost_features({}, 1, problem);
  CHECK_FALSE(problem.features);
  CHECK(problem.feature_names.empty());
  CHECK_FALSE(are_dear({ZeroCost::kMacs, ZeroCost::kParameters}));
  CHECK(are_dear({ZeroCost::kMacs, ZeroCost::kSynflow}));
}

SearchExperiment modelled(std::vector<ZeroCost> features) {
  SearchExperiment experiment = toy::experiment();
  experiment.search.algorithm = AlgorithmKind::kEhvi;
  experiment.search.features = std::move(features);
  experiment.search.in_flight = 4;
  experiment.search.evaluations = 46;  // the first audit is at 40
  return experiment;
}

TEST_CASE("a search with scores as features is audited, and the same for any threads and parts") {
  const toy::TemporaryFolder folder;
  toy::Parts parts = toy::parts();
  SearchExperiment experiment = modelled({ZeroCost::kSynflow});
  run_search(experiment, parts, folder.path("one"), {.threads = 1});
  const auto audited = read_audit_lines(folder.path("one"));
  REQUIRE(audited.size() == 1);
  CHECK(audited[0].first == "synflow");
  CHECK(toy::contains(audited[0].second, "parameters and MACs"));
  CHECK(toy::contains(toy::read_text(manifest_path(folder.path("one"))), "+feature-audit@1"));

  toy::Parts again = toy::parts();
  experiment.search.threads = 3;
  run_search(experiment, again, folder.path("three"), {.threads = 3});
  const std::string front = toy::read_text(folder.path("one/front.json"));
  CHECK(toy::read_text(folder.path("three/front.json")) == front);

  for (const int first : {12, 43}) {
    const std::string path = folder.path("parts" + std::to_string(first));
    experiment.search.evaluations = first;
    run_search(experiment, again, path, {});
    experiment.search.evaluations = 46;
    CHECK(run_search(experiment, again, path, {}).replayed == first);
    CHECK(toy::read_text(path + "/front.json") == front);
  }
}

TEST_CASE("features change what the model asks for") {
  const toy::TemporaryFolder folder;
  toy::Parts parts = toy::parts();
  std::vector<std::string> asked;
  for (const SearchExperiment& experiment : {modelled({}), modelled({ZeroCost::kParameters})}) {
    const std::string path = folder.path(std::to_string(asked.size()));
    run_search(experiment, parts, path, {.threads = 1});
    asked.emplace_back();
    for (const auto& each : load_run(path).evaluations) asked.back() += each.genotype + " ";
  }
  CHECK(asked[0] != asked[1]);
}

}  // namespace
}  // namespace edgefront
