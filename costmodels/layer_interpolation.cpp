#include "costmodels/layer_interpolation.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <utility>

#include "hwprofiles/measuring_plan.h"
#include "runtime/graph.h"

namespace edgefront {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kFewestLayers = 8;
constexpr int kTrendTerms = 5;
constexpr auto kCoordinates = Eigen::Index{kLayerCoordinates};
constexpr double kNormal90 = 1.645;  // two-sided 90 % quantile of the normal distribution
constexpr double kTrendRidge = 1e-6;

double log2_of(double value) { return std::log2(std::max(value, 1.0)); }

struct Work {
  double macs = 1, tensor_bytes = 1, weights = 1;
};

Work work_of(const LayerKey& key) {
  LayerGraph graph;
  Work work;
  if (!graph_of(key, &graph).ok()) return work;
  work.macs = double(total_macs(graph));
  for (const Layer& layer : graph.layers) work.weights += double(weight_count(graph, layer));
  work.tensor_bytes = double(key.input.elements() + key.output.elements());
  return work;
}

using Trend = Eigen::Matrix<double, 1, kTrendTerms>;

Trend trend_of(const LayerKey& key) {
  const Work work = work_of(key);
  Trend row;
  row << 1, log2_of(work.macs), log2_of(work.tensor_bytes), log2_of(work.weights),
      log2_of(double(key.output.height) * key.output.width);
  return row;
}

struct Hyperparameters {
  double length = 1, signal = 0.01, noise = 1e-4;  // octaves; variances of log2 latency
};

double matern52(double distance, double length) {
  const double r = std::sqrt(5.0) * distance / length;
  return (1 + r + r * r / 3) * std::exp(-r);
}

/// One kind of layer.
class Fit {
 public:
  explicit Fit(const std::vector<const LayerMeasurement*>& layers) {
    const auto n = static_cast<Eigen::Index>(layers.size());
    MatrixXd trend(n, kTrendTerms);
    VectorXd target(n);
    points_.resize(n, kCoordinates);
    for (Eigen::Index i = 0; i < n; ++i) {
      const LayerMeasurement& layer = *layers[std::size_t(i)];
      trend.row(i) = trend_of(layer.key);
      target(i) = std::log2(layer.statistics.latency_us);
      points_.row(i) = to_row(layer.key);
    }
    MatrixXd normal = trend.transpose() * trend;
    normal.diagonal().array() += kTrendRidge * double(n);
    trend_ = normal.ldlt().solve(trend.transpose() * target);
    const VectorXd residual = target - trend * trend_;
    MatrixXd distance(n, n);
    for (Eigen::Index i = 0; i < n; ++i) {
      for (Eigen::Index j = 0; j < n; ++j) {
        distance(i, j) = (points_.row(i) - points_.row(j)).norm();
      }
    }
    choose_hyperparameters(distance, residual);
    factor_ = covariance(distance, chosen_).llt();
    weights_ = factor_.solve(residual);
  }

  InterpolatedLatency estimate(const LayerKey& key) const {
    const Eigen::RowVectorXd at = to_row(key);
    VectorXd k(points_.rows());
    for (Eigen::Index i = 0; i < points_.rows(); ++i) {
      k(i) = chosen_.signal * matern52((points_.row(i) - at).norm(), chosen_.length);
    }
    const double log_us = trend_of(key).dot(trend_) + k.dot(weights_);
    const double variance = chosen_.signal + chosen_.noise - k.dot(factor_.solve(k));
    const double deviation = std::sqrt(std::max(variance, 0.0));
    return {std::exp2(log_us), std::exp2(kNormal90 * deviation) - 1};
  }

 private:
  static Eigen::RowVectorXd to_row(const LayerKey& key) {
    const auto values = layer_coordinates(key);
    return Eigen::Map<const Eigen::RowVectorXd>(values.data(), kCoordinates);
  }

  static MatrixXd covariance(const MatrixXd& distance, const Hyperparameters& h) {
    MatrixXd result =
        h.signal * distance.unaryExpr([&](double d) { return matern52(d, h.length); });
    result.diagonal().array() += h.noise;
    return result;
  }

  /// The signal's variance has a closed form for a given ratio of noise to it.
  void choose_hyperparameters(const MatrixXd& distance, const VectorXd& residual) {
    const double n = double(residual.size());
    double best = -std::numeric_limits<double>::infinity();
    for (const double length : {0.5, 1.0, 2.0, 4.0, 8.0}) {
      for (const double ratio : {0.001, 0.01, 0.03, 0.1, 0.3, 1.0}) {
        const Eigen::LLT<MatrixXd> factor(covariance(distance, {length, 1, ratio}));
        const double signal = std::max(residual.dot(factor.solve(residual)) / n, 1e-8);
        const double log_determinant =
            2 * factor.matrixL().toDenseMatrix().diagonal().array().log().sum();
        const double likelihood = -0.5 * (n * std::log(signal) + log_determinant + n +
                                          n * std::log(2 * std::numbers::pi));
        if (likelihood <= best) continue;
        best = likelihood;
        chosen_ = {length, signal, ratio * signal};
      }
    }
  }

  MatrixXd points_;
  Eigen::Matrix<double, kTrendTerms, 1> trend_;
  VectorXd weights_;
  Hyperparameters chosen_;
  Eigen::LLT<MatrixXd> factor_;
};

}  // namespace

struct LayerInterpolation::Kinds {
  std::map<std::string, Fit> fits;
};

LayerInterpolation::LayerInterpolation(std::span<const LayerMeasurement> layers) {
  std::map<std::string, std::vector<const LayerMeasurement*>> kinds;
  for (const LayerMeasurement& layer : layers) kinds[layer_kind(layer.key)].push_back(&layer);
  auto fitted = std::make_unique<Kinds>();
  for (const auto& [kind, members] : kinds) {
    if (members.size() >= kFewestLayers) fitted->fits.emplace(kind, Fit(members));
  }
  kinds_ = std::move(fitted);
}

LayerInterpolation::~LayerInterpolation() = default;
LayerInterpolation::LayerInterpolation(LayerInterpolation&&) noexcept = default;

std::optional<InterpolatedLatency> LayerInterpolation::estimate(const LayerKey& key) const {
  const auto fit = kinds_->fits.find(layer_kind(key));
  if (fit == kinds_->fits.end()) return std::nullopt;
  return fit->second.estimate(key);
}

std::vector<LayerKey> interpolate_layers(std::span<const LayerKey> keys, double most,
                                         DeviceProfile& profile) {
  std::vector<LayerMeasurement> measured;
  std::vector<LayerKey> missing;
  for (const LayerKey& key : keys) {
    const auto entry = profile.layers.find(key.text());
    if (entry == profile.layers.end()) {
      missing.push_back(key);
    } else if (entry->second.origin == EntryOrigin::kMeasured) {
      measured.push_back(entry->second);
    }
  }
  const LayerInterpolation interpolation(measured);
  std::vector<std::pair<double, LayerKey>> left;
  for (const LayerKey& key : missing) {
    const std::optional<InterpolatedLatency> value = interpolation.estimate(key);
    if (!value || value->relative_error > most) {
      left.emplace_back(value ? value->relative_error : std::numeric_limits<double>::infinity(),
                        key);
      continue;
    }
    LayerEntry entry;
    entry.key = key;
    entry.origin = EntryOrigin::kInterpolated;
    entry.relative_error = value->relative_error;
    LatencyStatistics& s = entry.statistics;
    s.latency_us = s.p50_us = s.p95_us = s.p99_us = value->latency_us;
    s.latency_low_us = value->latency_us / (1 + value->relative_error);
    s.latency_high_us = value->latency_us * (1 + value->relative_error);
    profile.layers.insert_or_assign(key.text(), std::move(entry));
  }
  std::stable_sort(left.begin(), left.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<LayerKey> result;
  for (auto& [error, key] : left) result.push_back(std::move(key));
  return result;
}

}  // namespace edgefront
