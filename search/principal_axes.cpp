#include "search/principal_axes.h"

#include <Eigen/Dense>
#include <cmath>

namespace edgefront {
namespace {

constexpr double kLeastVariance = 1e-3;  ///< of the widest axis'

}  // namespace

PrincipalAxes::PrincipalAxes(const std::vector<std::span<const double>>& rows) {
  const auto numbers = static_cast<Eigen::Index>(rows[0].size());
  Eigen::MatrixXd moments = Eigen::MatrixXd::Zero(numbers, numbers);
  double used = 0;
  for (const std::span<const double> row : rows) {
    const Eigen::Map<const Eigen::VectorXd> values(row.data(), numbers);
    if (!values.allFinite()) continue;
    moments += values * values.transpose();
    ++used;
  }
  if (used > 0) moments /= used;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(moments);  // ascending
  const double widest = solver.eigenvalues()[numbers - 1];
  const double deviation = widest > 0 ? std::sqrt(widest) : 1;
  for (Eigen::Index k = numbers - 1; k >= 0; --k) {
    if (k < numbers - 1 && solver.eigenvalues()[k] < kLeastVariance * widest) break;
    std::vector<double>& axis = axes_.emplace_back();
    for (Eigen::Index j = 0; j < numbers; ++j) {
      axis.push_back(solver.eigenvectors()(j, k) / deviation);
    }
  }
}

std::vector<double> PrincipalAxes::operator()(std::span<const double> numbers) const {
  std::vector<double> coordinates;
  for (const std::vector<double>& axis : axes_) {
    double sum = 0;
    for (std::size_t j = 0; j < axis.size(); ++j) sum += axis[j] * numbers[j];
    coordinates.push_back(sum);
  }
  return coordinates;
}

}  // namespace edgefront
