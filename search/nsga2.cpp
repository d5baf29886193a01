#include "search/nsga2.h"

#include <algorithm>
#include <string>

#include "search/candidate_book.h"
#include "search/option_check.h"
#include "search/ranking.h"

namespace edgefront {
namespace {

class Nsga2 final : public BookedAlgorithm {
 public:
  Nsga2(const Problem& problem, const Nsga2Options& options, const std::vector<Genotype>& include)
      : BookedAlgorithm(problem, options.seed, include, {options.design, options.population}),
        options_(options),
        fronts_(objective_fronts(problem)),
        variation_(*problem.space, options.variation) {}

  std::string version() const override { return "nsga2@5"; }

 private:
  std::optional<Genotype> propose(RandomStream& random) override {
    if (parents_.empty() || book_.next_index() < options_.population) return std::nullopt;
    const Genotype& mother = tournament(random);
    const Genotype& father = tournament(random);
    return variation_.child(mother, father, random);
  }

  void join(Evaluation told) override {
    if (static_cast<int>(parents_.size()) < options_.population) {
      parents_.push_back(std::move(told));
      ranked_ = false;
      return;
    }
    children_.push_back(std::move(told));
    if (static_cast<int>(children_.size()) >= options_.offspring) select();
  }

  void update(const Evaluation& better) override {
    if (!replace_values(children_, better)) replace_values(parents_, better);
    ranked_ = false;
  }

  const Genotype& tournament(RandomStream& random) {
    if (!ranked_) standings_ = standings(parents_, fronts_, crowding_distance);
    ranked_ = true;
    const std::size_t a = random.below(parents_.size()), b = random.below(parents_.size());
    return parents_[stands_before(standings_[b], standings_[a]) ? b : a].genotype;
  }

  /// Keeps the best of parents and children; the first asked where they stand equal.
  void select() {
    std::move(children_.begin(), children_.end(), std::back_inserter(parents_));
    children_.clear();
    std::stable_sort(parents_.begin(), parents_.end(),
                     [](const Evaluation& a, const Evaluation& b) { return a.index < b.index; });
    const std::vector<Standing> all = standings(parents_, fronts_, crowding_distance);
    std::vector<std::size_t> order(parents_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return stands_before(all[a], all[b]); });
    order.resize(static_cast<std::size_t>(options_.population));
    std::vector<Evaluation> kept;
    standings_.clear();
    for (const std::size_t i : order) {
      kept.push_back(std::move(parents_[i]));
      standings_.push_back(all[i]);
    }
    parents_ = std::move(kept);
    ranked_ = true;
  }

  Nsga2Options options_;
  std::vector<std::vector<int>> fronts_;
  VariedSpace variation_;
  std::vector<Evaluation> parents_;
  std::vector<Standing> standings_;   ///< of the parents, where ranked_
  std::vector<Evaluation> children_;  ///< told since the last selection
  bool ranked_ = true;
};

}  // namespace

std::unique_ptr<SearchAlgorithm> make_nsga2(const Problem& problem, const Nsga2Options& options,
                                            const std::vector<Genotype>& include) {
  require_option(options.population >= 4, "nsga2", "population", options.population, "at least 4");
  require_option(options.offspring >= 0, "nsga2", "offspring", options.offspring,
                 "at least 1, or 0 for a tenth of the population");
  check_variation(options.variation, "nsga2");
  Nsga2Options filled = options;
  if (filled.offspring == 0) filled.offspring = std::max(1, options.population / 10);
  return std::make_unique<Nsga2>(problem, filled, include);
}

}  // namespace edgefront
