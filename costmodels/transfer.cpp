#include "costmodels/transfer.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "costmodels/half_width.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kFewestObservations = 3;
constexpr double kKeptLogRange = 7;       // components of under 0.1 % of the best one's share go
constexpr double kDisturbedShare = 0.02;  // how often a measurement is thought to be disturbed
constexpr double kNormal90 = 1.645;
constexpr double kStudent90 = 2.0;  // of few degrees of freedom, where no rank exists

double log_mean(const Eigen::VectorXd& values) {
  return values.array().log().sum() / static_cast<double>(values.size());
}

Eigen::Map<const Eigen::VectorXd> vector_of(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
}

/// The process at one choice of strengths, conditioned on the observations.
struct Component {
  KernelValues strengths;  ///< variances
  double noise = 0;
  double log_likelihood = 0;
  double share = 0;  ///< of the average
  int view = 0;
  Eigen::LLT<Eigen::MatrixXd> covariance;
  Eigen::VectorXd solved;  ///< covariance⁻¹·(observations − 1)
};

struct Moments {
  double mean = 0, variance = 0;
};

/// Of the logarithms of the new device's costs with those of each other: [sum][device].
Eigen::VectorXd correlations(const std::vector<std::vector<double>>& sums,
                             const Eigen::VectorXd& costs) {
  const Eigen::VectorXd y = costs.array().log() - log_mean(costs);
  Eigen::VectorXd out(static_cast<Eigen::Index>(sums.front().size()));
  for (Eigen::Index k = 0; k < out.size(); ++k) {
    Eigen::VectorXd x(costs.size());
    for (Eigen::Index i = 0; i < x.size(); ++i) x(i) = sums[i][k];
    x = x.array().log() - log_mean(x);
    const double scale = std::sqrt(x.squaredNorm() * y.squaredNorm());
    out(k) = scale > 0 ? x.dot(y) / scale : 0;
  }
  return out;
}

/// The observations through the prior of one choice of device weights.
struct View {
  TransferPrior prior;
  PriorFeatures features;
  double scale;              ///< from relative costs to the unit of the observations
  Eigen::VectorXd residual;  ///< observations − 1, relative

  View(const TransferPrior& p, const std::vector<PartSum>& sums, const Eigen::VectorXd& costs)
      : prior(p),
        features(prior, sums),
        scale(std::exp(log_mean(costs) - log_mean(vector_of(features.mean)))),
        residual(costs.array() / (scale * vector_of(features.mean).array()) - 1) {}
};

/// Adds the components of every strength on the grid.
void add_components(const View& view, int index, std::vector<Component>* components) {
  const auto n = view.residual.size();
  std::vector<std::vector<KernelValues>> kernels;
  for (std::size_t i = 0; i < view.features.sums.size(); ++i) {
    kernels.push_back(covariances(view.prior, view.features, view.features, i));
  }
  const auto add = [&](const KernelValues& strengths) {
    Eigen::MatrixXd sum(n, n);
    for (Eigen::Index i = 0; i < n; ++i) {
      for (Eigen::Index j = 0; j < n; ++j) sum(j, i) = dot(kernels[i][j], strengths);
    }
    for (const double deviation : {0.005, 0.01, 0.02, 0.04, 0.08, 0.16}) {
      Component c;
      c.strengths = strengths;
      c.noise = deviation * deviation;
      c.view = index;
      c.covariance.compute(sum + c.noise * Eigen::MatrixXd::Identity(n, n));
      c.solved = c.covariance.solve(view.residual);
      c.log_likelihood = -0.5 * view.residual.dot(c.solved) -
                         c.covariance.matrixLLT().diagonal().array().log().sum();
      components->push_back(std::move(c));
    }
  };
  for (const double devices : {0.04, 0.3, 2.0, 15.0}) {
    for (const double constant : {0.0, 0.1, 1.0}) {
      for (const double groups : {0.0, 0.01, 0.1}) {
        for (const double parts : {0.0, 0.003, 0.03, 0.3}) add({devices, parts, groups, constant});
      }
    }
  }
}

/// Shares in proportion to likelihood; the smallest go.
void keep_likely(std::vector<Component>* components) {
  double best = -std::numeric_limits<double>::infinity();
  for (const Component& c : *components) best = std::max(best, c.log_likelihood);
  std::erase_if(*components,
                [&](const Component& c) { return !(c.log_likelihood >= best - kKeptLogRange); });
  double sum = 0;
  for (Component& c : *components) sum += c.share = std::exp(c.log_likelihood - best);
  for (Component& c : *components) c.share /= sum;
}

}  // namespace

struct TransferModel::Fit {
  FilledSources devices;
  std::vector<View> views;
  std::vector<Component> components;
  int set_aside = 0;           ///< observations that look disturbed
  double interval_factor = 0;  ///< standard deviations of a fresh measurement to either side
  std::vector<double> device_weights;
  std::vector<LeftOut> left_out;

  void choose(const std::vector<PartSum>& sums, const Eigen::VectorXd& costs);
  int disturbed() const;
  void average();
  void predict_left_out(const Eigen::VectorXd& costs);
  Moments moments(const PartSum& sum) const;
};

void TransferModel::Fit::choose(const std::vector<PartSum>& sums, const Eigen::VectorXd& costs) {
  views.clear();
  components.clear();
  const std::vector<std::vector<double>> observed = device_sums(devices, sums);
  const Eigen::VectorXd closeness = correlations(observed, costs);
  double logs = 0;
  int networks = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].size() > 1) logs += std::log(vector_of(observed[i]).mean()), ++networks;
  }
  const double size = networks > 0 ? std::exp(logs / networks) : 1;
  for (const double distance : {0.0, 3.0, 10.0, 30.0, 100.0}) {
    Eigen::VectorXd w = (distance * (closeness.array() - closeness.maxCoeff())).exp();
    w /= w.sum();
    views.emplace_back(TransferPrior(devices, size, {w.begin(), w.end()}), sums, costs);
    add_components(views.back(), static_cast<int>(views.size()) - 1, &components);
    if (w.size() == 1) break;
  }
}

void TransferModel::Fit::average() {
  keep_likely(&components);
  device_weights.assign(devices.costs.front().size(), 0);
  for (const Component& c : components) {
    for (std::size_t k = 0; k < device_weights.size(); ++k) {
      device_weights[k] += c.share * views[c.view].prior.weights[k];
    }
  }
}

/// The observation without which the others are so much likelier that it was probably disturbed;
/// −1: none. Its density given the others is then compared with kDisturbedShare of a broad one.
int TransferModel::Fit::disturbed() const {
  const auto n = views.front().residual.size();
  double best = -std::numeric_limits<double>::infinity();
  for (const Component& c : components) best = std::max(best, c.log_likelihood);
  Eigen::VectorXd without = Eigen::VectorXd::Zero(n);
  double with = 0;
  for (const Component& c : components) {
    if (!(c.log_likelihood >= best - 20)) continue;
    with += std::exp(c.log_likelihood - best);
  }
  for (const Component& c : components) {
    const Eigen::VectorXd& residual = views[c.view].residual;
    const Eigen::MatrixXd inverse = c.covariance.solve(Eigen::MatrixXd::Identity(n, n));
    for (Eigen::Index i = 0; i < n; ++i) {
      const double precision = inverse(i, i), error = c.solved(i) / precision;
      const double log_given = 0.5 * std::log(precision) - 0.5 * error * error * precision;
      without(i) += std::exp(c.log_likelihood - best - log_given - 0.5 * residual(i) * residual(i));
    }
  }
  Eigen::Index worst = 0;
  return without.maxCoeff(&worst) * kDisturbedShare > with ? static_cast<int>(worst) : -1;
}

/// What each observation says when predicted from the others. The shares too are those that the
/// components have without it: a likelihood without one observation is the whole one divided by
/// the density of that observation given the others.
void TransferModel::Fit::predict_left_out(const Eigen::VectorXd& costs) {
  const auto n = costs.size();
  Eigen::VectorXd shares = Eigen::VectorXd::Zero(n), mean = shares, square = shares;
  for (const Component& c : components) {
    const View& view = views[c.view];
    const Eigen::MatrixXd inverse = c.covariance.solve(Eigen::MatrixXd::Identity(n, n));
    for (Eigen::Index i = 0; i < n; ++i) {
      const double unit = view.scale * view.features.mean[i], precision = inverse(i, i);
      const double error = c.solved(i) / precision, predicted = costs(i) - unit * error;
      const double density = std::sqrt(precision) * std::exp(-0.5 * error * error * precision);
      const double share = c.share / std::max(density, 1e-12);
      shares(i) += share;
      mean(i) += share * predicted;
      square(i) += share * (unit * unit / precision + predicted * predicted);
    }
  }
  std::vector<double> standardised;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double predicted = mean(i) / shares(i);
    const double variance = square(i) / shares(i) - predicted * predicted;
    left_out.push_back({costs(i), predicted});
    standardised.push_back(std::abs(costs(i) - predicted) / std::sqrt(variance));
  }
  interval_factor = std::max(half_width_90(std::move(standardised), kStudent90), kNormal90);
}

/// Of a fresh measurement, noise included.
Moments TransferModel::Fit::moments(const PartSum& sum) const {
  Moments total;
  double square = 0;
  int computed = -1;
  std::vector<KernelValues> k;
  KernelValues own;
  double unit = 0;
  for (const Component& c : components) {
    const View& view = views[c.view];
    if (c.view != computed) {
      const PriorFeatures f(view.prior, {&sum, 1});
      k = covariances(view.prior, view.features, f, 0);
      own = variances(view.prior, f, 0);
      unit = view.scale * f.mean[0];
      computed = c.view;
    }
    Eigen::VectorXd with(static_cast<Eigen::Index>(k.size()));
    for (std::size_t i = 0; i < k.size(); ++i) with(i) = dot(k[i], c.strengths);
    const double mean = unit * (1 + with.dot(c.solved));
    const double explained = c.covariance.matrixL().solve(with).squaredNorm();
    const double variance = std::max(dot(own, c.strengths) - explained, 0.0) + c.noise;
    total.mean += c.share * mean;
    square += c.share * (unit * unit * variance + mean * mean);
  }
  total.variance = square - total.mean * total.mean;
  return total;
}

TransferModel::TransferModel(const TransferSources& sources,
                             std::span<const TransferObservation> observations) {
  if (observations.size() < kFewestObservations) {
    throw InputError("transfer: " + std::to_string(observations.size()) +
                     " measurements of the new device; at least 3 are needed");
  }
  auto fit = std::make_unique<Fit>();
  fit->devices = fill(sources);
  Eigen::VectorXd costs(static_cast<Eigen::Index>(observations.size()));
  std::vector<PartSum> sums;
  for (std::size_t i = 0; i < observations.size(); ++i) {
    costs(i) = observations[i].cost;
    sums.push_back(observations[i].parts);
    if (!(costs(i) > 0) || !std::isfinite(costs(i))) {
      throw InputError("transfer: measurement " + std::to_string(i) + " is " +
                       std::to_string(costs(i)) + "; it must be positive");
    }
  }
  for (const std::vector<double>& of_devices : device_sums(fit->devices, sums)) {
    if (!(vector_of(of_devices).array() > 0).all()) {
      throw InputError("transfer: a measurement has a layer that no other device has");
    }
  }
  fit->choose(sums, costs);
  // Up to a quarter of the observations may have been disturbed.
  for (auto left = sums.size() / 4; left > 0; --left) {
    const int i = fit->disturbed();
    if (i < 0) break;
    sums.erase(sums.begin() + i);
    const auto rest = costs.size() - i - 1;
    costs.segment(i, rest) = costs.tail(rest).eval();
    costs.conservativeResize(costs.size() - 1);
    ++fit->set_aside;
    fit->choose(sums, costs);
  }
  fit->average();
  fit->predict_left_out(costs);
  fit_ = std::move(fit);
}

TransferModel::~TransferModel() = default;

TransferPrediction TransferModel::predict(const PartSum& sum) const {
  const Moments m = fit_->moments(sum);
  const double width = fit_->interval_factor * std::sqrt(m.variance);
  return {m.mean, std::max(m.mean - width, 0.0), m.mean + width};
}

double TransferModel::network_constant() const {
  double constant = 0;
  for (const Component& c : fit_->components) {
    const View& view = fit_->views[c.view];
    constant += c.share * view.scale * view.prior.network_size * c.strengths.constant *
                vector_of(view.features.constant).dot(c.solved);
  }
  return constant;
}

int TransferModel::set_aside() const { return fit_->set_aside; }
const std::vector<double>& TransferModel::device_weights() const { return fit_->device_weights; }
const std::vector<LeftOut>& TransferModel::left_out() const { return fit_->left_out; }

}  // namespace edgefront
