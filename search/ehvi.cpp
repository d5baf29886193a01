#include "search/ehvi.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "search/acquisition.h"
#include "search/ehvi_model.h"
#include "search/feasible_start.h"
#include "search/pareto_archive.h"
#include "search/unseen.h"
#include "search/variation.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kParents = 24, kChildren = 160;  ///< of the inner loop
constexpr int kGenerations = 3;
constexpr std::size_t kPoolAtMost = 28'000;  ///< known beside the base before old ones are dropped
constexpr std::size_t kManyShortlists = 5;   ///< a base that is longer is not scored whole
/// With dear features, of a space that is not known whole:
constexpr std::size_t kDearHome = 200;     ///< networks found by their costs alone
constexpr std::size_t kDearNear = 96;      ///< neighbours of the front, drawn anew for each ask
constexpr std::size_t kDearChildren = 32;  ///< of each generation of the inner loop

/// At most `size` of them, evenly spread over their order.
std::vector<Genotype> every_kth(const std::vector<Genotype>& all, std::size_t size) {
  std::vector<Genotype> some;
  const std::size_t wanted = std::min(size, all.size());
  for (std::size_t k = 0; k < wanted; ++k) some.push_back(all[k * all.size() / wanted]);
  return some;
}

/// Leaves at most `size` of them, drawn uniformly.
void draw(std::vector<Genotype>& all, std::size_t size, RandomStream& random) {
  for (std::size_t i = 0; i < std::min(size, all.size()); ++i) {
    std::swap(all[i], all[i + random.below(all.size() - i)]);
  }
  all.resize(std::min(size, all.size()));
}

class Ehvi final : public SearchAlgorithm {
 public:
  Ehvi(const Problem& problem, const EhviOptions& options, const std::vector<Genotype>& include)
      : problem_(problem), options_(options), seen_(*problem.space) {
    for (const Genotype& genotype : include) include_.push_back(canonical(space(), genotype));
    for (ObjectiveInfo& objective : problem_.objectives) {
      if (!problem_.exact_costs) objective.exact = false;  // nothing to compute it with: modelled
    }
    fronts_ = expensive_first(problem_);
    int costs = 0;  // of the front with most
    for (const std::vector<int>& objectives : fronts_) {
      costs = std::max(
          costs, static_cast<int>(std::count_if(objectives.begin(), objectives.end(), [&](int o) {
            return problem_.objectives[o].exact;
          })));
    }
    if (options_.initial == 0) options_.initial = 8 + 2 * std::max(1, costs);
  }

  std::vector<Candidate> ask(int count) override {
    std::vector<Candidate> asked;
    while (static_cast<int>(asked.size()) < count) {
      std::optional<Genotype> genotype = next();
      if (!genotype) break;
      asked.push_back({.index = next_index_, .genotype = std::move(*genotype)});
      note(asked.back());
    }
    return asked;
  }

  bool take_over(const std::vector<Candidate>& asked) override {
    for (const Candidate& candidate : asked) note(candidate);
    return true;
  }

  void tell(const std::vector<Evaluation>& evaluations) override {
    for (const Evaluation& evaluation : evaluations) {
      Evaluation told = evaluation;
      told.genotype = canonical(space(), std::move(told.genotype));
      next_index_ = std::max(next_index_, told.index + 1);
      seen_.add(told.genotype);
      std::erase(unanswered_, told.genotype);
      const auto [place, added] = places_.try_emplace(told.genotype, told_.size());
      if (added) {
        told_.push_back(std::move(told));
      } else if (told.status == EvaluationStatus::kOk) {
        told_[place->second] = std::move(told);
        if (model_) model_->forget_fits();
        shortlist_of_ = 0;
      }
    }
  }

  std::string version() const override { return "ehvi@6"; }

 private:
  const SearchSpace& space() const { return *problem_.space; }

  void note(const Candidate& candidate) {
    seen_.add(candidate.genotype);
    unanswered_.push_back(candidate.genotype);
    next_index_ = candidate.index + 1;
  }

  std::optional<Genotype> next() {
    for (const Genotype& genotype : include_) {
      if (!seen_.contains(genotype)) return genotype;
    }
    if (seen_.exhausted()) return std::nullopt;
    prepare();
    RandomStream random(options_.seed, static_cast<std::uint64_t>(next_index_));
    if (asked_or_told() < static_cast<std::size_t>(options_.initial)) {
      for (const Genotype& genotype : design_) {
        if (!seen_.contains(genotype)) return genotype;
      }
    }
    if (pool_->size() > pool_->base().size() + kPoolAtMost) forget();
    const std::int64_t period = options_.local_period;
    const bool local = period > 0 && next_index_ % period == period - 1;
    std::optional<Genotype> genotype;
    if (local) genotype = local_step(random);
    if (!genotype) genotype = modelled(random);
    if (!genotype) genotype = local_step(random);
    if (!genotype) genotype = spread(random);
    return genotype ? genotype : seen_.sample_unseen(random);
  }

  std::size_t asked_or_told() const { return told_.size() + unanswered_.size(); }

  /// The pool and the design: functions of the problem and the seed, made when first needed.
  void prepare() {
    if (pool_) return;
    const std::int64_t most = space().listed ? options_.list_up_to : options_.enumerate_up_to;
    pool_.emplace(problem_, options_.seed, most, options_.samples);
    const Problem bare = without_features(problem_);
    std::optional<CandidatePool> costs;  // looking for networks by their costs needs no features
    if (options_.dear_features) {
      costs.emplace(bare, options_.seed, most, options_.samples);
    }
    SearchStart start =
        search_start(problem_, costs ? *costs : *pool_, options_.design, options_.initial,
                     std::max(200, options_.initial), options_.seed);
    design_ = std::move(start.design);
    home_ = options_.dear_features ? every_kth(start.home, kDearHome) : std::move(start.home);
    model_.emplace(problem_, *pool_, options_.initial, options_.threads);
    if (long_base()) return;  // its shortlists are anchored
    std::vector<const KnownCandidate*> anchored = pool_->base();
    if (!pool_->whole()) {  // forget() keeps these too
      for (const KnownCandidate* known : pool_->know(home_)) anchored.push_back(known);
    }
    model_->anchor(anchored);
  }

  bool long_base() const {
    return pool_->whole() &&
           pool_->base().size() > kManyShortlists * static_cast<std::size_t>(options_.shortlist);
  }

  /// Of a long base, what is worth scoring: by the observations that the model was last fitted on,
  /// so that it is a function of what was told. True where the model has seen these only since.
  bool renew_shortlist() {
    if (!long_base()) return false;
    std::vector<const Evaluation*> fitted = answered();
    fitted.resize(fitted_observations(fitted.size()));
    if (fitted.size() == shortlist_of_) return false;
    model_->observe(fitted, {}, Reach::kLimit);
    std::vector<const KnownCandidate*> feasible = pool_->base();
    std::erase_if(feasible, [](const auto* c) { return c->costs.violation > 0; });
    shortlist_ = most_promising(model_->acquisition(Aim::kAllFronts), feasible,
                                static_cast<std::size_t>(options_.shortlist));
    shortlist_of_ = fitted.size();
    model_->anchor(shortlist_);
    return true;
  }

  void forget() {
    std::vector<Genotype> kept = home_;  // and all that a surrogate may hold on to
    kept.insert(kept.end(), unanswered_.begin(), unanswered_.end());
    for (const Evaluation& evaluation : told_) kept.push_back(evaluation.genotype);
    pool_->forget(kept);
  }

  /// In the order told.
  std::vector<const Evaluation*> answered() const {
    std::vector<const Evaluation*> answered;
    for (const Evaluation& evaluation : told_) {
      if (evaluation.status == EvaluationStatus::kOk) answered.push_back(&evaluation);
    }
    return answered;
  }

  /// Told, feasible and not dominated in the objectives of one of the fronts.
  std::vector<Genotype> front_members() const {
    std::vector<Genotype> members;
    for (const std::vector<int>& objectives : fronts_) {
      ParetoArchive archive;
      for (const Evaluation& evaluation : told_) {
        Evaluation part = evaluation;
        if (evaluation.status == EvaluationStatus::kOk) {
          part.objectives.clear();
          for (const int o : objectives) part.objectives.push_back(evaluation.objectives[o]);
        }
        archive.insert(part);
      }
      for (Evaluation& member : archive.front()) members.push_back(std::move(member.genotype));
    }
    return members;
  }

  /// Unseen candidates that are feasible by what is exact.
  std::vector<const KnownCandidate*> open(const std::vector<Genotype>& genotypes) {
    std::vector<Genotype> unseen;
    for (const Genotype& genotype : genotypes) {
      if (!seen_.contains(genotype)) unseen.push_back(genotype);
    }
    std::vector<const KnownCandidate*> candidates = pool_->know(unseen);
    std::erase_if(candidates, [](const auto* c) { return c->costs.violation > 0; });
    return candidates;
  }

  /// A random neighbour of a random member of the front, if any is open.
  std::optional<Genotype> local_step(RandomStream& random) {
    std::vector<Genotype> members = front_members();
    while (!members.empty()) {
      const std::size_t pick = random.below(members.size());
      const std::vector<const KnownCandidate*> candidates =
          open(neighbours(space(), members[pick]));
      if (!candidates.empty()) return candidates[random.below(candidates.size())]->genotype;
      members.erase(members.begin() + static_cast<std::ptrdiff_t>(pick));
    }
    return std::nullopt;
  }

  /// Uniform among what is open of the pool's base.
  std::optional<Genotype> spread(RandomStream& random) {
    std::vector<const KnownCandidate*> candidates;
    for (const KnownCandidate* candidate : pool_->base()) {
      const bool feasible = candidate->costs.violation == 0;
      if (feasible && !seen_.contains(candidate->genotype)) candidates.push_back(candidate);
    }
    if (candidates.empty()) candidates = open(home_);
    if (candidates.empty()) return std::nullopt;
    return candidates[random.below(candidates.size())]->genotype;
  }

  /// The candidate with the largest expected improvement; nothing where the model is useless.
  std::optional<Genotype> modelled(RandomStream& random) {
    const bool second = next_index_ % 2 == 0;
    const Reach reach = second ? Reach::kLimit : Reach::kFront;
    if (!model_->observe(answered(), unanswered_, reach)) return std::nullopt;
    if (renew_shortlist()) model_->observe(answered(), unanswered_, reach);
    const AcquisitionModel& model = model_->acquisition(second ? Aim::kOpenFront : Aim::kAllFronts);
    std::vector<const KnownCandidate*> candidates;
    for (const KnownCandidate* candidate : long_base() ? shortlist_ : pool_->base()) {
      const bool feasible = candidate->costs.violation == 0;
      if (feasible && !seen_.contains(candidate->genotype)) candidates.push_back(candidate);
    }
    if (!pool_->whole()) {
      std::vector<Genotype> near;
      for (const Genotype& member : front_members()) {
        const std::vector<Genotype> around = neighbours(space(), member);
        near.insert(near.end(), around.begin(), around.end());
      }
      if (options_.dear_features) draw(near, kDearNear, random);
      near.insert(near.begin(), home_.begin(), home_.end());
      std::unordered_set<Genotype> kept;
      for (const KnownCandidate* candidate : candidates) kept.insert(candidate->genotype);
      std::erase_if(near, [&](const Genotype& g) { return !kept.insert(g).second; });
      const std::vector<const KnownCandidate*> found = open(near);
      candidates.insert(candidates.end(), found.begin(), found.end());
    }
    if (candidates.empty()) return std::nullopt;
    std::vector<ScoredCandidate> best =
        best_candidates(model, candidates, pool_->whole() ? 1 : kParents);
    for (int generation = 0; !pool_->whole() && generation < kGenerations; ++generation) {
      breed(model, random, &best);
    }
    if (best.empty() || !(best[0].improvement > 0)) return std::nullopt;
    return best[0].candidate->genotype;
  }

  /// One generation of the inner loop: children of the best, and the best of both.
  void breed(const AcquisitionModel& model, RandomStream& random,
             std::vector<ScoredCandidate>* best) {
    std::unordered_set<Genotype> known;
    for (const ScoredCandidate& parent : *best) known.insert(parent.candidate->genotype);
    std::vector<Genotype> children;
    const std::size_t count = options_.dear_features ? kDearChildren : kChildren;
    for (std::size_t i = 0; i < count; ++i) {
      const Genotype& mother = (*best)[random.below(best->size())].candidate->genotype;
      const Genotype& father = (*best)[random.below(best->size())].candidate->genotype;
      const Genotype crossed =
          random.below(2) == 0 ? uniform_crossover(space(), mother, father, random) : mother;
      Genotype child = mutate(space(), crossed, 0, random);
      if (known.insert(child).second) children.push_back(std::move(child));
    }
    const std::vector<const KnownCandidate*> candidates = open(children);
    if (candidates.empty()) return;
    const std::vector<ScoredCandidate> grown = best_candidates(model, candidates, kParents);
    best->insert(best->end(), grown.begin(), grown.end());
    std::stable_sort(best->begin(), best->end(),
                     [](const auto& a, const auto& b) { return a.improvement > b.improvement; });
    best->resize(std::min(best->size(), kParents));
  }

  Problem problem_;
  EhviOptions options_;
  std::vector<std::vector<int>> fronts_;  ///< objectives of each, an expensive one first
  std::vector<Genotype> include_;
  SeenGenotypes seen_;            ///< asked or told
  std::vector<Evaluation> told_;  ///< in the order told, failed ones too; one per genotype
  std::unordered_map<Genotype, std::size_t> places_;  ///< in told_
  std::vector<Genotype> unanswered_;                  ///< in the order of their asks
  std::int64_t next_index_ = 0;

  // Caches: functions of the above.
  std::optional<CandidatePool> pool_;
  std::vector<Genotype> home_, design_;  ///< feasible networks found before any evaluation
  std::optional<EhviModel> model_;
  std::vector<const KnownCandidate*> shortlist_;  ///< of a long base
  std::size_t shortlist_of_ = 0;                  ///< by so many observations
};

}  // namespace

std::unique_ptr<SearchAlgorithm> make_ehvi(const Problem& problem, const EhviOptions& options,
                                           const std::vector<Genotype>& include) {
  if (options.initial < 0 || options.local_period < 0 || options.samples < 1 ||
      options.shortlist < 1) {
    throw InputError("ehvi: initial = " + std::to_string(options.initial) +
                     ", local_period = " + std::to_string(options.local_period) +
                     ", samples = " + std::to_string(options.samples) + ", shortlist = " +
                     std::to_string(options.shortlist) + "; accepted: at least 0, 0, 1 and 1");
  }
  return std::make_unique<Ehvi>(problem, options, include);
}

}  // namespace edgefront
