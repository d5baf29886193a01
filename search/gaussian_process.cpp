#include "search/gaussian_process.h"

#include <Eigen/Cholesky>
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "search/parallel.h"

namespace edgefront {
namespace {

constexpr int kSteps = 40;          ///< of the fit
constexpr double kStepSize = 0.12;  ///< in log parameters
constexpr int kBlock = 128;         ///< rows predicted together
constexpr int kBoundObservations = 48;
constexpr double kJitter = 1e-6;

/// Log-normal priors: mean and deviation of the logarithms. λ has a common part and one per
/// decision, so that decisions learn from each other.
struct Prior {
  double mean = 0, deviation = 1;
};

/// The logarithms that are fitted, in this order: additive, product, noise, common λ, linear per
/// number, m per number, λ_d over common λ per decision.
struct Layout {
  int numbers = 0, decisions = 0;
  int linear() const { return 4; }
  int inverse() const { return 4 + numbers; }
  int weights() const { return 4 + 2 * numbers; }
  int size() const { return 4 + 2 * numbers + decisions; }
};

std::vector<Prior> priors(const Layout& layout) {
  std::vector<Prior> all(static_cast<std::size_t>(layout.size()));
  all[0] = {std::log(0.5), 1.0};
  all[1] = {std::log(0.5), 1.0};
  all[2] = {std::log(0.01), 1.0};
  all[3] = {std::log(2.0 / std::max(1, layout.decisions)), 1.0};
  for (int j = 0; j < layout.numbers; ++j) {
    all[layout.linear() + j] = {std::log(0.3), 1.5};
    all[layout.inverse() + j] = {std::log(0.1), 1.0};
  }
  for (int d = 0; d < layout.decisions; ++d) all[layout.weights() + d] = {0.0, 0.8};
  return all;
}

KernelParameters to_parameters(const Layout& layout, const Eigen::VectorXd& theta) {
  KernelParameters p;
  p.additive = std::exp(theta[0]);
  p.product = std::exp(theta[1]);
  p.noise = std::exp(theta[2]);
  for (int j = 0; j < layout.numbers; ++j) {
    p.linear.push_back(std::exp(theta[layout.linear() + j]));
    p.inverse.push_back(std::exp(theta[layout.inverse() + j]));
  }
  for (int d = 0; d < layout.decisions; ++d) {
    p.weights.push_back(std::exp(theta[3] + theta[layout.weights() + d]));
  }
  return p;
}

/// The kernel with what it needs for a pair of rows laid out for speed.
class Kernel {
 public:
  Kernel(const KernelShape& shape, const KernelParameters& p) : shape_(shape), p_(p) {
    double total = 0;
    for (const double weight : p.weights) total += weight;
    for (std::size_t d = 0; d < p.weights.size(); ++d) {
      shares_.push_back(p.weights[d] / total);
      std::vector<double> scaled = shape.distances[d];
      for (double& distance : scaled) distance *= p.weights[d];
      scaled_.push_back(std::move(scaled));
      strides_.push_back(static_cast<int>(std::lround(std::sqrt(scaled_[d].size()))));
    }
    total_ = total > 0 ? total : 1;
  }

  double operator()(const EncodedGenotype& a, const EncodedGenotype& b) const {
    double apart = 0;
    for (std::size_t d = 0; d < scaled_.size(); ++d) {
      apart += scaled_[d][a.categories[d] * strides_[d] + b.categories[d]];
    }
    double linear = 0, numbers = 0;
    for (int j = 0; j < shape_.numbers; ++j) {
      const double difference = a.numbers[j] - b.numbers[j];
      numbers += p_.inverse[j] * difference * difference;
      linear += p_.linear[j] * a.numbers[j] * b.numbers[j];
    }
    return p_.additive * (1 - apart / total_) + p_.product * std::exp(-apart - numbers) + linear;
  }

  double distance(std::size_t d, const EncodedGenotype& a, const EncodedGenotype& b) const {
    return shape_.distances[d][a.categories[d] * strides_[d] + b.categories[d]];
  }
  double share(std::size_t d) const { return shares_[d]; }
  const KernelParameters& parameters() const { return p_; }

 private:
  const KernelShape& shape_;
  const KernelParameters& p_;
  std::vector<double> shares_;
  std::vector<std::vector<double>> scaled_;
  std::vector<int> strides_;
  double total_ = 1;
};

Eigen::MatrixXd covariance(const Kernel& kernel, const Observations& o) {
  const auto n = static_cast<Eigen::Index>(o.rows.size());
  Eigen::MatrixXd k(n, n);
  for (Eigen::Index j = 0; j < n; ++j) {
    for (Eigen::Index i = j; i < n; ++i) k(i, j) = k(j, i) = kernel(*o.rows[i], *o.rows[j]);
    k(j, j) += kernel.parameters().noise + kJitter;
    if (!o.noise_variances.empty()) k(j, j) += o.noise_variances[j];
  }
  return k;
}

/// Adds ½ tr(G ∂K/∂θ) for all parameters but the noise, G = αα' − K⁻¹ (equation 5.9).
void add_kernel_gradient(const Layout& layout, const Kernel& kernel, const Observations& o,
                         const Eigen::MatrixXd& g, Eigen::VectorXd* gradient) {
  const KernelParameters& p = kernel.parameters();
  const auto n = static_cast<Eigen::Index>(o.rows.size());
  std::vector<double> distances(layout.decisions);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) {
      const double weight = i == j ? 0.5 * g(i, i) : g(i, j);
      const EncodedGenotype &a = *o.rows[i], &b = *o.rows[j];
      double exponent = 0, mean_distance = 0;
      for (int d = 0; d < layout.decisions; ++d) {
        distances[d] = kernel.distance(d, a, b);
        exponent += p.weights[d] * distances[d];
        mean_distance += kernel.share(d) * distances[d];
      }
      for (int q = 0; q < layout.numbers; ++q) {
        const double difference = a.numbers[q] - b.numbers[q];
        exponent += p.inverse[q] * difference * difference;
      }
      const double product = p.product * std::exp(-exponent);
      (*gradient)[0] += weight * p.additive * (1 - mean_distance);
      (*gradient)[1] += weight * product;
      for (int q = 0; q < layout.numbers; ++q) {
        const double difference = a.numbers[q] - b.numbers[q];
        (*gradient)[layout.linear() + q] += weight * p.linear[q] * a.numbers[q] * b.numbers[q];
        (*gradient)[layout.inverse() + q] -=
            weight * product * p.inverse[q] * difference * difference;
      }
      for (int d = 0; d < layout.decisions; ++d) {
        const double by_product = -product * p.weights[d] * distances[d];
        (*gradient)[3] += weight * by_product;
        (*gradient)[layout.weights() + d] +=
            weight * (by_product + p.additive * kernel.share(d) * (mean_distance - distances[d]));
      }
    }
  }
}

/// Log posterior of the parameters up to a constant; `gradient` receives its slope.
double log_posterior(const KernelShape& shape, const Layout& layout, const Observations& o,
                     const Eigen::VectorXd& theta, Eigen::VectorXd* gradient) {
  const KernelParameters p = to_parameters(layout, theta);
  const Kernel kernel(shape, p);
  const auto n = static_cast<Eigen::Index>(o.rows.size());
  const Eigen::LLT<Eigen::MatrixXd> factor(covariance(kernel, o));
  const Eigen::VectorXd y = Eigen::Map<const Eigen::VectorXd>(o.values.data(), n);
  const Eigen::VectorXd alpha = factor.solve(y);
  const Eigen::MatrixXd g =
      alpha * alpha.transpose() - factor.solve(Eigen::MatrixXd::Identity(n, n));
  double value = -0.5 * y.dot(alpha);
  for (Eigen::Index i = 0; i < n; ++i) value -= std::log(factor.matrixLLT()(i, i));
  gradient->setZero(layout.size());
  (*gradient)[2] = 0.5 * p.noise * g.trace();
  add_kernel_gradient(layout, kernel, o, g, gradient);
  const std::vector<Prior> all = priors(layout);
  for (int q = 0; q < layout.size(); ++q) {
    const double off = (theta[q] - all[q].mean) / all[q].deviation;
    value -= 0.5 * off * off;
    (*gradient)[q] -= off / all[q].deviation;
  }
  return value;
}

}  // namespace

KernelShape kernel_shape(const SearchSpace& space, int numbers) {
  KernelShape shape;
  for (const Decision& decision : space.decisions) {
    shape.distances.push_back(category_distances(decision));
  }
  shape.numbers = numbers;
  return shape;
}

/// Adam (Kingma & Ba 2015) with a step that falls to a tenth; the best of its points.
KernelParameters fit_kernel(const KernelShape& shape, const Observations& observations) {
  const Layout layout{shape.numbers, static_cast<int>(shape.distances.size())};
  Eigen::VectorXd theta(layout.size()), gradient, first, second;
  const std::vector<Prior> all = priors(layout);
  for (int q = 0; q < layout.size(); ++q) theta[q] = all[q].mean;
  first.setZero(layout.size());
  second.setZero(layout.size());
  KernelParameters best;
  for (int step = 1; step <= kSteps; ++step) {
    const double value = log_posterior(shape, layout, observations, theta, &gradient);
    if (step == 1 || value > best.log_posterior) {
      best = to_parameters(layout, theta);
      best.log_posterior = value;
    }
    first = 0.9 * first + 0.1 * gradient;
    second = 0.99 * second + 0.01 * gradient.cwiseAbs2();
    const double size = kStepSize * (1 - 0.9 * step / kSteps);
    const Eigen::ArrayXd up = first.array() / (1 - std::pow(0.9, step));
    const Eigen::ArrayXd spread = (second.array() / (1 - std::pow(0.99, step))).sqrt() + 1e-9;
    theta.array() += size * up / spread;
  }
  return best;
}

struct GaussianProcess::Factors {
  KernelShape shape;
  KernelParameters parameters;
  std::vector<const EncodedGenotype*> rows;
  Eigen::MatrixXd lower;  ///< Cholesky factor
  Eigen::VectorXd alpha, values;

  /// `used` observations for the deviation, all for the mean. covariance(i, c) is that of
  /// observation i and row c, variance(c) that of the row with itself.
  template <typename Covariance, typename Variance>
  std::vector<GaussianPrediction> predict(std::int64_t count, Eigen::Index used, int threads,
                                          Covariance covariance, Variance variance) const {
    const auto n = static_cast<Eigen::Index>(rows.size());
    std::vector<GaussianPrediction> out(static_cast<std::size_t>(count));
    parallel_for((count + kBlock - 1) / kBlock, threads, [&](std::int64_t block) {
      const std::int64_t begin = block * kBlock, end = std::min(count, begin + kBlock);
      Eigen::MatrixXd cross(n, end - begin);
      for (std::int64_t c = begin; c < end; ++c) {
        for (Eigen::Index i = 0; i < n; ++i) cross(i, c - begin) = covariance(i, c);
      }
      const Eigen::VectorXd means = cross.transpose() * alpha;
      Eigen::MatrixXd solved = cross.topRows(used);
      lower.topLeftCorner(used, used).triangularView<Eigen::Lower>().solveInPlace(solved);
      const Eigen::VectorXd explained = solved.colwise().squaredNorm();
      for (std::int64_t c = begin; c < end; ++c) {
        const double left = variance(c) - explained[c - begin];
        out[c] = {means[c - begin], std::sqrt(std::max(left, 1e-10))};
      }
    });
    return out;
  }

  std::vector<GaussianPrediction> predict(std::span<const EncodedGenotype* const> at,
                                          Eigen::Index used, int threads) const {
    const Kernel kernel(shape, parameters);
    return predict(
        static_cast<std::int64_t>(at.size()), used, threads,
        [&](Eigen::Index i, std::int64_t c) { return kernel(*rows[i], *at[c]); },
        [&](std::int64_t c) { return kernel(*at[c], *at[c]); });
  }
};

GaussianProcess::GaussianProcess(const KernelShape& shape, KernelParameters parameters,
                                 const Observations& o) {
  auto factors = std::make_unique<Factors>();
  factors->shape = shape;
  factors->parameters = std::move(parameters);
  factors->rows = o.rows;
  factors->values = Eigen::Map<const Eigen::VectorXd>(o.values.data(),
                                                      static_cast<Eigen::Index>(o.values.size()));
  const Eigen::LLT<Eigen::MatrixXd> factor(
      covariance(Kernel(factors->shape, factors->parameters), o));
  factors->lower = factor.matrixL();
  factors->alpha = factor.solve(factors->values);
  factors_ = std::move(factors);
}

GaussianProcess::~GaussianProcess() = default;
GaussianProcess::GaussianProcess(GaussianProcess&&) noexcept = default;
GaussianProcess& GaussianProcess::operator=(GaussianProcess&&) noexcept = default;

std::vector<GaussianPrediction> GaussianProcess::predict(
    std::span<const EncodedGenotype* const> rows, int threads) const {
  return factors_->predict(rows, static_cast<Eigen::Index>(factors_->rows.size()), threads);
}

std::vector<GaussianPrediction> GaussianProcess::bounds(
    std::span<const EncodedGenotype* const> rows, int threads) const {
  const auto n = static_cast<Eigen::Index>(factors_->rows.size());
  return factors_->predict(rows, std::min<Eigen::Index>(n, kBoundObservations), threads);
}

std::vector<double> GaussianProcess::covariances(
    const EncodedGenotype& with, std::span<const EncodedGenotype* const> rows) const {
  const Kernel kernel(factors_->shape, factors_->parameters);
  std::vector<double> values;
  for (const EncodedGenotype* row : rows) values.push_back(kernel(with, *row));
  return values;
}

std::vector<GaussianPrediction> GaussianProcess::bounds(
    std::span<const std::vector<double>* const> columns, std::span<const double> variances,
    std::span<const int> places, int threads) const {
  const auto n = static_cast<Eigen::Index>(factors_->rows.size());
  return factors_->predict(
      static_cast<std::int64_t>(places.size()), std::min<Eigen::Index>(n, kBoundObservations),
      threads, [&](Eigen::Index i, std::int64_t c) { return (*columns[i])[places[c]]; },
      [&](std::int64_t c) { return variances[places[c]]; });
}

std::vector<GaussianPrediction> GaussianProcess::leave_one_out() const {
  const auto n = static_cast<Eigen::Index>(factors_->rows.size());
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Identity(n, n);
  factors_->lower.triangularView<Eigen::Lower>().solveInPlace(inverse);
  inverse = inverse.transpose() * inverse;
  std::vector<GaussianPrediction> out;
  for (Eigen::Index i = 0; i < n; ++i) {
    out.push_back(
        {factors_->values[i] - factors_->alpha[i] / inverse(i, i), std::sqrt(1 / inverse(i, i))});
  }
  return out;
}

}  // namespace edgefront
