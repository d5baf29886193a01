#include "search/acquisition.h"

#include <algorithm>
#include <cmath>

#include "search/parallel.h"
#include "space/random.h"

namespace edgefront {
namespace {

constexpr std::size_t kExactBlock = 256;  ///< candidates predicted in full together
constexpr std::size_t kExactAtMost = 2'048;
constexpr double kOtherFronts = 0.1;  ///< what they count where one is aimed at

/// Fixed points of the other expensive objectives' standard normal deviates: octile midpoints for
/// one, else 32 pseudo-random points.
std::vector<std::vector<double>> integration_points(std::size_t dimensions) {
  if (dimensions == 0) return {{}};
  if (dimensions == 1) {
    return {{-1.534121}, {-0.887147}, {-0.488776}, {-0.157311},
            {0.157311},  {0.488776},  {0.887147},  {1.534121}};
  }
  RandomStream random(0, 0);
  std::vector<std::vector<double>> points(32, std::vector<double>(dimensions));
  for (std::vector<double>& point : points) {
    for (double& coordinate : point) coordinate = random.normal();
  }
  return points;
}

/// Objectives by their predictions; exact ones with deviation 0.
using Predictions = std::vector<GaussianPrediction>;

double improvement(const AcquisitionFront& spec, const Predictions& predictions) {
  std::vector<std::size_t> uncertain;
  std::vector<double> costs;
  for (std::size_t i = 1; i < spec.objectives.size(); ++i) {
    const GaussianPrediction& p = predictions[spec.objectives[i]];
    if (p.deviation > 0) uncertain.push_back(i - 1);
    costs.push_back(p.mean);
  }
  const GaussianPrediction& first = predictions[spec.objectives[0]];
  if (uncertain.empty()) {
    return expected_improvement(spec.front.steps(costs), first.mean, first.deviation);
  }
  const std::vector<std::vector<double>> points = integration_points(uncertain.size());
  double sum = 0;
  for (const std::vector<double>& point : points) {
    std::vector<double> shifted = costs;
    for (std::size_t u = 0; u < uncertain.size(); ++u) {
      shifted[uncertain[u]] += predictions[spec.objectives[uncertain[u] + 1]].deviation * point[u];
    }
    sum += expected_improvement(spec.front.steps(shifted), first.mean, first.deviation);
  }
  return sum / static_cast<double>(points.size());
}

enum class Deviation { kBound, kExact };

/// Of each candidate on each front, weighted; the fronts of one candidate side by side.
std::vector<double> improvements(const AcquisitionModel& model,
                                 std::span<const KnownCandidate* const> candidates,
                                 Deviation deviation) {
  std::vector<const EncodedGenotype*> rows;
  for (const KnownCandidate* candidate : candidates) rows.push_back(&candidate->encoded);
  std::vector<std::vector<GaussianPrediction>> predicted(model.surrogates.size());
  for (std::size_t o = 0; o < model.surrogates.size(); ++o) {
    if (model.surrogates[o] == nullptr) continue;
    predicted[o] = deviation == Deviation::kBound
                       ? model.surrogates[o]->bounds(rows, model.threads)
                       : model.surrogates[o]->predict(rows, model.threads);
  }
  const std::size_t fronts = model.fronts.size();
  std::vector<double> values(candidates.size() * fronts);
  const auto count = static_cast<std::int64_t>(candidates.size());
  parallel_for((count + 63) / 64, model.threads, [&](std::int64_t block) {
    for (std::int64_t c = 64 * block; c < std::min(count, 64 * block + 64); ++c) {
      Predictions predictions(model.surrogates.size());
      for (std::size_t o = 0; o < predictions.size(); ++o) {
        if (model.surrogates[o] != nullptr) {
          predictions[o] = predicted[o][c];
        } else {
          predictions[o] = {candidates[c]->costs.values[model.exact_place[o]], 0};
        }
      }
      for (std::size_t f = 0; f < fronts; ++f) {
        values[c * fronts + f] = model.fronts[f].weight * improvement(model.fronts[f], predictions);
      }
    }
  });
  return values;
}

/// What each front's improvement counts, by the bounds of all candidates.
std::vector<double> counts_of(const AcquisitionModel& model, const std::vector<double>& bounds) {
  const std::size_t fronts = model.fronts.size();
  std::vector<double> counts(fronts, 1.0), largest(fronts, 0.0);
  if (model.aim == Aim::kAllFronts) return counts;
  for (std::size_t v = 0; v < bounds.size(); ++v) {
    largest[v % fronts] = std::max(largest[v % fronts], bounds[v]);
  }
  const double most = *std::max_element(largest.begin(), largest.end());
  for (std::size_t f = 0; f < fronts; ++f) counts[f] = largest[f] == most ? 1 : kOtherFronts;
  return counts;
}

/// Of candidate `c`.
double sum_of(const std::vector<double>& improvements, const std::vector<double>& counts,
              std::size_t c) {
  double sum = 0;
  for (std::size_t f = 0; f < counts.size(); ++f) {
    sum += counts[f] * improvements[c * counts.size() + f];
  }
  return sum;
}

bool better(const ScoredCandidate& a, const ScoredCandidate& b) {
  if (a.improvement != b.improvement) return a.improvement > b.improvement;
  return a.candidate->genotype < b.candidate->genotype;
}

}  // namespace

std::vector<ScoredCandidate> best_candidates(const AcquisitionModel& model,
                                             const std::vector<const KnownCandidate*>& candidates,
                                             std::size_t wanted) {
  const std::vector<double> bounds = improvements(model, candidates, Deviation::kBound);
  const std::vector<double> counts = counts_of(model, bounds);
  std::vector<ScoredCandidate> bounded;
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    bounded.push_back({candidates[c], sum_of(bounds, counts, c)});
  }
  std::sort(bounded.begin(), bounded.end(), better);
  std::vector<ScoredCandidate> best;
  for (std::size_t begin = 0; begin < std::min(bounded.size(), kExactAtMost);
       begin += kExactBlock) {
    const bool enough = best.size() >= wanted;
    if (enough && best[wanted - 1].improvement >= bounded[begin].improvement) break;
    std::vector<const KnownCandidate*> block;
    for (std::size_t c = begin; c < std::min(bounded.size(), begin + kExactBlock); ++c) {
      block.push_back(bounded[c].candidate);
    }
    const std::vector<double> exact = improvements(model, block, Deviation::kExact);
    for (std::size_t c = 0; c < block.size(); ++c)
      best.push_back({block[c], sum_of(exact, counts, c)});
    std::sort(best.begin(), best.end(), better);
  }
  if (best.size() > wanted) best.resize(wanted);
  return best;
}

std::vector<const KnownCandidate*> most_promising(
    const AcquisitionModel& model, const std::vector<const KnownCandidate*>& candidates,
    std::size_t wanted) {
  const std::vector<double> exact = improvements(model, candidates, Deviation::kExact);
  const std::vector<double> counts(model.fronts.size(), 1.0);
  std::vector<ScoredCandidate> scored;
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    scored.push_back({candidates[c], sum_of(exact, counts, c)});
  }
  wanted = std::min(wanted, scored.size());
  std::nth_element(scored.begin(), scored.begin() + static_cast<std::ptrdiff_t>(wanted),
                   scored.end(), better);
  std::vector<const KnownCandidate*> promising;
  for (std::size_t c = 0; c < wanted; ++c) promising.push_back(scored[c].candidate);
  return promising;
}

}  // namespace edgefront
