#include "search/ehvi.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "search/acquisition.h"
#include "search/initial_design.h"
#include "search/pareto_archive.h"
#include "search/unseen.h"
#include "search/variation.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kParents = 24, kChildren = 160;  ///< of the inner loop
constexpr int kGenerations = 3;
constexpr std::uint64_t kDesignStream = 0x64657369;  ///< apart from the candidates' streams
constexpr std::size_t kPoolAtMost = 30'000;  ///< known candidates before old ones are dropped
constexpr int kRepairAtMost = 40'000;        ///< networks costed in search of feasible ones
/// With dear features, of a space that is not known whole:
constexpr std::size_t kDearHome = 200;     ///< networks found by their costs alone
constexpr std::size_t kDearNear = 96;      ///< neighbours of the front, drawn anew for each ask
constexpr std::size_t kDearChildren = 32;  ///< of each generation of the inner loop
constexpr double kReference = 2.0;         ///< scales above the knee, on the warped scale

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
    int exact = 0;
    for (ObjectiveInfo& objective : problem_.objectives) {
      if (!problem_.exact_costs) objective.exact = false;  // nothing to compute it with: modelled
      model_.exact_place.push_back(objective.exact ? exact++ : -1);
    }
    int costs = 0;  // of the front with most
    for (const std::vector<int>& objectives : fronts()) {
      costs = std::max(
          costs, static_cast<int>(std::count_if(objectives.begin(), objectives.end(), [&](int o) {
            return problem_.objectives[o].exact;
          })));
    }
    if (options_.initial == 0) options_.initial = 8 + 2 * std::max(1, costs);
    model_.threads = options.threads;
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
        for (std::optional<Surrogate>& surrogate : surrogates_) {
          if (surrogate) surrogate->forget_fits();
        }
      }
    }
  }

  std::string version() const override { return "ehvi@3"; }

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
    if (pool_->size() > kPoolAtMost) forget();
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
    pool_.emplace(problem_, options_.seed, options_.enumerate_up_to, options_.samples);
    // Looking for networks by their costs needs no features.
    Problem bare = problem_;
    bare.features = nullptr;
    std::optional<CandidatePool> costs;
    if (options_.dear_features) {
      costs.emplace(bare, options_.seed, options_.enumerate_up_to, options_.samples);
    }
    CandidatePool& looked_at = costs ? *costs : *pool_;
    const int wanted = std::max(200, options_.initial);
    home_ = least_violation(problem_, looked_at, wanted, kRepairAtMost, options_.seed);
    for (Genotype& genotype : stretched_costs(problem_, looked_at, options_.seed)) {
      home_.push_back(std::move(genotype));
    }
    std::vector<const KnownCandidate*> candidates = looked_at.know(home_);
    candidates.insert(candidates.end(), looked_at.base().begin(), looked_at.base().end());
    RandomStream random(options_.seed, kDesignStream);
    for (std::size_t i = candidates.size(); i > 1; --i) {
      std::swap(candidates[i - 1], candidates[random.below(i)]);  // ties fall by the seed
    }
    design_ = stratified_design(candidates, options_.initial);
    if (design_.empty()) design_ = home_;  // the least infeasible one
    if (options_.dear_features) home_ = every_kth(home_, kDearHome);
    const KernelShape shape = kernel_shape(space(), pool_->numbers());
    for (const ObjectiveInfo& objective : problem_.objectives) {
      surrogates_.emplace_back();
      if (objective.exact) continue;
      surrogates_.back().emplace(shape, options_.initial);
      std::vector<const EncodedGenotype*> rows;
      for (const KnownCandidate* candidate : pool_->base()) rows.push_back(&candidate->encoded);
      if (!pool_->whole()) {  // forget() keeps these too
        for (const KnownCandidate* known : pool_->know(home_)) rows.push_back(&known->encoded);
      }
      surrogates_.back()->anchor(std::move(rows));
    }
  }

  void forget() {
    std::vector<Genotype> kept = home_;  // and all that a surrogate may hold on to
    kept.insert(kept.end(), unanswered_.begin(), unanswered_.end());
    for (const Evaluation& evaluation : told_) kept.push_back(evaluation.genotype);
    pool_->forget(kept);
  }

  /// Told, feasible and not dominated in the objectives of one of the fronts.
  std::vector<Genotype> front_members() const {
    std::vector<Genotype> members;
    for (const std::vector<int>& objectives : fronts()) {
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

  /// Objectives of each front, an expensive one first.
  std::vector<std::vector<int>> fronts() const {
    std::vector<std::vector<int>> fronts = problem_.fronts;
    if (fronts.empty()) {
      fronts.emplace_back();
      for (std::size_t o = 0; o < problem_.objectives.size(); ++o) {
        fronts[0].push_back(static_cast<int>(o));
      }
    }
    for (std::vector<int>& objectives : fronts) {
      std::stable_partition(objectives.begin(), objectives.end(),
                            [&](int o) { return !problem_.objectives[o].exact; });
    }
    return fronts;
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
    if (!observe()) return std::nullopt;
    model_.aim = next_index_ % 2 == 0 ? Aim::kOpenFront : Aim::kAllFronts;
    std::vector<const KnownCandidate*> candidates;
    for (const KnownCandidate* candidate : pool_->base()) {
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
        best_candidates(model_, candidates, pool_->whole() ? 1 : kParents);
    for (int generation = 0; !pool_->whole() && generation < kGenerations; ++generation) {
      breed(random, &best);
    }
    if (best.empty() || !(best[0].improvement > 0)) return std::nullopt;
    return best[0].candidate->genotype;
  }

  /// One generation of the inner loop: children of the best, and the best of both.
  void breed(RandomStream& random, std::vector<ScoredCandidate>* best) {
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
    const std::vector<ScoredCandidate> grown = best_candidates(model_, candidates, kParents);
    best->insert(best->end(), grown.begin(), grown.end());
    std::stable_sort(best->begin(), best->end(),
                     [](const auto& a, const auto& b) { return a.improvement > b.improvement; });
    best->resize(std::min(best->size(), kParents));
  }

  /// Brings the model up to what is told and unanswered; false where there is none worth using.
  bool observe() {
    std::vector<const Evaluation*> answered;
    std::vector<Genotype> genotypes;
    for (const Evaluation& evaluation : told_) {
      if (evaluation.status != EvaluationStatus::kOk) continue;
      answered.push_back(&evaluation);
      genotypes.push_back(evaluation.genotype);
    }
    if (answered.size() < 4) return false;
    Observations observations;
    for (const KnownCandidate* known : pool_->know(genotypes)) {
      observations.rows.push_back(&known->encoded);
    }
    std::vector<const EncodedGenotype*> pending;
    const std::vector<const KnownCandidate*> waiting = pool_->know(unanswered_);
    for (const KnownCandidate* candidate : waiting) pending.push_back(&candidate->encoded);

    // Points of the front: what was told, and what is believed.
    std::vector<ObjectiveVector> points(answered.size() + waiting.size(),
                                        ObjectiveVector(problem_.objectives.size()));
    warps_.assign(problem_.objectives.size(), {});
    model_.surrogates.assign(problem_.objectives.size(), nullptr);
    bool useful = true;
    for (std::size_t o = 0; o < problem_.objectives.size(); ++o) {
      observations.values.clear();
      for (const Evaluation* e : answered) observations.values.push_back(e->objectives[o]);
      if (problem_.objectives[o].exact) {
        for (std::size_t i = 0; i < answered.size(); ++i) points[i][o] = observations.values[i];
        for (std::size_t i = 0; i < waiting.size(); ++i) {
          points[answered.size() + i][o] = waiting[i]->costs.values[model_.exact_place[o]];
        }
        continue;
      }
      Surrogate& surrogate = *surrogates_[o];
      surrogate.observe(observations);
      warps_[o] = surrogate.warp();
      useful = useful && surrogate.beats_trivial();
      const std::vector<GaussianPrediction> believed = surrogate.believe(pending);
      for (std::size_t i = 0; i < answered.size(); ++i) {
        points[i][o] = warps_[o](observations.values[i]);
      }
      for (std::size_t i = 0; i < waiting.size(); ++i) {
        points[answered.size() + i][o] = believed[i].mean;
      }
      model_.surrogates[o] = &surrogate;
    }
    std::vector<bool> feasible;
    for (const Evaluation* e : answered) feasible.push_back(e->violation == 0);
    for (const KnownCandidate* c : waiting) feasible.push_back(c->costs.violation == 0);
    model_.fronts.clear();
    const std::vector<int> unmet = unmet_limits(answered);
    if (unmet.empty()) {
      set_fronts(points, feasible);
    } else {
      set_front_of_limits(points, unmet);
    }
    return useful;
  }

  /// Objectives whose limit no evaluated network keeps together with the others; usually none. Then
  /// they alone are improved, for a network that keeps them may be useless otherwise.
  std::vector<int> unmet_limits(const std::vector<const Evaluation*>& answered) const {
    std::vector<int> limited;
    for (std::size_t o = 0; o < problem_.objectives.size(); ++o) {
      if (std::isfinite(problem_.objectives[o].limit)) limited.push_back(static_cast<int>(o));
    }
    for (const Evaluation* evaluation : answered) {
      if (evaluation->violation == 0) return {};
    }
    return limited;
  }

  /// A front over the unmet limits' objectives, from the worst of what is known.
  void set_front_of_limits(const std::vector<ObjectiveVector>& points,
                           const std::vector<int>& unmet) {
    std::vector<ObjectiveVector> members;
    ObjectiveVector reference(unmet.size(), -std::numeric_limits<double>::infinity());
    for (const ObjectiveVector& point : points) {
      ObjectiveVector& member = members.emplace_back();
      for (std::size_t k = 0; k < unmet.size(); ++k) {
        member.push_back(point[unmet[k]]);
        reference[k] = std::max(reference[k], member[k] + warps_[unmet[k]].scale);
      }
    }
    model_.fronts.push_back({unmet, ImprovementFront(std::move(members), std::move(reference)), 1});
  }

  /// The end of the useful region, and at most the objective's limit: what lies beyond improves
  /// nothing.
  double modelled_reference(int objective) const {
    const Warp& warp = warps_[objective];
    return std::min(warp.knee + kReference * warp.scale,
                    warp(problem_.objectives[objective].limit));
  }

  void set_fronts(const std::vector<ObjectiveVector>& points, const std::vector<bool>& feasible) {
    for (const std::vector<int>& objectives : fronts()) {
      std::vector<ObjectiveVector> members;
      for (std::size_t i = 0; i < points.size(); ++i) {
        if (!feasible[i]) continue;
        ObjectiveVector point;
        for (const int o : objectives) point.push_back(points[i][o]);
        members.push_back(std::move(point));
      }
      ObjectiveVector reference;
      for (std::size_t k = 0; k < objectives.size(); ++k) {
        const int o = objectives[k];
        if (!problem_.objectives[o].exact) {
          reference.push_back(modelled_reference(o));
          continue;
        }
        double largest = 0;
        for (const KnownCandidate* c : pool_->base()) {
          if (c->costs.violation > 0) continue;
          largest = std::max(largest, c->costs.values[model_.exact_place[o]]);
        }
        for (const ObjectiveVector& member : members) largest = std::max(largest, member[k]);
        reference.push_back(largest + 0.01 * std::fabs(largest));
      }
      ImprovementFront front(std::move(members), std::move(reference));
      const double box = front.box();
      model_.fronts.push_back({objectives, std::move(front), 1 / box});
    }
  }

  Problem problem_;
  EhviOptions options_;
  std::vector<Genotype> include_;
  SeenGenotypes seen_;            ///< asked or told
  std::vector<Evaluation> told_;  ///< in the order told, failed ones too; one per genotype
  std::unordered_map<Genotype, std::size_t> places_;  ///< in told_
  std::vector<Genotype> unanswered_;                  ///< in the order of their asks
  std::int64_t next_index_ = 0;

  // Caches: functions of the above.
  std::optional<CandidatePool> pool_;
  std::vector<Genotype> home_, design_;  ///< feasible networks found before any evaluation
  std::vector<std::optional<Surrogate>> surrogates_;  ///< per objective; none for exact ones
  std::vector<Warp> warps_;                           ///< per objective
  AcquisitionModel model_;
};

}  // namespace

std::unique_ptr<SearchAlgorithm> make_ehvi(const Problem& problem, const EhviOptions& options,
                                           const std::vector<Genotype>& include) {
  if (options.initial < 0 || options.local_period < 0 || options.samples < 1) {
    throw InputError("ehvi: initial = " + std::to_string(options.initial) +
                     ", local_period = " + std::to_string(options.local_period) + ", samples = " +
                     std::to_string(options.samples) + "; accepted: at least 0, 0 and 1");
  }
  return std::make_unique<Ehvi>(problem, options, include);
}

}  // namespace edgefront
