// The affine correction of a device's layer sums, and how well predictions hold.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "costmodels/cost_model.h"
#include "costmodels/half_width.h"
#include "costmodels/latency_correction.h"
#include "costmodels/network_totals.h"
#include "hwprofiles/layer_listing.h"
#include "runtime/execution_steps.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"
#include "space/rank_correlation.h"

namespace edgefront {
namespace {

constexpr int kFewestNetworks = 8;
constexpr double kNormal90 = 1.645;      // two-sided 90 % quantile of the normal distribution
constexpr double kStudent90Of6 = 1.943;  // two-sided 90 % quantile of Student's t, 6 degrees

void require_points(std::span<const double> sum_us, std::span<const double> measured_us) {
  if (sum_us.size() != measured_us.size() || sum_us.size() < kFewestNetworks) {
    throw InputError("calibration: " + std::to_string(sum_us.size()) + " sums and " +
                     std::to_string(measured_us.size()) +
                     " measured networks; at least 8 of each are needed");
  }
  for (std::size_t i = 0; i < sum_us.size(); ++i) {
    const bool good = std::isfinite(sum_us[i]) && std::isfinite(measured_us[i]) && sum_us[i] > 0 &&
                      measured_us[i] > 0;
    if (!good) {
      throw InputError("calibration: network " + std::to_string(i) + " has sum " +
                       std::to_string(sum_us[i]) + " us and measurement " +
                       std::to_string(measured_us[i]) + " us; both must be positive");
    }
  }
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The residuals of a fit come from one session of measuring, in which a drifting clock and the
/// neighbours' use of shared caches shift all networks alike; a fresh measurement is another
/// session. Passes that follow each other within seconds are not independent, so that the middle
/// one of five drifts hardly less than each (independent ones: 0.54 times as much); assumed to be
/// 1/√2 of it, the difference of two sessions has the standard deviation `drift`.
double session_share(double drift) { return kNormal90 * drift; }

/// A further term is taken where it brings the spread of left-out networks below this share.
constexpr double kWorthATerm = 0.9;

/// Least squares of rows · c = 1 with more rows than columns.
struct RelativeFit {
  Eigen::VectorXd coefficients;  ///< empty: the columns do not determine them
  Eigen::VectorXd left_out;      ///< of each row without that row, 1 − its product
  double spread() const { return left_out.norm(); }
};

RelativeFit fit_rows(Eigen::MatrixXd rows) {
  // Columns of very different size: scale them, or microseconds would look rank-deficient.
  const Eigen::RowVectorXd scale = rows.colwise().norm();
  if (!(scale.minCoeff() > 0)) return {};
  rows.array().rowwise() /= scale.array();
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(rows);
  if (qr.rank() < rows.cols()) return {};
  const Eigen::VectorXd solution = qr.solve(Eigen::VectorXd::Ones(rows.rows()));
  // Leaving row i out changes its residual e to e/(1 − h), h the leverage (diagonal of Q·Qᵀ).
  const Eigen::MatrixXd q = qr.householderQ() * Eigen::MatrixXd::Identity(rows.rows(), rows.cols());
  RelativeFit fit;
  fit.left_out =
      (1 - (rows * solution).array()) / (1 - q.rowwise().squaredNorm().array()).max(1e-12);
  fit.coefficients = solution.array() / scale.transpose().array();
  return fit;
}

/// Relative to the measurement; as a share of the prediction.
std::vector<double> shares_of_predictions(const Eigen::VectorXd& left_out) {
  std::vector<double> shares;
  for (Eigen::Index i = 0; i < left_out.size(); ++i) {
    const double predicted = 1 - left_out(i);
    if (!(predicted > 0)) {
      throw InputError("calibration: without network " + std::to_string(i) +
                       " its prediction is not positive; the fit does not hold");
    }
    shares.push_back(std::abs(left_out(i)) / predicted);
  }
  return shares;
}

bool is_growing(const RelativeFit& fit) {
  return fit.coefficients.size() > 0 && fit.coefficients(0) > 0;
}

/// What the steps of a network read as weights.
double weights_mib(const SearchSpace& space, const NetworkEntry& n) {
  const KernelSet& set = find_kernel_set(n.kernel_set);
  const LayerGraph graph =
      with_precision(lower(decode(space, parse_genotype(space, n.genotype))), n.precision);
  double sum = 0;
  for (const Step& step : execution_steps(graph, set)) {
    sum += step_weights_mib(graph, step, set, n.threads);
  }
  return sum;
}

using Setting = std::tuple<std::string, Precision, int, std::string>;

}  // namespace

AffineFit fit_affine(std::span<const double> sum_us, std::span<const double> measured_us,
                     std::span<const double> weights_mib) {
  require_points(sum_us, measured_us);
  const auto n = static_cast<Eigen::Index>(sum_us.size());
  // Rows divided by the measurement: residuals become relative ones, all targets 1.
  Eigen::MatrixXd rows(n, weights_mib.empty() ? 2 : 3);
  for (Eigen::Index i = 0; i < n; ++i) {
    rows(i, 0) = sum_us[i] / measured_us[i];
    rows(i, 1) = 1 / measured_us[i];
    if (!weights_mib.empty()) rows(i, 2) = weights_mib[i] / measured_us[i];
  }
  const RelativeFit line = fit_rows(rows.leftCols(2));
  const auto [low, high] = std::minmax_element(sum_us.begin(), sum_us.end());
  if (line.coefficients.size() == 0 || *high - *low < 1e-9 * *high) {
    throw InputError("calibration: all networks have the same predicted sum; no line fits");
  }
  if (!is_growing(line)) {
    throw InputError("calibration: measured latency does not grow with the predicted sum (slope " +
                     std::to_string(line.coefficients(0)) + ")");
  }
  const RelativeFit plane = weights_mib.empty() ? RelativeFit() : fit_rows(rows);
  const bool better = is_growing(plane) && plane.spread() < kWorthATerm * line.spread();
  const RelativeFit& best = better ? plane : line;
  AffineFit fit;
  fit.slope = best.coefficients(0);
  fit.intercept_us = best.coefficients(1);
  if (better) fit.us_per_weight_mib = best.coefficients(2) / best.coefficients(0);
  fit.relative_half_width_90 = half_width_90(shares_of_predictions(best.left_out), kStudent90Of6);
  return fit;
}

void calibrate(DeviceProfile& profile, const SearchSpace* space) {
  struct Points {
    std::vector<double> sum_us, measured_us, pass_spread, weights_mib;
  };
  std::map<Setting, Points> settings;
  for (const auto& n : profile.networks) {
    Points& points = settings[{n.space_digest, n.precision, n.threads, n.kernel_set}];
    points.sum_us.push_back(n.predicted_sum_us);
    points.measured_us.push_back(n.statistics.latency_us);
    points.pass_spread.push_back(n.pass_spread);
    if (space != nullptr && n.space_digest == space->digest) {
      points.weights_mib.push_back(weights_mib(*space, n));
    }
  }
  for (const auto& entry : settings) {
    const Setting& setting = entry.first;
    const Points& points = entry.second;
    const auto& [space_digest, precision, threads, kernel_set] = setting;
    if (points.sum_us.size() < kFewestNetworks) continue;
    std::erase_if(profile.calibrations, [&](const Calibration& c) {
      return setting == Setting(c.space_digest, c.precision, c.threads, c.kernel_set);
    });
    try {
      const AffineFit fit = fit_affine(points.sum_us, points.measured_us, points.weights_mib);
      const double drift = median(points.pass_spread);
      profile.calibrations.push_back(
          {space_digest,
           precision,
           threads,
           kernel_set,
           fit.slope,
           fit.intercept_us,
           std::hypot(fit.relative_half_width_90, session_share(drift)),
           static_cast<int>(points.sum_us.size()),
           {{"fit_half_width_90", fit.relative_half_width_90}, {"pass_spread", drift}}});
      if (fit.us_per_weight_mib != 0) {
        profile.calibrations.back().terms[kUsPerWeightMib] = fit.us_per_weight_mib;
      }
    } catch (const InputError&) {
      // No line fits: estimates of this setting keep slope 1 and say that they are uncalibrated.
    }
  }
}

ValidationSummary summarize_validation(std::span<const PredictionRow> rows) {
  if (rows.empty()) throw InputError("validation: no networks were measured");
  ValidationSummary summary;
  summary.networks = static_cast<int>(rows.size());
  std::vector<double> predicted, measured;
  for (const auto& row : rows) {
    if (!(row.measured_us > 0) || !std::isfinite(row.measured_us) ||
        !std::isfinite(row.predicted_us)) {
      throw InputError("validation: a measured or predicted latency is not positive and finite");
    }
    const double error = std::abs(row.predicted_us - row.measured_us) / row.measured_us;
    summary.mape_percent += 100 * error;
    summary.within_5_percent += error <= 0.05 ? 100 : 0;
    summary.within_10_percent += error <= 0.10 ? 100 : 0;
    const bool covered = row.low_us <= row.measured_us && row.measured_us <= row.high_us;
    summary.coverage_90_percent += covered ? 100 : 0;
    predicted.push_back(row.predicted_us);
    measured.push_back(row.measured_us);
  }
  const auto n = static_cast<double>(rows.size());
  summary.mape_percent /= n;
  summary.within_5_percent /= n;
  summary.within_10_percent /= n;
  summary.coverage_90_percent /= n;
  summary.spearman = spearman(predicted, measured);
  return summary;
}

}  // namespace edgefront
