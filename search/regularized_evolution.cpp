#include "search/regularized_evolution.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <string>

#include "search/candidate_book.h"
#include "search/option_check.h"
#include "search/ranking.h"

namespace edgefront {
namespace {

constexpr double kAugmentation = 0.05;  // rho of ParEGO

/// Uniform over all weights ≥ 0 that sum to 1: the gaps between sorted uniform numbers.
std::vector<double> draw_weights(std::size_t count, RandomStream& random) {
  std::vector<double> cuts{0, 1};
  while (cuts.size() < count + 1) cuts.push_back(random.uniform());
  std::sort(cuts.begin(), cuts.end());
  std::vector<double> weights;
  for (std::size_t i = 0; i < count; ++i) weights.push_back(cuts[i + 1] - cuts[i]);
  return weights;
}

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

class RegularizedEvolution final : public BookedAlgorithm {
 public:
  RegularizedEvolution(const Problem& problem, const RegularizedEvolutionOptions& options,
                       const std::vector<Genotype>& include)
      : BookedAlgorithm(problem, options.seed, include, {options.design, options.population}),
        options_(options),
        fronts_(objective_fronts(problem)),
        variation_(*problem.space, options.variation) {}

  std::string version() const override { return "regularized_evolution@4"; }

 private:
  std::optional<Genotype> propose(RandomStream& random) override {
    if (members_.empty() || book_.next_index() < options_.population) return std::nullopt;
    const std::vector<int>& front = fronts_[random.below(fronts_.size())];
    const std::vector<double> weights = draw_weights(front.size(), random);
    const std::vector<Range> ranges = ranges_of(front);
    const Evaluation* best = nullptr;
    double best_value = 0;
    for (int i = 0; i < options_.sample; ++i) {
      const Evaluation& member = members_[random.below(members_.size())];
      const double value = scalar(member, front, weights, ranges);
      const bool better =
          !best || (member.violation != best->violation ? member.violation < best->violation
                                                        : value < best_value);
      if (!better) continue;
      best = &member;
      best_value = value;
    }
    return variation_.child(best->genotype, random);
  }

  void join(Evaluation told) override {
    members_.push_back(std::move(told));
    if (static_cast<int>(members_.size()) > options_.population) {
      members_.erase(members_.begin());
    }
  }

  void update(const Evaluation& better) override { replace_values(members_, better); }

  std::vector<Range> ranges_of(const std::vector<int>& front) const {
    std::vector<Range> ranges(front.size());
    for (const Evaluation& member : members_) {
      for (std::size_t k = 0; k < front.size(); ++k) {
        ranges[k].low = std::min(ranges[k].low, member.objectives[front[k]]);
        ranges[k].high = std::max(ranges[k].high, member.objectives[front[k]]);
      }
    }
    return ranges;
  }

  static double scalar(const Evaluation& member, const std::vector<int>& front,
                       const std::vector<double>& weights, const std::vector<Range>& ranges) {
    double largest = 0, sum = 0;
    for (std::size_t k = 0; k < front.size(); ++k) {
      const double range = ranges[k].high - ranges[k].low;
      const double scaled = range > 0 ? (member.objectives[front[k]] - ranges[k].low) / range : 0.0;
      largest = std::max(largest, weights[k] * scaled);
      sum += weights[k] * scaled;
    }
    return largest + kAugmentation * sum;
  }

  RegularizedEvolutionOptions options_;
  std::vector<std::vector<int>> fronts_;
  VariedSpace variation_;
  std::vector<Evaluation> members_;  ///< oldest first
};

}  // namespace

std::unique_ptr<SearchAlgorithm> make_regularized_evolution(
    const Problem& problem, const RegularizedEvolutionOptions& options,
    const std::vector<Genotype>& include) {
  require_option(options.population >= 4, "regularized_evolution", "population", options.population,
                 "at least 4");
  require_option(options.sample >= 0, "regularized_evolution", "sample", options.sample,
                 "at least 1, or 0 for a quarter of the population");
  check_variation(options.variation, "regularized_evolution");
  RegularizedEvolutionOptions filled = options;
  if (filled.sample == 0) filled.sample = std::max(1, options.population / 4);
  return std::make_unique<RegularizedEvolution>(problem, filled, include);
}

}  // namespace edgefront
