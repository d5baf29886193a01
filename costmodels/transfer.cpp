#include "costmodels/transfer.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kFewestObservations = 3;
constexpr double kKeptLogRange = 7;       // components of under 0.1 % of the best one's share go
constexpr double kDisturbedShare = 0.02;  // how often a measurement is thought to be disturbed
constexpr double kNormal90 = 1.645;
constexpr double kStudent90 = 2.0;  // of few degrees of freedom, where no rank exists

/// Kernels of the prior, in the order of their columns; all are relative to the cost.
enum Kernel { kDevices, kParts, kGroups, kConstant, kKernels };
using Strengths = Eigen::Matrix<double, kKernels, 1>;  ///< variances

/// Before anything was measured.
const Strengths kDesignStrengths{1, 0.1, 0.1, 1};
constexpr double kDesignNoise = 1e-4;

/// The devices' costs with gaps filled and one size: what the kernels are made of.
struct Devices {
  Eigen::MatrixXd costs;    ///< part × device; NaN where no device has the part
  std::vector<int> groups;  ///< per part
  int group_count = 0;
};

double log_mean(const Eigen::VectorXd& values) {
  return values.array().log().sum() / static_cast<double>(values.size());
}

/// The devices' costs of these sums.
Eigen::MatrixXd sums_of(const Eigen::MatrixXd& costs, std::span<const PartSum> sums) {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(sums.size()), costs.cols());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    for (const PartCount& p : sums[i]) out.row(i) += p.count * costs.row(p.part);
  }
  return out;
}

/// Every device times a factor, so that the parts that all have take 1 in the mean; then a missing
/// entry is the mean of the devices that have it.
Devices filled(const TransferSources& sources) {
  if (sources.costs.empty()) throw InputError("transfer: no other device was given");
  Devices devices;
  devices.groups = sources.groups;
  for (const int g : sources.groups) devices.group_count = std::max(devices.group_count, g + 1);
  const auto parts = static_cast<Eigen::Index>(sources.groups.size());
  devices.costs.resize(parts, static_cast<Eigen::Index>(sources.costs.size()));
  for (std::size_t k = 0; k < sources.costs.size(); ++k) {
    devices.costs.col(k) = Eigen::Map<const Eigen::VectorXd>(sources.costs[k].data(), parts);
  }
  Eigen::RowVectorXd sums = Eigen::RowVectorXd::Zero(devices.costs.cols());
  int shared = 0;
  for (const auto& row : devices.costs.rowwise()) {
    if (!row.hasNaN()) sums += row, ++shared;
  }
  if (shared == 0) throw InputError("transfer: the other devices have no layer in common");
  devices.costs.array().rowwise() /= sums.array() / shared;
  for (auto row : devices.costs.rowwise()) {
    double sum = 0;
    int known = 0;
    for (const double cost : row) {
      if (!std::isnan(cost)) sum += cost, ++known;
    }
    const double mean = known > 0 ? sum / known : std::numeric_limits<double>::quiet_NaN();
    for (double& cost : row) cost = std::isnan(cost) ? mean : cost;
  }
  return devices;
}

/// The prior at one choice of device weights.
struct Prior {
  const Devices& devices;
  double network_size;  ///< of a typical network; what the constant is measured in
  Eigen::VectorXd weights;
  Eigen::VectorXd typical;  ///< per part, the weighted mean of the devices

  Prior(const Devices& d, double size, Eigen::VectorXd w)
      : devices(d), network_size(size), weights(std::move(w)), typical(d.costs * weights) {}
};

/// Sums seen through a prior: each divided by its mean over the devices, so that covariances are
/// relative.
struct Features {
  std::vector<PartSum> sums;
  Eigen::VectorXd mean;
  Eigen::MatrixXd devices;   ///< sum × device, times the root of its weight
  Eigen::MatrixXd groups;    ///< sum × group
  Eigen::VectorXd constant;  ///< for networks, 0 for single parts

  Features(const Prior& prior, std::span<const PartSum> of);
  /// Relative covariances of sum `i` with itself, by kernel.
  Strengths own(const Prior& prior, Eigen::Index i) const;
};

/// count·typical/mean of each part of the sum.
Eigen::VectorXd shares_of(const Prior& prior, const PartSum& sum, double mean) {
  Eigen::VectorXd shares = Eigen::VectorXd::Zero(prior.typical.size());
  for (const PartCount& p : sum) shares(p.part) += p.count * prior.typical(p.part) / mean;
  return shares;
}

Features::Features(const Prior& prior, std::span<const PartSum> of) : sums(of.begin(), of.end()) {
  const auto n = static_cast<Eigen::Index>(sums.size());
  devices = sums_of(prior.devices.costs, sums);
  mean = devices * prior.weights;
  devices.array().colwise() /= mean.array();
  devices = devices * prior.weights.cwiseSqrt().asDiagonal();
  groups = Eigen::MatrixXd::Zero(n, prior.devices.group_count);
  constant = Eigen::VectorXd::Zero(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (const PartCount& p : sums[i]) {
      groups(i, prior.devices.groups[p.part]) += p.count * prior.typical(p.part) / mean(i);
    }
    if (sums[i].size() > 1) constant(i) = prior.network_size / mean(i);
  }
}

Strengths Features::own(const Prior& prior, Eigen::Index i) const {
  return {devices.row(i).squaredNorm(), shares_of(prior, sums[i], mean(i)).squaredNorm(),
          groups.row(i).squaredNorm(), constant(i) * constant(i)};
}

/// Relative covariances of every sum of `a` with sum `i` of `b`: one column per kernel.
Eigen::MatrixXd covariances(const Prior& prior, const Features& a, const Features& b,
                            Eigen::Index i) {
  Eigen::MatrixXd k = Eigen::MatrixXd::Zero(a.mean.size(), kKernels);
  k.col(kDevices) = a.devices * b.devices.row(i).transpose();
  k.col(kGroups) = a.groups * b.groups.row(i).transpose();
  k.col(kConstant) = a.constant * b.constant(i);
  const Eigen::VectorXd shares = shares_of(prior, b.sums[i], b.mean(i));
  for (Eigen::Index j = 0; j < k.rows(); ++j) {
    for (const PartCount& p : a.sums[j]) {
      k(j, kParts) += p.count * prior.typical(p.part) / a.mean(j) * shares(p.part);
    }
  }
  return k;
}

/// The process at one choice of strengths, conditioned on the observations.
struct Component {
  Strengths strengths;
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

/// The rank of a fresh value among n + 1, as in fit_affine(): the width that it stays within with
/// probability 0.9.
double quantile_90(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto n = values.size();
  const auto rank = static_cast<std::size_t>(std::ceil(0.9 * static_cast<double>(n + 1) - 1e-9));
  if (rank <= n) return values[rank - 1];
  double squares = 0;
  for (const double v : values) squares += v * v;
  return std::max(values.back(), kStudent90 * std::sqrt(squares / static_cast<double>(n)));
}

Eigen::VectorXd correlations(const Eigen::MatrixXd& devices, const Eigen::VectorXd& costs) {
  const Eigen::VectorXd y = costs.array().log() - log_mean(costs);
  Eigen::VectorXd out(devices.cols());
  for (Eigen::Index k = 0; k < devices.cols(); ++k) {
    const Eigen::VectorXd x = devices.col(k).array().log() - log_mean(devices.col(k));
    const double scale = std::sqrt(x.squaredNorm() * y.squaredNorm());
    out(k) = scale > 0 ? x.dot(y) / scale : 0;
  }
  return out;
}

/// The observations through the prior of one choice of device weights.
struct View {
  Prior prior;
  Features features;
  double scale;              ///< from relative costs to the unit of the observations
  Eigen::VectorXd residual;  ///< observations − 1, relative

  View(const Prior& p, const std::vector<PartSum>& sums, const Eigen::VectorXd& costs)
      : prior(p),
        features(prior, sums),
        scale(std::exp(log_mean(costs) - log_mean(features.mean))),
        residual(costs.array() / (scale * features.mean.array()) - 1) {}
};

/// Adds the components of every strength on the grid.
void add_components(const View& view, int index, std::vector<Component>* components) {
  const auto n = view.residual.size();
  std::array<Eigen::MatrixXd, kKernels> kernels;
  kernels.fill(Eigen::MatrixXd(n, n));
  for (Eigen::Index i = 0; i < n; ++i) {
    const Eigen::MatrixXd k = covariances(view.prior, view.features, view.features, i);
    for (int kernel = 0; kernel < kKernels; ++kernel) kernels[kernel].col(i) = k.col(kernel);
  }
  const auto add = [&](const Strengths& s) {
    Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(n, n);
    for (int kernel = 0; kernel < kKernels; ++kernel) sum += s(kernel) * kernels[kernel];
    for (const double deviation : {0.005, 0.01, 0.02, 0.04, 0.08, 0.16}) {
      Component c;
      c.strengths = s;
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
  Devices devices;
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
  const Eigen::MatrixXd observed = sums_of(devices.costs, sums);
  const Eigen::VectorXd closeness = correlations(observed, costs);
  double logs = 0;
  int networks = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].size() > 1) logs += std::log(observed.row(i).mean()), ++networks;
  }
  const double size = networks > 0 ? std::exp(logs / networks) : 1;
  for (const double distance : {0.0, 3.0, 10.0, 30.0, 100.0}) {
    Eigen::VectorXd w = (distance * (closeness.array() - closeness.maxCoeff())).exp();
    w /= w.sum();
    views.emplace_back(Prior(devices, size, w), sums, costs);
    add_components(views.back(), static_cast<int>(views.size()) - 1, &components);
    if (devices.costs.cols() == 1) break;
  }
}

void TransferModel::Fit::average() {
  keep_likely(&components);
  device_weights.assign(devices.costs.cols(), 0);
  for (const Component& c : components) {
    for (std::size_t k = 0; k < device_weights.size(); ++k) {
      device_weights[k] += c.share * views[c.view].prior.weights(static_cast<Eigen::Index>(k));
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
      const double unit = view.scale * view.features.mean(i), precision = inverse(i, i);
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
  interval_factor = std::max(quantile_90(std::move(standardised)), kNormal90);
}

/// Of a fresh measurement, noise included.
Moments TransferModel::Fit::moments(const PartSum& sum) const {
  Moments total;
  double square = 0;
  int computed = -1;
  Eigen::MatrixXd k;
  Strengths own = Strengths::Zero();
  double unit = 0;
  for (const Component& c : components) {
    const View& view = views[c.view];
    if (c.view != computed) {
      const Features f(view.prior, {&sum, 1});
      k = covariances(view.prior, view.features, f, 0);
      own = f.own(view.prior, 0);
      unit = view.scale * f.mean(0);
      computed = c.view;
    }
    const Eigen::VectorXd with = k * c.strengths;
    const double mean = unit * (1 + with.dot(c.solved));
    const double explained = c.covariance.matrixL().solve(with).squaredNorm();
    const double variance = std::max(own.dot(c.strengths) - explained, 0.0) + c.noise;
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
  fit->devices = filled(sources);
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
  if (!(sums_of(fit->devices.costs, sums).array() > 0).all()) {
    throw InputError("transfer: a measurement has a layer that no other device has");
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
    constant += c.share * view.scale * view.prior.network_size * c.strengths(kConstant) *
                view.features.constant.dot(c.solved);
  }
  return constant;
}

int TransferModel::set_aside() const { return fit_->set_aside; }
const std::vector<double>& TransferModel::device_weights() const { return fit_->device_weights; }
const std::vector<LeftOut>& TransferModel::left_out() const { return fit_->left_out; }

std::vector<int> choose_measurements(const TransferSources& sources,
                                     std::span<const PartSum> candidates, int count) {
  const Devices devices = filled(sources);
  const auto k = devices.costs.cols();
  const Eigen::VectorXd equal = Eigen::VectorXd::Constant(k, 1.0 / static_cast<double>(k));
  const Eigen::VectorXd means = sums_of(devices.costs, candidates) * equal;
  double logs = 0;
  int known = 0;
  for (const double mean : means) {
    if (mean > 0) logs += std::log(mean), ++known;
  }
  const Prior prior(devices, known > 0 ? std::exp(logs / known) : 1, equal);
  const Features f(prior, candidates);
  const auto n = f.mean.size();
  Eigen::VectorXd variance(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    variance(i) = f.own(prior, i).dot(kDesignStrengths);
    if (!(variance(i) >= 0)) variance(i) = -1;  // a part that no device has
  }
  // Pivoted Cholesky: after each choice, variances are those given all choices.
  std::vector<int> chosen;
  Eigen::MatrixXd factor = Eigen::MatrixXd::Zero(n, count);
  while (static_cast<int>(chosen.size()) < count) {
    const auto step = static_cast<Eigen::Index>(chosen.size());
    Eigen::Index best = 0;
    if (n == 0 || variance.maxCoeff(&best) < 0) break;
    Eigen::VectorXd column = covariances(prior, f, f, best) * kDesignStrengths;
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
