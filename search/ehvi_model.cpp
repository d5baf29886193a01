#include "search/ehvi_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgefront {
namespace {

constexpr double kReference = 2.0;  ///< scales above the knee, on the warped scale

}  // namespace

std::vector<std::vector<int>> expensive_first(const Problem& problem) {
  std::vector<std::vector<int>> fronts = problem.fronts;
  if (fronts.empty()) {
    fronts.emplace_back();
    for (std::size_t o = 0; o < problem.objectives.size(); ++o) {
      fronts[0].push_back(static_cast<int>(o));
    }
  }
  for (std::vector<int>& objectives : fronts) {
    std::stable_partition(objectives.begin(), objectives.end(),
                          [&](int o) { return !problem.objectives[o].exact; });
  }
  return fronts;
}

EhviModel::EhviModel(const Problem& problem, CandidatePool& pool, int design, int threads)
    : problem_(problem), pool_(pool), fronts_(expensive_first(problem)) {
  model_.threads = threads;
  const KernelShape shape = kernel_shape(*problem.space, pool.numbers());
  int exact = 0;
  for (const ObjectiveInfo& objective : problem.objectives) {
    surrogates_.emplace_back();
    if (!objective.exact) surrogates_.back().emplace(shape, design);
    model_.exact_place.push_back(objective.exact ? exact++ : -1);
    CostRange range;
    double beyond = 0;
    for (const KnownCandidate* c : pool.base()) {
      if (!objective.exact) continue;
      const double cost = c->costs.values[model_.exact_place.back()];
      beyond = std::max(beyond, cost);
      if (c->costs.violation > 0) continue;
      range.least = std::min(range.least, cost);
      range.largest = std::max(range.largest, cost);
    }
    range.cut = beyond > range.largest;
    ranges_.push_back(range);
  }
}

void EhviModel::anchor(const std::vector<const KnownCandidate*>& candidates) {
  std::vector<const EncodedGenotype*> rows;
  for (const KnownCandidate* candidate : candidates) rows.push_back(&candidate->encoded);
  for (std::optional<Surrogate>& surrogate : surrogates_) {
    if (surrogate) surrogate->anchor(rows);
  }
}

void EhviModel::forget_fits() {
  for (std::optional<Surrogate>& surrogate : surrogates_) {
    if (surrogate) surrogate->forget_fits();
  }
}

const AcquisitionModel& EhviModel::acquisition(Aim aim) {
  model_.aim = aim;
  return model_;
}

bool EhviModel::observe(const std::vector<const Evaluation*>& answered,
                        const std::vector<Genotype>& unanswered, Reach reach) {
  if (answered.size() < 4) return false;
  const std::vector<const KnownCandidate*> waiting = pool_.know(unanswered);
  std::vector<ObjectiveVector> points(answered.size() + waiting.size(),
                                      ObjectiveVector(problem_.objectives.size()));
  const bool useful = add_points(answered, waiting, points);
  std::vector<bool> feasible;
  for (const Evaluation* e : answered) feasible.push_back(e->violation == 0);
  for (const KnownCandidate* c : waiting) feasible.push_back(c->costs.violation == 0);
  model_.fronts.clear();
  const std::vector<int> unmet = unmet_limits(answered);
  if (unmet.empty()) {
    set_fronts(points, feasible, reach);
  } else {
    set_front_of_limits(points, unmet);
  }
  return useful;
}

/// What was told, and what is believed, warped; false where a surrogate is useless.
bool EhviModel::add_points(const std::vector<const Evaluation*>& answered,
                           const std::vector<const KnownCandidate*>& waiting,
                           std::vector<ObjectiveVector>& points) {
  std::vector<Genotype> genotypes;
  for (const Evaluation* e : answered) genotypes.push_back(e->genotype);
  Observations observations;
  for (const KnownCandidate* known : pool_.know(genotypes)) {
    observations.rows.push_back(&known->encoded);
  }
  std::vector<const EncodedGenotype*> pending;
  for (const KnownCandidate* candidate : waiting) pending.push_back(&candidate->encoded);
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
  return useful;
}

/// Objectives whose limit no evaluated network keeps together with the others; usually none. Then
/// they alone are improved, for a network that keeps them may be useless otherwise.
std::vector<int> EhviModel::unmet_limits(const std::vector<const Evaluation*>& answered) const {
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
void EhviModel::set_front_of_limits(const std::vector<ObjectiveVector>& points,
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
double EhviModel::modelled_reference(int objective) const {
  const Warp& warp = warps_[objective];
  return std::min(warp.knee + kReference * warp.scale, warp(problem_.objectives[objective].limit));
}

/// `members` have the objective at `place`.
double EhviModel::exact_reference(int objective, const std::vector<ObjectiveVector>& members,
                                  std::size_t place, Reach reach) const {
  CostRange range = ranges_[objective];
  for (const ObjectiveVector& member : members) {
    range.least = std::min(range.least, member[place]);
    range.largest = std::max(range.largest, member[place]);
  }
  const double margin = 0.01 * std::fabs(range.largest);
  const bool far = reach == Reach::kLimit && range.cut;
  return range.largest + (far ? std::max(margin, range.largest - range.least) : margin);
}

void EhviModel::set_fronts(const std::vector<ObjectiveVector>& points,
                           const std::vector<bool>& feasible, Reach reach) {
  for (const std::vector<int>& objectives : fronts_) {
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
      reference.push_back(problem_.objectives[o].exact ? exact_reference(o, members, k, reach)
                                                       : modelled_reference(o));
    }
    ImprovementFront front(std::move(members), std::move(reference));
    const double box = front.box();
    model_.fronts.push_back({objectives, std::move(front), 1 / box});
  }
}

}  // namespace edgefront
