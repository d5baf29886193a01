#include "costmodels/measurement_choice.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace edgefront {
namespace {

/// Variances by kernel, and of the noise, before anything was measured.
constexpr KernelValues kDesignStrengths{1, 0.1, 0.1, 1};
constexpr double kDesignNoise = 1e-4;

}  // namespace

std::vector<int> choose_measurements(const TransferSources& sources,
                                     std::span<const PartSum> candidates, int count) {
  const FilledSources filled = fill(sources);
  const std::size_t devices = sources.costs.size();
  const std::vector<double> equal(devices, 1 / static_cast<double>(devices));
  double logs = 0;
  int known = 0;
  for (const std::vector<double>& costs : device_sums(filled, candidates)) {
    const double mean = std::accumulate(costs.begin(), costs.end(), 0.0) * equal.front();
    if (mean > 0) logs += std::log(mean), ++known;
  }
  const TransferPrior prior(filled, known > 0 ? std::exp(logs / known) : 1, equal);
  const PriorFeatures f(prior, candidates);
  const auto n = static_cast<Eigen::Index>(candidates.size());
  Eigen::VectorXd variance(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    variance(i) = dot(variances(prior, f, static_cast<std::size_t>(i)), kDesignStrengths);
    if (!(variance(i) >= 0)) variance(i) = -1;  // a part that no device has
  }
  // Pivoted Cholesky: after each choice, variances are those given all choices.
  std::vector<int> chosen;
  Eigen::MatrixXd factor = Eigen::MatrixXd::Zero(n, count);
  while (static_cast<int>(chosen.size()) < count) {
    const auto step = static_cast<Eigen::Index>(chosen.size());
    Eigen::Index best = 0;
    if (n == 0 || variance.maxCoeff(&best) < 0) break;
    const std::vector<KernelValues> with = covariances(prior, f, f, static_cast<std::size_t>(best));
    Eigen::VectorXd column(n);
    for (Eigen::Index i = 0; i < n; ++i) column(i) = dot(with[i], kDesignStrengths);
    column -= factor.leftCols(step) * factor.row(best).head(step).transpose();
    factor.col(step) = column / std::sqrt(variance(best) + kDesignNoise);
    for (Eigen::Index i = 0; i < n; ++i) {
      const double left = variance(i) - factor(i, step) * factor(i, step);
      if (variance(i) >= 0) variance(i) = std::max(left, 0.0);
    }
    variance(best) = -1;
    chosen.push_back(static_cast<int>(best));
  }
  return chosen;
}

}  // namespace edgefront
