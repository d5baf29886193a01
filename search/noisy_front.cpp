#include "search/noisy_front.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <optional>

#include "space/random.h"

namespace edgefront {
namespace {

/// Beyond this many standard deviations a Gaussian is taken to end.
constexpr double kTails = 8;

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

/// P(value around a is below the value around b); 1 for equal exact values.
double below(double a, double sigma_a, double b, double sigma_b) {
  const double sigma = std::sqrt(sigma_a * sigma_a + sigma_b * sigma_b);
  if (sigma == 0) return a <= b ? 1 : 0;
  return normal_cdf((b - a) / sigma);
}

/// Which objectives have noise in any point.
std::vector<std::size_t> noisy_objectives(const std::vector<NoisyPoint>& points) {
  std::vector<std::size_t> noisy;
  for (std::size_t m = 0; !points.empty() && m < points[0].mean.size(); ++m) {
    const bool any = std::any_of(points.begin(), points.end(), [&](const NoisyPoint& point) {
      return point.standard_error[m] > 0;
    });
    if (any) noisy.push_back(m);
  }
  return noisy;
}

bool no_worse_beside(const ObjectiveVector& a, const ObjectiveVector& b, std::size_t without) {
  for (std::size_t m = 0; m < a.size(); ++m) {
    if (m != without && a[m] > b[m]) return false;
  }
  return true;
}

struct Gaussian {
  double mean = 0, sigma = 0;
};

/// ∫ density of `own` × P(every rival above) up to `end`, over panels that no step lies inside of.
double chance_below_all(const Gaussian& own, const std::vector<Gaussian>& rivals, double end) {
  constexpr std::array<double, 3> kNodes{0.2386191860831969, 0.6612093864662645,
                                         0.9324695142031521};
  constexpr std::array<double, 3> kWeights{0.4679139345726910, 0.3607615730481386,
                                           0.1713244923791704};
  const double low = own.mean - kTails * own.sigma;
  const double high = std::min(end, own.mean + kTails * own.sigma);
  std::vector<double> edges{low, high};
  const auto cut_around = [&](const Gaussian& g) {
    for (const double k : {-5.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0}) {
      const double x = g.mean + k * g.sigma;
      if (x > low && x < high) edges.push_back(x);
    }
  };
  cut_around(own);
  for (const Gaussian& rival : rivals) cut_around(rival);
  std::sort(edges.begin(), edges.end());
  const auto integrand = [&](double x) {
    const double z = (x - own.mean) / own.sigma;
    double value = std::exp(-0.5 * z * z);
    for (const Gaussian& rival : rivals) value *= normal_cdf((rival.mean - x) / rival.sigma);
    return value;
  };
  double sum = 0;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const double half = 0.5 * (edges[i + 1] - edges[i]), middle = edges[i] + half;
    if (half <= 0) continue;
    for (std::size_t k = 0; k < kNodes.size(); ++k) {
      sum += half * kWeights[k] *
             (integrand(middle - half * kNodes[k]) + integrand(middle + half * kNodes[k]));
    }
  }
  return std::clamp(sum / (own.sigma * std::sqrt(2 * std::acos(-1.0))), 0.0, 1.0);
}

/// The probability of points[i] among points[plausible], where only objective `noisy` has noise.
double exact_probability(const std::vector<NoisyPoint>& points, const std::vector<int>& plausible,
                         int i, std::size_t noisy) {
  constexpr double kNegligible = 1e-10;
  const NoisyPoint& own = points[i];
  const Gaussian self{own.mean[noisy], own.standard_error[noisy]};
  std::vector<Gaussian> rivals;
  double end = self.mean + kTails * self.sigma, certain = 1;
  for (const int j : plausible) {
    const NoisyPoint& other = points[j];
    if (j == i || !no_worse_beside(other.mean, own.mean, noisy)) continue;
    const Gaussian rival{other.mean[noisy], other.standard_error[noisy]};
    if (self.sigma == 0 && rival.sigma == 0) {
      if (dominates(other.mean, own.mean)) return 0;
      continue;
    }
    if (self.sigma == 0) {
      certain *= normal_cdf((rival.mean - self.mean) / rival.sigma);
    } else if (rival.sigma == 0) {
      end = std::min(end, rival.mean);
    } else if (below(rival.mean, rival.sigma, self.mean, self.sigma) > kNegligible) {
      rivals.push_back(rival);
    }
  }
  if (self.sigma == 0) return certain;
  if (end <= self.mean - kTails * self.sigma) return 0;
  return chance_below_all(self, rivals, end);
}

bool dominated_by_another(const std::vector<ObjectiveVector>& values, std::size_t i) {
  for (std::size_t j = 0; j < values.size(); ++j) {
    if (j != i && dominates(values[j], values[i])) return true;
  }
  return false;
}

void add_draws(const std::vector<NoisyPoint>& points, const std::vector<int>& plausible,
               const NoisyFrontOptions& options, std::vector<double>& probabilities) {
  std::vector<ObjectiveVector> values(plausible.size());
  for (int draw = 0; draw < options.draws; ++draw) {
    RandomStream random(options.seed, static_cast<std::uint64_t>(draw));
    for (std::size_t k = 0; k < plausible.size(); ++k) {
      const NoisyPoint& point = points[plausible[k]];
      values[k] = point.mean;
      for (std::size_t m = 0; m < values[k].size(); ++m) {
        if (point.standard_error[m] > 0) {
          values[k][m] += point.standard_error[m] * random.normal();
        }
      }
    }
    for (std::size_t k = 0; k < plausible.size(); ++k) {
      if (!dominated_by_another(values, k)) probabilities[plausible[k]] += 1.0 / options.draws;
    }
  }
}

/// The front of the means, as far as one point's move asks for it.
class FrontOfMeans {
 public:
  explicit FrontOfMeans(const std::vector<ObjectiveVector>& means)
      : means_(means), dominators_(means.size(), 0) {
    for (std::size_t a = 0; a < means.size(); ++a) {
      for (std::size_t b = 0; b < means.size(); ++b) {
        if (a != b && dominates(means[a], means[b])) ++dominators_[b];
      }
    }
  }

  /// Points that are of the front, or would be without i, and are not i.
  std::vector<std::size_t> front_without(std::size_t i) const {
    std::vector<std::size_t> members;
    for (std::size_t j = 0; j < means_.size(); ++j) {
      if (j == i) continue;
      if (dominators_[j] == 0 || (dominators_[j] == 1 && dominates(means_[i], means_[j]))) {
        members.push_back(j);
      }
    }
    return members;
  }

  /// Expected changes when only objective `m` of i moves by a Gaussian of deviation `shift`: i
  /// itself crosses the lowest of those that are no worse elsewhere, or passes over one that it is
  /// no worse than elsewhere.
  double changes_along(std::size_t i, std::size_t m, double shift) const {
    const double own = means_[i][m];
    const auto crossing = [&](double level) { return normal_cdf(-std::abs(level - own) / shift); };
    std::optional<double> lowest;
    double changes = 0;
    for (const std::size_t j : front_without(i)) {
      const double level = means_[j][m];
      if (no_worse_beside(means_[j], means_[i], m))
        lowest = std::min(lowest.value_or(level), level);
      if (no_worse_beside(means_[i], means_[j], m)) changes += crossing(level);
    }
    return changes + (lowest ? crossing(*lowest) : 0);
  }

  /// Changes when i moves to `moved`.
  int changes_to(std::size_t i, const ObjectiveVector& moved,
                 const std::vector<std::size_t>& front_without_i) const {
    int changes = 0;
    bool dominated = false;
    for (const std::size_t j : front_without_i) {
      changes += dominates(means_[i], means_[j]) != dominates(moved, means_[j]);
      dominated = dominated || dominates(means_[j], moved);
    }
    return changes + (dominated != (dominators_[i] > 0));
  }

 private:
  const std::vector<ObjectiveVector>& means_;
  std::vector<int> dominators_;
};

}  // namespace

double dominance_probability(const NoisyPoint& a, const NoisyPoint& b) {
  double probability = 1;
  bool noisy = false;
  for (std::size_t m = 0; m < a.mean.size(); ++m) {
    noisy = noisy || a.standard_error[m] > 0 || b.standard_error[m] > 0;
    probability *= below(a.mean[m], a.standard_error[m], b.mean[m], b.standard_error[m]);
  }
  return noisy || dominates(a.mean, b.mean) ? probability : 0;
}

std::vector<double> front_probabilities(const std::vector<NoisyPoint>& points,
                                        const NoisyFrontOptions& options) {
  std::vector<double> probabilities(points.size(), 0.0);
  const std::vector<std::size_t> noisy = noisy_objectives(points);
  // Who is out of question says nothing of others: whatever it dominates, its dominator does too.
  const std::vector<int> plausible = plausible_members(points, 6);
  if (noisy.size() > 1) {
    add_draws(points, plausible, options, probabilities);
  } else {
    for (const int i : plausible) {
      probabilities[i] = exact_probability(points, plausible, i, noisy.empty() ? 0 : noisy[0]);
    }
  }
  return probabilities;
}

std::vector<int> plausible_members(const std::vector<NoisyPoint>& points, double sigmas) {
  const auto shifted = [&](const NoisyPoint& point, double by) {
    ObjectiveVector value = point.mean;
    for (std::size_t m = 0; m < value.size(); ++m) value[m] += by * point.standard_error[m];
    return value;
  };
  std::vector<ObjectiveVector> bars;  // the non-dominated ones of the pessimistic values
  for (const NoisyPoint& point : points) {
    ObjectiveVector bar = shifted(point, sigmas);
    const bool useless = std::any_of(bars.begin(), bars.end(), [&](const ObjectiveVector& other) {
      return other == bar || dominates(other, bar);
    });
    if (useless) continue;
    std::erase_if(bars, [&](const ObjectiveVector& other) { return dominates(bar, other); });
    bars.push_back(std::move(bar));
  }
  std::vector<int> plausible;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const ObjectiveVector best = shifted(points[i], -sigmas);
    const bool hopeless = std::any_of(
        bars.begin(), bars.end(), [&](const ObjectiveVector& bar) { return dominates(bar, best); });
    if (!hopeless) plausible.push_back(static_cast<int>(i));
  }
  return plausible;
}

std::vector<double> expected_front_changes(const std::vector<ObjectiveVector>& means,
                                           const std::vector<std::vector<double>>& shift,
                                           const NoisyFrontOptions& options) {
  const FrontOfMeans front(means);
  std::vector<double> changes(means.size(), 0.0);
  for (std::size_t i = 0; i < means.size(); ++i) {
    std::vector<std::size_t> noisy;
    for (std::size_t m = 0; m < shift[i].size(); ++m) {
      if (shift[i][m] > 0) noisy.push_back(m);
    }
    if (noisy.empty()) continue;
    if (noisy.size() == 1) {
      changes[i] = front.changes_along(i, noisy[0], shift[i][noisy[0]]);
      continue;
    }
    const std::vector<std::size_t> others = front.front_without(i);
    RandomStream random(options.seed, i);
    for (int draw = 0; draw < options.draws; ++draw) {
      ObjectiveVector moved = means[i];
      for (const std::size_t m : noisy) moved[m] += shift[i][m] * random.normal();
      changes[i] += double(front.changes_to(i, moved, others)) / options.draws;
    }
  }
  return changes;
}

double shift_of_next(double noise, int answers, int waiting) {
  const double n = answers + waiting;
  assert(n > 0);
  return noise / std::sqrt(n * (n + 1));
}

}  // namespace edgefront
