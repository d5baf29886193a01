#include "search/initial_design.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_set>

#include "search/variation.h"

namespace edgefront {
namespace {

constexpr std::uint64_t kRepairStream = 0x72657061;  ///< apart from the candidates' streams
constexpr std::uint64_t kStretchStream = 0x73747265;
constexpr std::size_t kStretchParents = 12, kStretchGenerations = 30;
constexpr std::size_t kParents = 64;  ///< of the search for feasible networks

/// Share of decisions in which two encoded genotypes differ.
double gene_distance(const EncodedGenotype& a, const EncodedGenotype& b) {
  int differ = 0;
  for (std::size_t d = 0; d < a.categories.size(); ++d)
    differ += a.categories[d] != b.categories[d];
  return differ;
}

/// Collects a design; the choice among candidates is by distance, ties to the first.
class Design {
 public:
  void add(const KnownCandidate& candidate) {
    if (!taken_.insert(candidate.genotype).second) return;
    genotypes_.push_back(candidate.genotype);
    chosen_.push_back(&candidate);
  }
  /// The one of [begin, end) in `order` that is farthest from all chosen, if any is left.
  void add_farthest(const std::vector<const KnownCandidate*>& order, std::size_t begin,
                    std::size_t end) {
    const KnownCandidate* best = nullptr;
    double best_distance = -1;
    for (std::size_t i = begin; i < end; ++i) {
      if (taken_.contains(order[i]->genotype)) continue;
      double distance = std::numeric_limits<double>::infinity();
      for (const KnownCandidate* other : chosen_) {
        distance = std::min(distance, gene_distance(order[i]->encoded, other->encoded));
      }
      if (distance > best_distance) best = order[i], best_distance = distance;
    }
    if (best != nullptr) add(*best);
  }
  bool has_any(const std::vector<const KnownCandidate*>& order, std::size_t begin,
               std::size_t end) const {
    return std::any_of(order.begin() + static_cast<std::ptrdiff_t>(begin),
                       order.begin() + static_cast<std::ptrdiff_t>(end),
                       [&](const auto* c) { return taken_.contains(c->genotype); });
  }
  std::vector<Genotype>& genotypes() { return genotypes_; }
  std::size_t size() const { return genotypes_.size(); }

 private:
  std::vector<Genotype> genotypes_;
  std::vector<const KnownCandidate*> chosen_;
  std::unordered_set<Genotype> taken_;
};

}  // namespace

std::vector<Genotype> stratified_design(const std::vector<const KnownCandidate*>& candidates,
                                        int size) {
  std::vector<const KnownCandidate*> feasible;
  std::unordered_set<Genotype> different;
  for (const KnownCandidate* candidate : candidates) {
    const bool usable = candidate->costs.violation == 0;
    if (usable && different.insert(candidate->genotype).second) feasible.push_back(candidate);
  }
  Design design;
  if (feasible.empty()) return {};
  const auto wanted = std::min(static_cast<std::size_t>(size), feasible.size());
  const std::size_t costs = feasible[0]->costs.values.size();
  std::vector<std::vector<const KnownCandidate*>> orders(std::max<std::size_t>(1, costs), feasible);
  // More ends than places: a network in the outermost stratum of a cost stands for its end.
  const std::size_t outer =
      2 * costs > wanted ? feasible.size() / std::max<std::size_t>(1, wanted) : 0;
  for (std::size_t j = 0; j < costs; ++j) {
    std::stable_sort(orders[j].begin(), orders[j].end(), [&](const auto* a, const auto* b) {
      return a->costs.values[j] < b->costs.values[j];
    });
    const std::size_t all = feasible.size();
    if (design.size() < wanted && !design.has_any(orders[j], 0, outer)) {
      design.add(*orders[j].front());
    }
    if (design.size() < wanted && !design.has_any(orders[j], all - outer, all)) {
      design.add(*orders[j].back());
    }
  }
  // Strata from the middle outwards would favour typical networks; in order they are all visited.
  const std::size_t strata = std::max<std::size_t>(1, wanted - std::min(wanted, design.size()));
  for (std::size_t k = 0; design.size() < wanted; ++k) {
    const std::vector<const KnownCandidate*>& order = orders[k % orders.size()];
    const std::size_t stratum = k % strata;
    design.add_farthest(order, order.size() * stratum / strata,
                        order.size() * (stratum + 1) / strata);
    if (k >= 2 * strata) design.add_farthest(order, 0, order.size());
  }
  return std::move(design.genotypes());
}

std::vector<Genotype> stretched_costs(const Problem& problem, CandidatePool& pool,
                                      std::uint64_t seed) {
  std::vector<const KnownCandidate*> start, way;
  for (const KnownCandidate* candidate : pool.base()) {
    if (candidate->costs.violation == 0) start.push_back(candidate);
  }
  if (pool.whole() || start.empty()) return {};
  std::unordered_set<Genotype> known;
  for (const KnownCandidate* candidate : start) known.insert(candidate->genotype);
  const std::size_t goals = 2 * start[0]->costs.values.size();
  for (std::size_t goal = 0; goal < goals; ++goal) {
    const auto better = [&](const KnownCandidate* a, const KnownCandidate* b) {
      const double left = a->costs.values[goal / 2], right = b->costs.values[goal / 2];
      return goal % 2 == 0 ? left < right : left > right;
    };
    std::vector<const KnownCandidate*> parents = start;
    for (std::uint64_t generation = 0; generation < kStretchGenerations; ++generation) {
      std::stable_sort(parents.begin(), parents.end(), better);
      parents.resize(std::min(parents.size(), kStretchParents));
      RandomStream random(mix_seed(seed, kStretchStream + goal), generation);
      std::vector<Genotype> children;
      for (std::size_t i = 0; i < 2 * kStretchParents; ++i) {
        const Genotype& mother = parents[random.below(parents.size())]->genotype;
        const Genotype& father = parents[random.below(parents.size())]->genotype;
        const Genotype crossed = uniform_crossover(*problem.space, mother, father, random);
        Genotype child = mutate(*problem.space, crossed, 0, random);
        if (known.insert(child).second) children.push_back(std::move(child));
      }
      std::vector<const KnownCandidate*> grown = pool.know(children);
      std::erase_if(grown, [](const KnownCandidate* c) { return c->costs.violation > 0; });
      parents.insert(parents.end(), grown.begin(), grown.end());
      way.insert(way.end(), grown.begin(), grown.end());
    }
  }
  std::vector<Genotype> genotypes;
  for (const KnownCandidate* candidate : way) genotypes.push_back(candidate->genotype);
  return genotypes;
}

std::vector<Genotype> least_violation(const Problem& problem, CandidatePool& pool, int wanted,
                                      int most, std::uint64_t seed) {
  const SearchSpace& space = *problem.space;
  const auto better = [](const KnownCandidate* a, const KnownCandidate* b) {
    return a->costs.violation < b->costs.violation;
  };
  std::vector<const KnownCandidate*> parents = pool.base();
  std::stable_sort(parents.begin(), parents.end(), better);
  parents.resize(std::min(parents.size(), kParents));
  std::vector<Genotype> feasible;
  for (std::uint64_t generation = 0; !pool.whole() && most > 0; ++generation) {
    if (static_cast<int>(pool.size()) >= most) break;
    const bool enough = static_cast<int>(parents.size()) >= wanted &&
                        parents[static_cast<std::size_t>(wanted) - 1]->costs.violation == 0;
    if (enough || generation > 400) break;
    RandomStream random(mix_seed(seed, kRepairStream), generation);
    std::unordered_set<Genotype> known;
    for (const KnownCandidate* parent : parents) known.insert(parent->genotype);
    std::vector<Genotype> children;
    for (std::size_t i = 0; i < 2 * kParents; ++i) {
      const Genotype& mother = parents[random.below(parents.size())]->genotype;
      const Genotype& father = parents[random.below(parents.size())]->genotype;
      const Genotype crossed = uniform_crossover(space, mother, father, random);
      Genotype child = mutate(space, crossed, 0, random);
      if (known.insert(child).second) children.push_back(std::move(child));
    }
    const std::vector<const KnownCandidate*> grown = pool.know(children);
    parents.insert(parents.end(), grown.begin(), grown.end());
    std::stable_sort(parents.begin(), parents.end(), better);
    parents.resize(std::min(parents.size(), std::max(kParents, static_cast<std::size_t>(wanted))));
  }
  for (const KnownCandidate* parent : parents) {
    if (parent->costs.violation > 0) break;
    feasible.push_back(parent->genotype);
  }
  if (feasible.empty() && !parents.empty()) feasible.push_back(parents[0]->genotype);
  return feasible;
}

}  // namespace edgefront
