#include "search/replication.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "search/dominance.h"
#include "search/nsga2.h"
#include "search/pareto_archive.h"
#include "search/random_search.h"
#include "space/error.h"
#include "tests/search/noisy_toy.h"

namespace edgefront {
namespace {

std::unique_ptr<SearchAlgorithm> nsga2(const Problem& problem, std::uint64_t seed) {
  return make_nsga2(problem, {.population = 20, .seed = seed}, {});
}

toy::Answer with_noise(const SearchSpace& space, double noise, std::uint64_t seed) {
  return [&space, noise, seed](const Candidate& candidate) {
    return toy::noisy_answer(space, candidate, noise, seed);
  };
}

/// Genotypes of the front of `values`.
std::set<Genotype> front_of(const std::map<Genotype, ObjectiveVector>& values) {
  ParetoArchive archive;
  for (const auto& [genotype, objectives] : values) {
    archive.insert({.genotype = genotype, .objectives = objectives, .reason = {}});
  }
  std::set<Genotype> front;
  for (const Evaluation& member : archive.front()) front.insert(member.genotype);
  return front;
}

/// How well the front that a run would report is the true one of what it evaluated: the harmonic
/// mean of the share of its members that are true and of the true ones that it has.
double agreement(const SearchSpace& space, const toy::Trace& trace) {
  std::map<Genotype, ObjectiveVector> mean, truth;
  std::map<Genotype, int> count;
  for (const Evaluation& evaluation : trace.told) {
    ObjectiveVector& sum = mean[evaluation.genotype];
    if (sum.empty()) sum.assign(2, 0.0);
    for (int m = 0; m < 2; ++m) sum[m] += evaluation.objectives[m];
    ++count[evaluation.genotype];
  }
  for (auto& [genotype, sum] : mean) {
    for (double& value : sum) value /= count[genotype];
    truth[genotype] = toy::objectives(space, genotype);
  }
  const std::set<Genotype> chosen = front_of(mean), right = front_of(truth);
  int both = 0;
  for (const Genotype& genotype : chosen) both += right.contains(genotype);
  return 2.0 * both / double(chosen.size() + right.size());
}

TEST_CASE("with replicates the front is the true one more often, for as many evaluations") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  constexpr int kSeeds = 12;
  double once = 0, repeated = 0;
  int wins = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto plain = nsga2(problem, seed);
    const auto wrapped = make_replication(nsga2(problem, seed), problem, {.share = 0.3});
    const double a = agreement(space, toy::run(*plain, 300, 8, with_noise(space, 0.4, seed)));
    const double b = agreement(space, toy::run(*wrapped, 300, 8, with_noise(space, 0.4, seed)));
    once += a / kSeeds;
    repeated += b / kSeeds;
    wins += b > a;
  }
  CHECK(repeated > once + 0.1);
  CHECK(wins >= 9);
}

TEST_CASE("a share of the asks are replicates, of the front and of those near it") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const auto algorithm =
      make_replication(nsga2(problem, 3), problem, {.share = 0.25, .max_replicates = 4});
  const toy::Trace trace = toy::run(*algorithm, 400, 8, with_noise(space, 0.4, 1));
  std::map<Genotype, std::set<int>> replicates;
  int repeated = 0;
  for (std::size_t i = 0; i < trace.asked.size(); ++i) {
    const Candidate& candidate = trace.asked[i];
    CHECK(candidate.index == std::int64_t(i));
    repeated += candidate.replicate > 0;
    CHECK(candidate.replicate < 4);
    CHECK(replicates[candidate.genotype].insert(candidate.replicate).second);
  }
  CHECK(repeated <= 100);
  CHECK(repeated >= 80);
}

TEST_CASE("an evaluator without noise is asked five replicates and no more") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const auto algorithm = make_replication(nsga2(problem, 4), problem, {.share = 0.5});
  const toy::Trace trace = toy::run(*algorithm, 200, 6, with_noise(space, 0, 1));
  int repeated = 0;
  for (const Candidate& candidate : trace.asked) repeated += candidate.replicate > 0;
  CHECK(repeated == 5);
}

TEST_CASE("where all objectives are exact nothing is repeated after that either") {
  const SearchSpace space = toy::tiny_space();
  Problem problem = toy::problem(space);
  problem.objectives[0].noise = 0.5;
  problem.objectives[0].exact = true;
  const auto algorithm =
      make_replication(make_random_search(problem, {}, {}), problem, {.share = 0.5});
  const toy::Trace trace = toy::run(*algorithm, 60, 2, with_noise(space, 0, 1));
  for (const Candidate& candidate : trace.asked) CHECK(candidate.replicate < 6);
  CHECK(trace.told.size() <= 11);
}

TEST_CASE("when the space ends, replicates go on until nothing more changes the front") {
  const SearchSpace space = toy::tiny_space();
  Problem problem = toy::problem(space);
  problem.objectives[0].noise = 4;
  const auto algorithm = make_replication(make_random_search(problem, {}, {}), problem,
                                          {.share = 0.1, .max_replicates = 5});
  const toy::Trace trace = toy::run(*algorithm, 1000, 3, with_noise(space, 4, 2));
  std::set<Genotype> genotypes;
  for (const Evaluation& evaluation : trace.told) genotypes.insert(evaluation.genotype);
  CHECK(genotypes.size() == 6);
  CHECK(trace.told.size() > 10);
  CHECK(trace.told.size() <= 30);
}

TEST_CASE("asking for three is asking three times") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const auto make = [&] { return make_replication(nsga2(problem, 5), problem, {.share = 0.4}); };
  const auto warm = [&](SearchAlgorithm& algorithm) {
    toy::run(algorithm, 90, 10, with_noise(space, 0.5, 3));
  };
  const auto one = make(), three = make();
  warm(*one);
  warm(*three);
  std::vector<Candidate> singles;
  for (int i = 0; i < 12; ++i) singles.push_back(one->ask(1)[0]);
  CHECK(toy::same_asks(singles, three->ask(12)));
}

TEST_CASE("a replay asks the same, whether asks are taken over or made again") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const auto answer = with_noise(space, 0.4, 6);
  const auto make = [&] { return make_replication(nsga2(problem, 6), problem, {.share = 0.3}); };
  const toy::Trace whole = toy::run(*make(), 150, 7, answer);
  for (const std::size_t until : {0u, 7u, 8u, 31u, 100u, 157u}) {
    CHECK(toy::same_asks(toy::replay(*make(), whole, 7, until, answer).asked, whole.asked));
  }
}

TEST_CASE("what was never asked is refused in a replay, and nothing has changed") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const auto make = [&] { return make_replication(nsga2(problem, 6), problem, {}); };
  const auto untouched = make(), refused = make();
  std::vector<Candidate> wrong = untouched->ask(3);
  std::swap(wrong[0].genotype, wrong[1].genotype);
  CHECK_FALSE(refused->take_over(wrong));
  const auto again = make();
  CHECK(toy::same_asks(refused->ask(5), again->ask(5)));
}

/// What an inner algorithm is told.
class Listener final : public SearchAlgorithm {
 public:
  explicit Listener(const Problem& problem) : random_(make_random_search(problem, {}, {})) {}
  std::vector<Candidate> ask(int count) override { return random_->ask(count); }
  void tell(const std::vector<Evaluation>& evaluations) override {
    told.insert(told.end(), evaluations.begin(), evaluations.end());
    random_->tell(evaluations);
  }
  std::string version() const override { return "listener@1"; }
  std::vector<Evaluation> told;

 private:
  std::unique_ptr<SearchAlgorithm> random_;
};

TEST_CASE("the inner algorithm is told the mean under its own index, and no failed replicate") {
  const SearchSpace space = toy::tiny_space();
  Problem problem = toy::problem(space);
  problem.objectives[0].noise = 1000;
  auto owned = std::make_unique<Listener>(problem);
  const Listener& inner = *owned;
  const auto algorithm = make_replication(std::move(owned), problem, {.share = 0.5});
  const auto first = algorithm->ask(1);
  Evaluation told = toy::answer(space, first[0]);
  told.objectives[0] = 10;
  algorithm->tell({told});
  const auto second = algorithm->ask(1);
  REQUIRE(second[0].replicate == 0);
  algorithm->tell({toy::answer(space, second[0])});
  algorithm->tell({{.index = 9,
                    .genotype = first[0].genotype,
                    .objectives = {20, told.objectives[1]},
                    .replicate = 1,
                    .reason = {}}});
  REQUIRE(inner.told.size() == 3);
  CHECK(inner.told[2].index == 0);
  CHECK(inner.told[2].objectives == ObjectiveVector{15, told.objectives[1]});
  CHECK(inner.told[2].standard_errors[0] > 500);
  CHECK(inner.told[2].standard_errors[1] == 0);
  Evaluation failed{
      .index = 10, .genotype = first[0].genotype, .objectives = {}, .replicate = 2, .reason = "x"};
  failed.status = EvaluationStatus::kFailed;
  algorithm->tell({failed});
  CHECK(inner.told.size() == 3);
  CHECK(algorithm->version() == "listener@1+replicates@1");
}

TEST_CASE("options out of range are refused by name") {
  const SearchSpace space = toy::tiny_space();
  const Problem problem = toy::problem(space);
  CHECK_THROWS_WITH_AS(make_replication(nsga2(problem, 1), problem, {.max_replicates = 1}),
                       "max_replicates = 1; accepted: at least 2", InputError);
  CHECK_THROWS_AS(make_replication(nsga2(problem, 1), problem, {.share = 1.5}), InputError);
}

}  // namespace
}  // namespace edgefront
