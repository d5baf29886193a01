#include "search/nsga2.h"

#include <algorithm>
#include <deque>
#include <string>

#include "search/dominance.h"
#include "search/unseen.h"
#include "search/variation.h"
#include "space/error.h"

namespace edgefront {
namespace {

/// Failed attempts to breed something new before a uniform sample stands in.
constexpr int kBreedingAttempts = 50;

struct Individual {
  Evaluation evaluation;
  int rank = 0;
  double crowding = 0;
};

/// The crowded-comparison operator (§III-B).
bool crowded_less(const Individual& a, const Individual& b) {
  return a.rank != b.rank ? a.rank < b.rank : a.crowding > b.crowding;
}

/// The best `size` of `pool` by rank, then crowding within the last front that fits (§III-C).
/// `pool` is ordered by index, which breaks all ties.
std::vector<Individual> select_survivors(std::vector<Evaluation> pool, std::size_t size) {
  std::vector<ObjectiveVector> points;
  std::vector<double> violations;
  for (const Evaluation& evaluation : pool) {
    points.push_back(evaluation.objectives);
    violations.push_back(evaluation.violation);
  }
  std::vector<Individual> survivors;
  int rank = 0;
  for (const std::vector<int>& front : non_dominated_sort(points, violations)) {
    const std::vector<double> crowding = crowding_distance(points, front);
    std::vector<Individual> members;
    for (std::size_t i = 0; i < front.size(); ++i) {
      members.push_back({std::move(pool[front[i]]), rank, crowding[i]});
    }
    std::stable_sort(members.begin(), members.end(), crowded_less);
    const std::size_t room = std::min(members.size(), size - survivors.size());
    std::move(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(room),
              std::back_inserter(survivors));
    if (survivors.size() == size) break;
    ++rank;
  }
  return survivors;
}

class Nsga2 final : public SearchAlgorithm {
 public:
  Nsga2(const Problem& problem, const Nsga2Options& options, const std::vector<Genotype>& include)
      : space_(*problem.space),
        options_(options),
        include_(include.begin(), include.end()),
        seen_(*problem.space) {}

  std::vector<Candidate> ask(int most) override {
    // A generation that was asked in full and not told yet goes on with the parents that are there.
    const int rest = options_.population - asked_;
    const int count = rest > 0 ? std::min(most, rest) : most;
    std::vector<Candidate> candidates;
    while (static_cast<int>(candidates.size()) < count) {
      std::optional<Genotype> genotype = next();
      if (!genotype) break;
      seen_.add(*genotype);
      candidates.push_back({.index = next_index_++, .genotype = std::move(*genotype)});
      ++asked_;
    }
    return candidates;
  }

  void tell(const std::vector<Evaluation>& evaluations) override {
    for (const Evaluation& evaluation : evaluations) {
      Evaluation told = evaluation;
      told.genotype = canonical(space_, std::move(told.genotype));
      next_index_ = std::max(next_index_, told.index + 1);
      seen_.add(told.genotype);
      if (!told_.insert(told.genotype).second) {
        replace(told);
        continue;
      }
      offspring_.push_back(std::move(told));
      if (static_cast<int>(offspring_.size()) >= options_.population) end_generation();
    }
  }

  std::string version() const override { return "nsga2@1"; }

 private:
  /// Something that was never asked: an included genotype, a child, or a uniform sample.
  std::optional<Genotype> next() {
    while (!include_.empty()) {
      Genotype genotype = canonical(space_, include_.front());
      include_.pop_front();
      if (!seen_.contains(genotype)) return genotype;
    }
    RandomStream random(options_.seed, static_cast<std::uint64_t>(next_index_));
    if (seen_.exhausted()) return std::nullopt;
    for (int attempt = 0; !parents_.empty() && attempt < kBreedingAttempts; ++attempt) {
      Genotype child = breed(random);
      if (!seen_.contains(child)) return child;
    }
    return seen_.sample_unseen(random);
  }

  /// Better values of a genotype that was told before, where it still counts.
  void replace(const Evaluation& told) {
    if (told.status != EvaluationStatus::kOk) return;
    const auto update = [&](Evaluation& known) {
      if (known.genotype != told.genotype || known.status != EvaluationStatus::kOk) return;
      known.objectives = told.objectives;
      known.violation = told.violation;
    };
    for (Individual& parent : parents_) update(parent.evaluation);
    for (Evaluation& child : offspring_) update(child);
  }

  Genotype breed(RandomStream& random) const {
    const Genotype& mother = tournament(random).evaluation.genotype;
    const Genotype& father = tournament(random).evaluation.genotype;
    const bool cross = random.uniform() < options_.crossover_probability;
    const Genotype child = cross ? uniform_crossover(space_, mother, father, random) : mother;
    return mutate(space_, child, options_.mutation_rate, random);
  }

  const Individual& tournament(RandomStream& random) const {
    const Individual& a = parents_[random.below(parents_.size())];
    const Individual& b = parents_[random.below(parents_.size())];
    return crowded_less(b, a) ? b : a;
  }

  void end_generation() {
    std::vector<Evaluation> pool;
    for (Individual& parent : parents_) pool.push_back(std::move(parent.evaluation));
    for (Evaluation& child : offspring_) {
      if (child.status == EvaluationStatus::kOk) pool.push_back(std::move(child));
    }
    std::stable_sort(pool.begin(), pool.end(),
                     [](const Evaluation& a, const Evaluation& b) { return a.index < b.index; });
    parents_ = select_survivors(std::move(pool), static_cast<std::size_t>(options_.population));
    offspring_.clear();
    asked_ = 0;
  }

  const SearchSpace& space_;
  Nsga2Options options_;
  std::deque<Genotype> include_;
  SeenGenotypes seen_;                 ///< asked or told
  std::unordered_set<Genotype> told_;  ///< a second telling replaces values
  std::vector<Individual> parents_;    ///< empty in the first generation
  std::vector<Evaluation> offspring_;  ///< told since the last selection
  int asked_ = 0;                      ///< in this generation
  std::int64_t next_index_ = 0;
};

}  // namespace

std::unique_ptr<SearchAlgorithm> make_nsga2(const Problem& problem, const Nsga2Options& options,
                                            const std::vector<Genotype>& include) {
  const auto refuse = [](const std::string& key, const std::string& value,
                         const std::string& accepted) {
    throw InputError("nsga2: " + key + " = " + value + "; accepted: " + accepted);
  };
  if (options.population < 4) {
    refuse("population", std::to_string(options.population), "at least 4");
  }
  if (!(options.crossover_probability >= 0 && options.crossover_probability <= 1)) {
    refuse("crossover_probability", std::to_string(options.crossover_probability), "0 to 1");
  }
  if (!(options.mutation_rate >= 0 && options.mutation_rate <= 1)) {
    refuse("mutation_rate", std::to_string(options.mutation_rate), "0 to 1");
  }
  return std::make_unique<Nsga2>(problem, options, include);
}

}  // namespace edgefront
