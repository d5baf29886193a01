// Gaussian-process regression (Rasmussen & Williams 2006, §2.2, §5.4.1) over encoded genotypes.
//
// The kernel is a sum of three: linear in the numbers; additive over the decisions (with a category
// kernel, this is Bayesian linear regression on one-hot genes); and the product over decisions
// exp(−Σ λ_d distance_d − Σ m_j Δ_j²), the exponential of a Hamming distance, which holds the
// interactions. λ_d is the weight of decision d in both. All parameters are found by gradient
// ascent on the marginal likelihood with log-normal priors, which few observations need.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "search/genotype_encoding.h"

namespace edgefront {

/// What the rows have in common.
struct KernelShape {
  std::vector<std::vector<double>> distances;  ///< category_distances() of each decision
  int numbers = 0;                             ///< per row
};
KernelShape kernel_shape(const SearchSpace& space, int numbers);

/// Variances are in units of the standardised values.
struct KernelParameters {
  double additive = 0.5, product = 0.5, noise = 0.02;
  std::vector<double> linear;   ///< per number
  std::vector<double> inverse;  ///< m_j, per number
  std::vector<double> weights;  ///< λ_d, per decision
  double log_posterior = 0;     ///< as fitted: log marginal likelihood plus log prior
};

/// Observations. `noise_variances` add to the fitted noise (unit: square of the value's); empty: 0.
struct Observations {
  std::vector<const EncodedGenotype*> rows;
  std::vector<double> values;
  std::vector<double> noise_variances = {};
};

/// The maximum a posteriori from a fixed start, so that the result is a function of the arguments
/// alone. O(n³) for each of some 40 steps: pass a subset where there are many. At least two rows.
KernelParameters fit_kernel(const KernelShape& shape, const Observations& observations);

struct GaussianPrediction {
  double mean = 0, deviation = 0;  ///< of the noiseless value
};

/// Const methods may be called concurrently. `observations` are copied but for the rows, which
/// outlive it.
class GaussianProcess {
 public:
  GaussianProcess(const KernelShape& shape, KernelParameters parameters,
                  const Observations& observations);
  ~GaussianProcess();
  GaussianProcess(GaussianProcess&&) noexcept;
  GaussianProcess& operator=(GaussianProcess&&) noexcept;

  /// O(n²) per row, in blocks on `threads` threads; the same for any number of them.
  std::vector<GaussianPrediction> predict(std::span<const EncodedGenotype* const> rows,
                                          int threads) const;
  /// The same means with deviations that are upper bounds: given the first 48 observations only.
  std::vector<GaussianPrediction> bounds(std::span<const EncodedGenotype* const> rows,
                                         int threads) const;
  /// Kernel values between one row and many, for bounds() of rows that are asked about again and
  /// again.
  std::vector<double> covariances(const EncodedGenotype& with,
                                  std::span<const EncodedGenotype* const> rows) const;
  /// bounds() of rows `places`, where columns[i] is covariances(observation i, all rows) and
  /// `variances` are the kernel values of each row with itself.
  std::vector<GaussianPrediction> bounds(std::span<const std::vector<double>* const> columns,
                                         std::span<const double> variances,
                                         std::span<const int> places, int threads) const;
  /// Leave-one-out predictions of the noisy observations (§5.4.2), in their order.
  std::vector<GaussianPrediction> leave_one_out() const;

 private:
  struct Factors;
  std::unique_ptr<const Factors> factors_;
};

}  // namespace edgefront
