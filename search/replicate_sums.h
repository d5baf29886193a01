// What repeated evaluations of networks say together: means, their standard errors, and the noise
// of one evaluation.
#pragma once

#include <cstdint>
#include <vector>

#include "search/dominance.h"

namespace edgefront {

/// The evaluations of one network that did not fail.
struct Replicates {
  int answers = 0;
  ObjectiveVector first;                    ///< the sums are of differences to it
  std::vector<double> sum, squares;         ///< of the differences
  std::vector<double> stated_variance_sum;  ///< of the standard errors that evaluations state
  double violation_sum = 0;

  ObjectiveVector mean() const;
  double violation() const { return violation_sum / answers; }
};

/// The noise of one evaluation, per objective: what is stated, corrected by the pooled variance of
/// replicates.
class PooledNoise {
 public:
  /// Degrees of freedom from which on the pool alone is believed.
  static constexpr std::int64_t kEnough = 5;

  /// `stated`: per objective the standard deviation that is known beforehand, 0 = unknown. It
  /// weighs as ten degrees of freedom of the pool.
  explicit PooledNoise(std::vector<double> stated);

  /// Adds an evaluation to `network`, and what it says of the noise to the pool.
  /// `standard_errors` is empty or one per objective.
  void add(Replicates& network, const ObjectiveVector& objectives, double violation,
           const std::vector<double>& standard_errors);

  /// Evaluations beyond the first of their network.
  std::int64_t degrees_of_freedom() const { return degrees_; }
  /// Standard deviation of one evaluation of `network`: of the pool, or the mean of its own stated
  /// ones where that is larger; 0 where nothing is known.
  std::vector<double> noise(const Replicates& network) const;
  /// Of the mean: noise / √answers.
  std::vector<double> standard_error(const Replicates& network) const;
  /// noise() of this network rests on something.
  bool known(const Replicates& network) const;

 private:
  std::vector<double> stated_;
  std::vector<double> within_;  ///< per objective, squares around the networks' means
  std::int64_t degrees_ = 0;
};

}  // namespace edgefront
