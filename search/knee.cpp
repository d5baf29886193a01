#include "search/knee.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "space/error.h"
#include "space/random.h"

namespace edgefront {
namespace {

constexpr int kWeights = 4'096;

/// Each objective from 0 to 1 over the front, 0 where all have the same value.
std::vector<ObjectiveVector> scaled_front(const std::vector<ObjectiveVector>& front) {
  if (front.empty()) throw InputError("knee: the front is empty");
  ObjectiveVector low = front[0], high = front[0];
  for (const ObjectiveVector& point : front) {
    if (point.size() != low.size()) {
      throw InputError("knee: a member has " + std::to_string(point.size()) +
                       " objectives, the first has " + std::to_string(low.size()));
    }
    for (std::size_t m = 0; m < low.size(); ++m) {
      low[m] = std::min(low[m], point[m]);
      high[m] = std::max(high[m], point[m]);
    }
  }
  std::vector<ObjectiveVector> scaled = front;
  for (ObjectiveVector& point : scaled) {
    for (std::size_t m = 0; m < low.size(); ++m) {
      point[m] = high[m] > low[m] ? (point[m] - low[m]) / (high[m] - low[m]) : 0;
    }
  }
  return scaled;
}

/// Scaled, the corners are the unit vectors: the distance from their plane grows as the sum falls.
int least_sum(const std::vector<ObjectiveVector>& scaled) {
  int best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < scaled.size(); ++i) {
    const double sum = std::accumulate(scaled[i].begin(), scaled[i].end(), 0.0);
    if (sum < least) best = static_cast<int>(i), least = sum;
  }
  return best;
}

/// Uniform over the simplex: exponential numbers over their sum.
std::vector<ObjectiveVector> simplex_sample(std::size_t objectives) {
  RandomStream random(0, 0);
  std::vector<ObjectiveVector> weights(kWeights, ObjectiveVector(objectives));
  for (ObjectiveVector& weight : weights) {
    for (double& w : weight) w = -std::log(1 - random.uniform());
    const double sum = std::accumulate(weight.begin(), weight.end(), 0.0);
    for (double& w : weight) w /= sum;
  }
  return weights;
}

double cost(const ObjectiveVector& weight, const ObjectiveVector& point) {
  return std::inner_product(weight.begin(), weight.end(), point.begin(), 0.0);
}

}  // namespace

int knee(const std::vector<ObjectiveVector>& front) { return least_sum(scaled_front(front)); }

std::vector<int> knees(const std::vector<ObjectiveVector>& front, int count) {
  const std::vector<ObjectiveVector> scaled = scaled_front(front);
  const std::vector<ObjectiveVector> weights = simplex_sample(scaled[0].size());
  std::vector<double> least(weights.size(), std::numeric_limits<double>::infinity());
  std::vector<int> chosen;
  int next = least_sum(scaled);
  while (next >= 0 && static_cast<int>(chosen.size()) < count) {
    chosen.push_back(next);
    for (std::size_t k = 0; k < weights.size(); ++k) {
      least[k] = std::min(least[k], cost(weights[k], scaled[next]));
    }
    next = -1;
    double most = 0;
    for (std::size_t i = 0; i < scaled.size(); ++i) {
      double gain = 0;
      for (std::size_t k = 0; k < weights.size(); ++k) {
        gain += std::max(0.0, least[k] - cost(weights[k], scaled[i]));
      }
      if (gain > most) next = static_cast<int>(i), most = gain;
    }
  }
  return chosen;
}

}  // namespace edgefront
