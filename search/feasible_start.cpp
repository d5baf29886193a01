#include "search/feasible_start.h"

#include <algorithm>
#include <utility>

#include "search/candidate_pool.h"
#include "search/initial_design.h"
#include "space/random.h"

namespace edgefront {
namespace {

constexpr std::int64_t kEnumerateUpTo = 20'000, kListUpTo = 250'000;
constexpr int kSamples = 2'000;
constexpr int kCostAtMost = 40'000;  ///< networks costed in search of feasible ones
/// Apart from the candidates' streams.
constexpr std::uint64_t kDesignStream = 0x64657369, kOrderStream = 0x6f726465;

template <typename T>
void shuffle(std::vector<T>& items, std::size_t first, RandomStream random) {
  for (std::size_t i = items.size(); i > first + 1; --i) {
    std::swap(items[i - 1], items[first + random.below(i - first)]);
  }
}

/// Ends of the costs first, the others in random order: as stratified_design() gives them, from
/// cheap to dear, included networks would take the places of the dearest.
std::vector<Genotype> stratified(const std::vector<const KnownCandidate*>& candidates, int size,
                                 std::uint64_t seed) {
  std::vector<Genotype> design = stratified_design(candidates, size);
  const std::size_t ends = candidates.empty() ? 0 : 2 * candidates[0]->costs.values.size();
  shuffle(design, std::min(design.size(), ends), RandomStream(seed, kOrderStream));
  return design;
}

std::vector<Genotype> first_feasible(const std::vector<const KnownCandidate*>& candidates,
                                     int size) {
  std::vector<Genotype> design;
  for (const KnownCandidate* candidate : candidates) {
    if (static_cast<int>(design.size()) == size) break;
    if (candidate->costs.violation == 0) design.push_back(candidate->genotype);
  }
  return design;
}

}  // namespace

bool has_exact_constraints(const Problem& problem) {
  return problem.exact_costs && !problem.constraints.empty();
}

double exact_violation(const Problem& problem, const Genotype& genotype) {
  if (!has_exact_constraints(problem)) return 0;
  return problem.exact_costs({genotype})[0].violation;
}

Problem without_features(Problem problem) {
  problem.features = nullptr;
  return problem;
}

SearchStart search_start(const Problem& problem, CandidatePool& pool, InitialDesign design,
                         int size, int home, std::uint64_t seed) {
  SearchStart start;
  start.home = least_violation(problem, pool, home, kCostAtMost, seed);
  for (Genotype& genotype : stretched_costs(problem, pool, seed)) {
    start.home.push_back(std::move(genotype));
  }
  std::vector<const KnownCandidate*> candidates;
  if (design == InitialDesign::kStratified) candidates = pool.know(start.home);
  candidates.insert(candidates.end(), pool.base().begin(), pool.base().end());
  shuffle(candidates, 0, RandomStream(seed, kDesignStream));
  start.design = design == InitialDesign::kStratified ? stratified(candidates, size, seed)
                                                      : first_feasible(candidates, size);
  if (start.design.empty()) start.design = start.home;
  return start;
}

std::vector<Genotype> feasible_start(const Problem& problem, int size, std::uint64_t seed) {
  const Problem costs = without_features(problem);  // may be dear, and only a surrogate looks
  const std::int64_t most = problem.space->listed ? kListUpTo : kEnumerateUpTo;
  CandidatePool pool(costs, seed, most, kSamples);
  return search_start(costs, pool, InitialDesign::kStratified, size, size, seed).design;
}

}  // namespace edgefront
