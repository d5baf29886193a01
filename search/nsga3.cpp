#include "search/nsga3.h"

#include <algorithm>
#include <string>

#include "search/candidate_book.h"
#include "search/option_check.h"
#include "search/ranking.h"
#include "search/reference_directions.h"

namespace edgefront {
namespace {

constexpr std::uint64_t kSelectionStream = 0x6e73676133;  // apart from those of the candidates

class Nsga3 final : public BookedAlgorithm {
 public:
  Nsga3(const Problem& problem, const Nsga3Options& options, const std::vector<Genotype>& include)
      : BookedAlgorithm(problem, options.seed, include, {options.design, options.population}),
        options_(options),
        fronts_(objective_fronts(problem)),
        variation_(*problem.space, options.variation),
        memory_(fronts_.size()) {
    for (const std::vector<int>& front : fronts_) {
      const int share = std::max(1, options.population / static_cast<int>(fronts_.size()));
      directions_.push_back(reference_directions(static_cast<int>(front.size()), share));
    }
  }

  std::string version() const override { return "nsga3@4"; }

 private:
  std::optional<Genotype> propose(RandomStream& random) override {
    if (parents_.empty() || book_.next_index() < options_.population) return std::nullopt;
    const Genotype& mother = draw_parent(random);
    const Genotype& father = draw_parent(random);
    return variation_.child(mother, father, random);
  }

  void join(Evaluation told) override {
    last_index_ = told.index;
    if (static_cast<int>(parents_.size()) < options_.population) {
      parents_.push_back(std::move(told));
      return;
    }
    children_.push_back(std::move(told));
    if (static_cast<int>(children_.size()) >= options_.offspring) select();
  }

  void update(const Evaluation& better) override {
    if (!replace_values(children_, better)) replace_values(parents_, better);
  }

  /// Any member, but of two the one with the smaller violation.
  const Genotype& draw_parent(RandomStream& random) const {
    const std::size_t a = random.below(parents_.size()), b = random.below(parents_.size());
    return parents_[parents_[b].violation < parents_[a].violation ? b : a].genotype;
  }

  void select() {
    std::move(children_.begin(), children_.end(), std::back_inserter(parents_));
    children_.clear();
    std::stable_sort(parents_.begin(), parents_.end(),
                     [](const Evaluation& a, const Evaluation& b) { return a.index < b.index; });
    RandomStream random(mix_seed(options_.seed, kSelectionStream),
                        static_cast<std::uint64_t>(last_index_));
    std::vector<Evaluation> pool = std::move(parents_), kept;
    const std::size_t size = static_cast<std::size_t>(options_.population);
    for (std::size_t f = 0; f < fronts_.size(); ++f) {
      const std::size_t share = (size - kept.size()) / (fronts_.size() - f);
      const std::vector<int> chosen =
          select_by_directions(points_of(pool, fronts_[f]), violations_of(pool), directions_[f],
                               share, memory_[f], random);
      std::vector<bool> taken(pool.size(), false);
      for (const int i : chosen) {
        taken[i] = true;
        kept.push_back(pool[i]);
      }
      std::vector<Evaluation> left;
      for (std::size_t i = 0; i < pool.size(); ++i) {
        if (!taken[i]) left.push_back(std::move(pool[i]));
      }
      pool = std::move(left);
    }
    parents_ = std::move(kept);
  }

  Nsga3Options options_;
  std::vector<std::vector<int>> fronts_;
  VariedSpace variation_;
  std::vector<std::vector<ObjectiveVector>> directions_;  ///< per front
  std::vector<NichingMemory> memory_;                     ///< per front
  std::vector<Evaluation> parents_;
  std::vector<Evaluation> children_;  ///< told since the last selection
  std::int64_t last_index_ = 0;
};

/// The size of a lattice of 5, 4, and 3 inside 2 divisions for 3, 4 and 5 objectives.
int default_population(std::size_t objectives) {
  if (objectives <= 2) return 20;
  if (objectives == 3) return 21;
  if (objectives == 4) return 35;
  return objectives == 5 ? 50 : 70;
}

}  // namespace

std::unique_ptr<SearchAlgorithm> make_nsga3(const Problem& problem, const Nsga3Options& options,
                                            const std::vector<Genotype>& include) {
  Nsga3Options filled = options;
  const std::vector<std::vector<int>> fronts = objective_fronts(problem);
  if (filled.population == 0) {
    std::size_t most = 0;
    for (const std::vector<int>& front : fronts) most = std::max(most, front.size());
    filled.population = default_population(most) * static_cast<int>(fronts.size());
  }
  require_option(filled.population >= 4, "nsga3", "population", filled.population,
                 "at least 4, or 0 for one that fits the objectives");
  require_option(filled.offspring >= 0, "nsga3", "offspring", filled.offspring,
                 "at least 1, or 0 for a quarter of the population");
  check_variation(filled.variation, "nsga3");
  if (filled.offspring == 0) filled.offspring = std::max(1, filled.population / 4);
  return std::make_unique<Nsga3>(problem, filled, include);
}

}  // namespace edgefront
