#include "search/feature_audit.h"

#include <doctest/doctest.h>

#include <set>

#include "search/nsga2.h"
#include "search/random_search.h"
#include "tests/search/noisy_toy.h"

namespace edgefront {
namespace {

/// The toy problem with a feature that knows the error, one that knows nothing, and its MACs.
Problem with_features(const SearchSpace& space) {
  Problem problem = toy::problem(space);
  problem.feature_names = {"blind", "seeing", "macs"};
  problem.features = [&space](const std::vector<Genotype>& genotypes) {
    std::vector<std::vector<double>> rows;
    for (const Genotype& genotype : genotypes) {
      const std::vector<double> values = toy::objectives(space, genotype);
      std::uint64_t key = 1;
      for (const std::uint8_t choice : genotype.choices) key = mix_seed(key, choice);
      rows.push_back({double(key % 1000), -values[0], values[1]});
    }
    return rows;
  };
  return problem;
}

struct Made {
  std::vector<std::vector<std::string>> names;  ///< of the features of each problem
  std::vector<std::vector<double>> rows;        ///< of the reference network
};

AlgorithmMaker maker(const SearchSpace& space, Made& made, bool nsga2 = false) {
  return [&space, &made, nsga2](const Problem& problem) {
    made.names.push_back(problem.feature_names);
    made.rows.push_back(problem.features({space.references.at("small")})[0]);
    return nsga2 ? make_nsga2(problem, {.population = 8, .seed = 3}, {})
                 : make_random_search(problem, {.seed = 3}, {});
  };
}

TEST_CASE("a feature that misleads is taken away, and one that sees stays") {
  const SearchSpace space = toy::space();
  const Problem problem = with_features(space);
  Made made;
  const auto algorithm = make_feature_audit(problem, maker(space, made), {});
  const auto answer = [&](const Candidate& c) { return toy::noisy_answer(space, c, 0.3, 1); };
  toy::run(*algorithm, 39, 5, answer);
  CHECK(made.names.size() == 1);
  toy::run(*algorithm, 120, 5, answer);
  REQUIRE(made.names.size() == 2);
  CHECK(made.names[0] == std::vector<std::string>{"blind", "seeing", "macs"});
  CHECK(made.names[1] == std::vector<std::string>{"seeing", "macs"});
  CHECK(made.rows[1] == std::vector<double>{made.rows[0][1], made.rows[0][2]});
}

TEST_CASE("the algorithm that is made anew knows what was told and asks nothing twice") {
  const SearchSpace space = toy::space();
  const Problem problem = with_features(space);
  for (const bool nsga2 : {false, true}) {
    Made made;
    const auto algorithm = make_feature_audit(problem, maker(space, made, nsga2), {});
    const toy::Trace trace = toy::run(*algorithm, 200, 12, [&](const Candidate& candidate) {
      return toy::noisy_answer(space, candidate, 0, 1);
    });
    CHECK(made.names.size() == 2);
    std::set<Genotype> genotypes;
    for (std::size_t i = 0; i < trace.asked.size(); ++i) {
      CHECK(trace.asked[i].index == std::int64_t(i));
      CHECK(genotypes.insert(trace.asked[i].genotype).second);
    }
  }
}

TEST_CASE("a replay asks the same through a change of the verdict") {
  const SearchSpace space = toy::space();
  const Problem problem = with_features(space);
  const auto answer = [&](const Candidate& c) { return toy::noisy_answer(space, c, 0, 1); };
  Made made;
  const auto make = [&] { return make_feature_audit(problem, maker(space, made, true), {}); };
  const toy::Trace whole = toy::run(*make(), 100, 7, answer);
  for (const std::size_t until : {0u, 30u, 107u}) {
    CHECK(toy::same_asks(toy::replay(*make(), whole, 7, until, answer).asked, whole.asked));
  }
}

TEST_CASE("without sizes, features or anything to judge there is nothing around the algorithm") {
  const SearchSpace space = toy::space();
  Made made;
  Problem nameless = with_features(space), exact = nameless;
  nameless.feature_names = {"a", "b", "c"};
  exact.objectives[0].exact = true;
  CHECK(make_feature_audit(nameless, maker(space, made), {})->version() == "random@1");
  CHECK(make_feature_audit(exact, maker(space, made), {})->version() == "random@1");
  const auto audited = make_feature_audit(with_features(space), maker(space, made), {});
  CHECK(audited->version() == "random@1+feature-audit@1");
}

TEST_CASE("sizes are baselines, whatever else there is a proxy") {
  const SearchSpace space = toy::space();
  const Problem problem = with_features(space);
  const Genotype small = space.references.at("small");
  const FeatureColumns columns = feature_columns(problem, {small, small});
  REQUIRE(columns.baselines.size() == 1);
  CHECK(columns.baselines[0].values == std::vector<double>(2, toy::objectives(space, small)[1]));
  REQUIRE(columns.proxies.size() == 2);
  CHECK(columns.proxies[1].name == "seeing");
  CHECK(columns.proxy_places == std::vector<std::size_t>{0, 1});
}

}  // namespace
}  // namespace edgefront
