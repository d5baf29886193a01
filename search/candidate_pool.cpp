#include "search/candidate_pool.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>

#include "space/uniform_sampler.h"

namespace edgefront {
namespace {

constexpr std::uint64_t kBaseStream = 0x62617365;  ///< "base": apart from the candidates' streams

/// The standard normal deviate of a share, by the rational approximation of Abramowitz & Stegun
/// 26.2.23 (absolute error under 4.5e-4, plenty for a feature's scale).
double normal_score(double share) {
  const double tail = std::min(share, 1 - share);
  const double t = std::sqrt(-2 * std::log(tail));
  const double score = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                               (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  return share < 0.5 ? -score : score;
}

}  // namespace

double CandidatePool::Scale::operator()(double value) const {
  if (cost) return ((logarithm ? std::log(std::max(value, 1e-300)) : value) - mean) / deviation;
  if (sorted.size() < 2 || sorted.front() == sorted.back()) return 0;
  const auto below = std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
  const auto up_to = std::upper_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
  const double place =
      (static_cast<double>(below + up_to) / 2 + 0.5) / (static_cast<double>(sorted.size()) + 1);
  return normal_score(place);
}

CandidatePool::CandidatePool(const Problem& problem, std::uint64_t seed,
                             std::int64_t enumerate_up_to, int samples)
    : problem_(problem) {
  const SearchSpace& space = *problem.space;
  const UniformSampler sampler(space);
  const std::string digits = sampler.cardinality();
  const bool small = digits.size() < 10 && std::stoll(digits) <= enumerate_up_to;
  whole_ = small;
  std::vector<Genotype> genotypes;
  if (small) {
    const std::int64_t count = std::stoll(digits);
    for (std::int64_t i = 0; i < count; ++i) genotypes.push_back(sampler.at(std::to_string(i)));
  } else {
    RandomStream random(seed, kBaseStream);
    std::unordered_set<Genotype> drawn;
    for (int i = 0; i < samples; ++i) {
      Genotype genotype = sampler.sample(random);
      if (drawn.insert(genotype).second) genotypes.push_back(std::move(genotype));
    }
  }
  base_ = know(genotypes);
  for (const Genotype& genotype : genotypes) in_base_[genotype] = true;
  set_scales();
}

void CandidatePool::set_scales() {
  if (base_.empty()) return;
  const std::size_t costs = base_[0]->costs.values.size();
  std::vector<Scale> scales(base_[0]->encoded.numbers.size());
  for (std::size_t j = 0; j < scales.size(); ++j) {
    Scale& scale = scales[j];
    for (const KnownCandidate* candidate : base_) {
      const double value = candidate->encoded.numbers[j];
      if (std::isfinite(value)) scale.sorted.push_back(value);
    }
    std::sort(scale.sorted.begin(), scale.sorted.end());
    scale.cost = j < costs;
    if (!scale.cost || scale.sorted.empty()) continue;
    scale.logarithm = scale.sorted.front() > 0;
    double sum = 0, squares = 0;
    const auto n = static_cast<double>(scale.sorted.size());
    for (const double value : scale.sorted) sum += scale.logarithm ? std::log(value) : value;
    scale.mean = sum / n;
    for (const double value : scale.sorted) {
      const double off = (scale.logarithm ? std::log(value) : value) - scale.mean;
      squares += off * off;
    }
    scale.deviation = squares > 0 ? std::sqrt(squares / n) : 1;
  }
  scales_ = std::move(scales);
  if (costs > 1 && problem_.fronts.size() > 1) set_axes();
  for (auto& [genotype, candidate] : known_) {
    scale(&candidate->encoded);
  }
}

/// One network costs much on all devices or on none, mostly.
void CandidatePool::set_axes() {
  const std::size_t costs = base_[0]->costs.values.size();
  std::vector<std::vector<double>> standardised;
  for (const KnownCandidate* candidate : base_) {
    std::vector<double>& row = standardised.emplace_back();
    for (std::size_t j = 0; j < costs; ++j) {
      row.push_back(scales_[j](candidate->costs.values[j]));
    }
  }
  axes_.emplace(std::vector<std::span<const double>>(standardised.begin(), standardised.end()));
}

int CandidatePool::numbers() const {
  const std::size_t costs = base_.empty() ? 0 : base_[0]->costs.values.size();
  return static_cast<int>(axes_ ? scales_.size() - costs + axes_->count() : scales_.size());
}

void CandidatePool::scale(EncodedGenotype* encoded) const {
  std::vector<double>& numbers = encoded->numbers;
  for (std::size_t j = 0; j < scales_.size(); ++j) numbers[j] = scales_[j](numbers[j]);
  if (!axes_) return;
  const std::size_t costs = base_[0]->costs.values.size();
  std::vector<double> scaled = (*axes_)(std::span(numbers).first(costs));
  scaled.insert(scaled.end(), numbers.begin() + static_cast<std::ptrdiff_t>(costs), numbers.end());
  numbers = std::move(scaled);
}

void CandidatePool::compute(std::span<KnownCandidate* const> candidates) {
  std::vector<Genotype> genotypes;
  for (const KnownCandidate* candidate : candidates) genotypes.push_back(candidate->genotype);
  std::vector<ExactCosts> costs(genotypes.size());
  if (problem_.exact_costs) costs = problem_.exact_costs(genotypes);
  std::vector<std::vector<double>> features(genotypes.size());
  if (problem_.features) features = problem_.features(genotypes);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    candidates[i]->encoded = encode(*problem_.space, genotypes[i]);
    std::vector<double>& numbers = candidates[i]->encoded.numbers;
    numbers = costs[i].values;
    numbers.insert(numbers.end(), features[i].begin(), features[i].end());
    if (!scales_.empty()) scale(&candidates[i]->encoded);
    candidates[i]->costs = std::move(costs[i]);
  }
}

std::vector<const KnownCandidate*> CandidatePool::know(const std::vector<Genotype>& genotypes) {
  std::vector<const KnownCandidate*> found;
  std::vector<KnownCandidate*> missing;
  for (const Genotype& genotype : genotypes) {
    auto [entry, added] = known_.try_emplace(genotype);
    if (added) {
      entry->second = std::make_unique<KnownCandidate>();
      entry->second->genotype = genotype;
      missing.push_back(entry->second.get());
    }
    found.push_back(entry->second.get());
  }
  if (!missing.empty()) compute(missing);
  return found;
}

void CandidatePool::forget(const std::vector<Genotype>& kept) {
  const std::unordered_set<Genotype> keep(kept.begin(), kept.end());
  std::erase_if(known_, [&](const auto& entry) {
    return !in_base_.contains(entry.first) && !keep.contains(entry.first);
  });
}

std::vector<Genotype> neighbours(const SearchSpace& space, const Genotype& genotype) {
  if (space.listed) return space.listed->neighbours(genotype);
  std::vector<Genotype> found;
  std::unordered_set<Genotype> seen{genotype};
  const std::vector<bool> active = active_decisions(space, genotype);
  for (std::size_t d = 0; d < space.decisions.size(); ++d) {
    if (!active[d]) continue;
    for (std::size_t choice = 0; choice < space.decisions[d].choices.size(); ++choice) {
      if (choice == genotype.choices[d]) continue;
      Genotype neighbour = genotype;
      neighbour.choices[d] = static_cast<std::uint8_t>(choice);
      neighbour = canonical(space, std::move(neighbour));
      if (seen.insert(neighbour).second) found.push_back(std::move(neighbour));
    }
  }
  return found;
}

}  // namespace edgefront
