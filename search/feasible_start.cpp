#include "search/feasible_start.h"

#include "search/candidate_pool.h"
#include "search/initial_design.h"

namespace edgefront {
namespace {

constexpr std::int64_t kEnumerateUpTo = 20'000;
constexpr int kSamples = 2'000, kCostAtMost = 40'000;

}  // namespace

bool has_exact_constraints(const Problem& problem) {
  return problem.exact_costs && !problem.constraints.empty();
}

double exact_violation(const Problem& problem, const Genotype& genotype) {
  if (!has_exact_constraints(problem)) return 0;
  return problem.exact_costs({genotype})[0].violation;
}

std::vector<Genotype> feasible_start(const Problem& problem, int size, std::uint64_t seed) {
  Problem costs = problem;
  costs.features = nullptr;  // may be dear, and only a surrogate looks at them
  CandidatePool pool(costs, seed, kEnumerateUpTo, kSamples);
  const std::vector<Genotype> found = least_violation(costs, pool, size, kCostAtMost, seed);
  std::vector<const KnownCandidate*> candidates = pool.know(found);
  candidates.insert(candidates.end(), pool.base().begin(), pool.base().end());
  std::vector<Genotype> design = stratified_design(candidates, size);
  return design.empty() ? found : design;
}

}  // namespace edgefront
