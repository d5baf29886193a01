#include "search/promotion.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>

#include "search/hypervolume.h"
#include "search/inner_algorithm.h"
#include "search/option_check.h"

namespace edgefront {
namespace {

/// Networks with both fidelities from which on one is estimated from the other.
constexpr std::size_t kFirstPairs = 5;
/// The exact hypervolume goes so far.
constexpr std::size_t kMostObjectives = 5;

/// Worst values plus a tenth of the range, so that the ends of a front count too.
ObjectiveVector reference_of(const std::vector<ObjectiveVector>& points) {
  ObjectiveVector low = points[0], high = points[0];
  for (const ObjectiveVector& point : points) {
    for (std::size_t m = 0; m < point.size(); ++m) {
      low[m] = std::min(low[m], point[m]);
      high[m] = std::max(high[m], point[m]);
    }
  }
  for (std::size_t m = 0; m < high.size(); ++m) {
    const double range = high[m] - low[m];
    high[m] += range > 0 ? 0.1 * range : 1;
  }
  return high;
}

/// Drops the least of `front` until `size` are left.
void thin_out(const std::vector<ObjectiveVector>& points, const ObjectiveVector& reference,
              std::size_t size, std::vector<int>& front) {
  while (front.size() > size) {
    std::vector<double> worth;
    if (reference.size() <= kMostObjectives) {
      std::vector<ObjectiveVector> members;
      for (const int i : front) members.push_back(points[i]);
      worth = hypervolume_contributions(members, reference);
    } else {
      worth = crowding_distance(points, front);
    }
    // Of equal ones the later leaves.
    std::size_t least = 0;
    for (std::size_t k = 1; k < worth.size(); ++k) least = worth[k] <= worth[least] ? k : least;
    front.erase(front.begin() + std::ptrdiff_t(least));
  }
}

/// What is known of one network.
struct Network {
  Genotype genotype;
  std::int64_t inner_index = 0;
  std::vector<std::optional<ObjectiveVector>> values;  ///< per fidelity
  double violation = 0;                                ///< at the highest known
  std::vector<double> standard_errors = {};            ///< likewise
  int asked = 0;                                       ///< highest fidelity asked or answered

  int known() const {
    for (int f = int(values.size()) - 1; f >= 0; --f) {
      if (values[f]) return f;
    }
    return -1;
  }
};

class Promotion final : public WrappingAlgorithm {
 public:
  Promotion(std::unique_ptr<SearchAlgorithm> inner, const Problem& problem,
            const PromotionOptions& options)
      : WrappingAlgorithm(std::move(inner), *problem.space),
        objectives_(problem.objectives),
        options_(options),
        rungs_(problem.fidelities),
        maps_(problem.fidelities - 1, std::vector<AffineMap>(problem.objectives.size())),
        next_fit_(problem.fidelities - 1, kFirstPairs) {}

  std::string version() const override { return inner_.version() + "+promotion@1"; }

 private:
  struct Rung {
    std::vector<std::size_t> answered;  ///< networks, in the order of their answers
    std::vector<std::size_t> best;      ///< of them, as of the last ranking
    double ranked_eta = 0;
    bool changed = true;  ///< since the last ranking
  };

  std::optional<Candidate> choose() override {
    std::optional<Candidate> next = promoted(options_.eta);
    if (!next) next = inner_.ask(next_index_);
    if (!next) next = promoted(1);
    return next;
  }

  bool is_inner(const Candidate& asked) const override { return asked.fidelity == 0; }

  int top() const { return int(rungs_.size()) - 1; }

  /// The first of the best of a rung that was not promoted, from the highest rung down.
  std::optional<Candidate> promoted(double eta) {
    for (int f = top() - 1; f >= 0; --f) {
      Rung& rung = rungs_[f];
      if (rung.changed || rung.ranked_eta != eta) rank(f, eta);
      for (const std::size_t i : rung.best) {
        if (networks_[i].asked > f) continue;
        return Candidate{
            .index = next_index_, .genotype = networks_[i].genotype, .fidelity = f + 1};
      }
    }
    return std::nullopt;
  }

  void rank(int fidelity, double eta) {
    Rung& rung = rungs_[fidelity];
    std::vector<ObjectiveVector> points;
    std::vector<double> violations;
    for (const std::size_t i : rung.answered) {
      points.push_back(*networks_[i].values[fidelity]);
      violations.push_back(networks_[i].violation);
    }
    rung.best.clear();
    const int count = int(double(points.size()) / eta);
    for (const int k : best_of_front(points, violations, count)) {
      rung.best.push_back(rung.answered[k]);
    }
    rung.ranked_eta = eta;
    rung.changed = false;
  }

  void note(const Candidate& asked) override {
    const auto known = by_genotype_.find(asked.genotype);
    if (known == by_genotype_.end()) return;
    Network& network = networks_[known->second];
    network.asked = std::max(network.asked, asked.fidelity);
  }

  void learn(Evaluation told) override {
    const auto [place, added] = by_genotype_.try_emplace(told.genotype, networks_.size());
    if (told.status != EvaluationStatus::kOk) {
      if (!added) return;
      by_genotype_.erase(place);
      told.fidelity = 0;
      inner_.tell(told);
      return;
    }
    if (added) {
      networks_.push_back({.genotype = told.genotype, .inner_index = told.index, .values = {}});
      networks_.back().values.resize(rungs_.size());
    }
    const std::size_t i = place->second;
    const int fidelity = std::clamp(told.fidelity, 0, top());
    keep(i, fidelity, told);
    if (fidelity < top() || !refit()) tell_inner(i);
  }

  void keep(std::size_t i, int fidelity, const Evaluation& told) {
    Network& network = networks_[i];
    Rung& rung = rungs_[fidelity];
    if (!network.values[fidelity]) rung.answered.push_back(i);
    if (fidelity >= network.known()) {
      network.violation = told.violation;
      network.standard_errors = told.standard_errors;
    }
    network.values[fidelity] = told.objectives;
    network.asked = std::max(network.asked, fidelity);
    for (int f = 0; f <= fidelity; ++f) rungs_[f].changed = true;  // the violation may be new
  }

  /// Fits the maps whose pairs have doubled. True if the inner algorithm was told all again.
  bool refit() {
    bool any = false;
    for (int f = 0; f < top(); ++f) {
      std::vector<std::size_t> both;
      for (const std::size_t i : rungs_.back().answered) {
        if (networks_[i].values[f]) both.push_back(i);
      }
      if (both.size() < next_fit_[f]) continue;
      next_fit_[f] = 2 * both.size();
      any = true;
      for (std::size_t m = 0; m < objectives_.size(); ++m) {
        std::vector<double> x, y;
        for (const std::size_t i : both) {
          x.push_back((*networks_[i].values[f])[m]);
          y.push_back((*networks_[i].values[top()])[m]);
        }
        if (!objectives_[m].exact) maps_[f][m] = fit_line(x, y);
      }
    }
    for (std::size_t i = 0; any && i < networks_.size(); ++i) tell_inner(i);
    return any;
  }

  /// No map is needed before the first is made.
  bool calibrated() const { return next_fit_[0] > kFirstPairs; }

  void tell_inner(std::size_t i) {
    const Network& network = networks_[i];
    const int known = network.known();
    int from = known;
    if (!calibrated() && network.values[0]) from = 0;
    Evaluation told{.index = network.inner_index,
                    .genotype = network.genotype,
                    .objectives = *network.values[from],
                    .violation = network.violation,
                    .reason = {}};
    if (from == top()) told.standard_errors = network.standard_errors;
    for (std::size_t m = 0; from < top() && m < objectives_.size(); ++m) {
      if (!objectives_[m].exact) told.objectives[m] = maps_[from][m](told.objectives[m]);
    }
    inner_.tell(told);
  }

  const std::vector<ObjectiveInfo> objectives_;
  const PromotionOptions options_;
  std::vector<Rung> rungs_;                   ///< per fidelity
  std::vector<std::vector<AffineMap>> maps_;  ///< per fidelity below the top and objective
  std::vector<std::size_t> next_fit_;         ///< number of pairs
  std::vector<Network> networks_;             ///< in the order of their first answers
  std::unordered_map<Genotype, std::size_t> by_genotype_;
};

}  // namespace

std::vector<int> best_of_front(const std::vector<ObjectiveVector>& points,
                               std::span<const double> violations, int count) {
  std::vector<int> best;
  if (count <= 0) return best;
  const auto size = static_cast<std::size_t>(count);
  for (std::vector<int>& front : non_dominated_sort(points, violations)) {
    if (best.size() + front.size() > size) {
      thin_out(points, reference_of(points), size - best.size(), front);
    }
    best.insert(best.end(), front.begin(), front.end());
    if (best.size() >= size) break;
  }
  return best;
}

AffineMap fit_line(std::span<const double> x, std::span<const double> y) {
  const double n = double(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xx = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  const double slope = xx > 0 ? std::max(0.0, xy / xx) : 0;
  return {mean_y - slope * mean_x, slope};
}

std::unique_ptr<SearchAlgorithm> make_promotion(std::unique_ptr<SearchAlgorithm> inner,
                                                const Problem& problem,
                                                const PromotionOptions& options) {
  require_option(problem.fidelities >= 2, "promotion", "fidelities", problem.fidelities,
                 "at least 2");
  require_option(options.eta > 1, "promotion", "eta", options.eta, "more than 1");
  return std::make_unique<Promotion>(std::move(inner), problem, options);
}

}  // namespace edgefront
