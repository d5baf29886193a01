#include "search/replicate_sums.h"

#include <algorithm>
#include <cmath>

namespace edgefront {
namespace {

constexpr double kStatedDegrees = 10;

/// Squares around the mean, from sums of differences.
double squares_within(const Replicates& network, std::size_t m) {
  const double n = network.answers;
  return std::max(0.0, network.squares[m] - network.sum[m] * network.sum[m] / n);
}

}  // namespace

ObjectiveVector Replicates::mean() const {
  ObjectiveVector mean = first;
  for (std::size_t m = 0; m < mean.size(); ++m) mean[m] += sum[m] / answers;
  return mean;
}

PooledNoise::PooledNoise(std::vector<double> stated)
    : stated_(std::move(stated)), within_(stated_.size(), 0.0) {}

void PooledNoise::add(Replicates& network, const ObjectiveVector& objectives, double violation,
                      const std::vector<double>& standard_errors) {
  if (network.answers == 0) {
    network.first = objectives;
    network.sum.assign(objectives.size(), 0.0);
    network.squares = network.stated_variance_sum = network.sum;
  } else {
    ++degrees_;
  }
  for (std::size_t m = 0; m < objectives.size(); ++m) {
    if (network.answers > 0) within_[m] -= squares_within(network, m);
    const double difference = objectives[m] - network.first[m];
    network.sum[m] += difference;
    network.squares[m] += difference * difference;
    if (!standard_errors.empty()) {
      network.stated_variance_sum[m] += standard_errors[m] * standard_errors[m];
    }
  }
  ++network.answers;
  network.violation_sum += violation;
  for (std::size_t m = 0; m < objectives.size(); ++m) {
    within_[m] = std::max(0.0, within_[m] + squares_within(network, m));
  }
}

std::vector<double> PooledNoise::noise(const Replicates& network) const {
  std::vector<double> noise(stated_.size(), 0.0);
  for (std::size_t m = 0; m < noise.size(); ++m) {
    const double weight = stated_[m] > 0 ? kStatedDegrees : 0;
    const double degrees = weight + double(degrees_);
    double variance = 0;
    if (weight > 0 || degrees_ >= kEnough) {
      variance = (weight * stated_[m] * stated_[m] + within_[m]) / degrees;
    }
    variance = std::max(variance, network.stated_variance_sum[m] / network.answers);
    noise[m] = std::sqrt(variance);
  }
  return noise;
}

std::vector<double> PooledNoise::standard_error(const Replicates& network) const {
  std::vector<double> error = noise(network);
  for (double& value : error) value /= std::sqrt(double(network.answers));
  return error;
}

bool PooledNoise::known(const Replicates& network) const {
  const auto positive = [](double value) { return value > 0; };
  return degrees_ >= kEnough || std::any_of(stated_.begin(), stated_.end(), positive) ||
         std::any_of(network.stated_variance_sum.begin(), network.stated_variance_sum.end(),
                     positive);
}

}  // namespace edgefront
