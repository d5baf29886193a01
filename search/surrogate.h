// The model of one expensive objective: a Gaussian process on a warped scale that keeps its eye on
// the useful region, and a check that it is better than nothing.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "search/gaussian_process.h"

namespace edgefront {

/// Straight below `knee` and logarithmic above: knee + scale·log(1 + (value − knee)/scale). What is
/// far worse than the useful region then counts as bad, no matter how bad, and neither bends the
/// model nor fills the hypervolume. Monotone, so that dominance stays as it is.
struct Warp {
  double knee = 0, scale = 1;
  double operator()(double value) const;
};

/// Knee at the median of the values, scale from the best to the knee.
Warp warp_of(std::vector<double> values);

/// How many of `count` observations a Surrogate is fitted on: the first 6, 8, 10, … (a tenth more
/// each).
std::size_t fitted_observations(std::size_t count);

/// Fitted once per growth of the observations by a tenth, on the first ones of each such step only:
/// a function of what was observed, not of when it was asked.
class Surrogate {
 public:
  /// The warp is that of the first `design` observations: what a search asks later is better and
  /// better, and a knee that follows it would shrink the useful region to nothing.
  Surrogate(KernelShape shape, int design)
      : shape_(std::move(shape)), design_(static_cast<std::size_t>(design)) {}

  /// Rows whose bounds will be asked for again and again, in place of earlier ones: their
  /// covariances are kept. They outlive this.
  void anchor(std::vector<const EncodedGenotype*> rows);
  /// `values` unwarped, in the order told, at least two; `noise_variances` as Observations'. Rows
  /// outlive the next predict().
  void observe(const Observations& observations);
  const Warp& warp() const { return warp_; }
  /// Adds rows that are evaluated now, with what is expected of them (the kriging believer of
  /// Ginsbourger, Le Riche & Carraro 2010). Their predictions come back.
  std::vector<GaussianPrediction> believe(const std::vector<const EncodedGenotype*>& rows);
  /// Of warped values.
  std::vector<GaussianPrediction> predict(std::span<const EncodedGenotype* const> rows,
                                          int threads) const;
  std::vector<GaussianPrediction> bounds(std::span<const EncodedGenotype* const> rows, int threads);
  /// Held-out (leave-one-out) log density of the model exceeds that of a normal distribution with
  /// the mean and variance of the other observations.
  bool beats_trivial() const { return beats_trivial_; }
  /// Values that were told before have changed: fits anew.
  void forget_fits() {
    fits_.clear();
    kept_for_ = nullptr;
  }

 private:
  const KernelParameters& fit(const Observations& observations);
  std::vector<GaussianPrediction> kept_bounds(std::span<const int> places, int threads);
  std::vector<GaussianPrediction> unscaled(std::vector<GaussianPrediction> predictions) const;

  KernelShape shape_;
  std::size_t design_;
  Warp warp_;
  std::map<std::size_t, KernelParameters> fits_;  ///< by number of observations; a cache
  const KernelParameters* parameters_ = nullptr;  ///< in fits_
  Observations standardised_;                     ///< what the process knows, warped
  double mean_ = 0, deviation_ = 1;               ///< of the warped values
  std::optional<GaussianProcess> process_;
  bool beats_trivial_ = false;

  // Kept covariances: functions of the anchored rows and the parameters.
  std::vector<const EncodedGenotype*> anchored_;
  std::unordered_map<const EncodedGenotype*, int> places_;  ///< in anchored_
  const KernelParameters* kept_for_ = nullptr;
  std::vector<double> variances_;
  std::unordered_map<const EncodedGenotype*, std::vector<double>> columns_;  ///< by observation
};

}  // namespace edgefront
