#include "search/expected_hypervolume.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/hypervolume.h"

namespace edgefront {

double expected_shortfall(double threshold, double mean, double deviation) {
  if (threshold == -std::numeric_limits<double>::infinity()) return 0;
  const double gap = threshold - mean;
  if (deviation <= 0) return std::max(0.0, gap);
  const double z = gap / deviation;
  const double density = 0.3989422804014327 * std::exp(-0.5 * z * z);
  return gap * 0.5 * std::erfc(-z * 0.7071067811865476) + deviation * density;
}

ImprovementFront::ImprovementFront(std::vector<ObjectiveVector> points, ObjectiveVector reference)
    : reference_(std::move(reference)) {
  for (ObjectiveVector& point : points) {
    bool inside = true;
    for (std::size_t i = 0; i < point.size(); ++i) inside = inside && point[i] < reference_[i];
    if (inside) points_.push_back(std::move(point));
  }
  std::sort(points_.begin(), points_.end());
  std::vector<ObjectiveVector> kept;  // a point is dominated by, or equal to, earlier ones only
  for (ObjectiveVector& point : points_) {
    const bool needless = std::any_of(kept.begin(), kept.end(), [&](const ObjectiveVector& other) {
      return other == point || dominates(other, point);
    });
    if (!needless) kept.push_back(std::move(point));
  }
  points_ = std::move(kept);
}

std::vector<ImprovementStep> ImprovementFront::steps(std::span<const double> costs) const {
  const std::size_t dimensions = costs.size();
  const std::span<const double> limits(reference_.begin() + 1, reference_.end());
  double box = 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    if (costs[i] >= limits[i]) return {};
    box *= limits[i] - costs[i];
  }
  std::vector<ImprovementStep> steps;
  std::vector<ObjectiveVector> clipped;  // what the members so far leave of the candidate's box
  ImprovementStep step{-std::numeric_limits<double>::infinity(), reference_[0], box};
  for (const ObjectiveVector& member : points_) {
    ObjectiveVector corner(member.begin() + 1, member.end());
    for (std::size_t i = 0; i < dimensions; ++i) corner[i] = std::max(corner[i], costs[i]);
    double volume = 0;
    if (dimensions == 1) {
      volume = std::min(step.volume, corner[0] - costs[0]);
    } else if (dimensions > 1) {
      if (std::any_of(clipped.begin(), clipped.end(), [&](const ObjectiveVector& c) {
            return c == corner || dominates(c, corner);
          })) {
        continue;
      }
      std::erase_if(clipped, [&](const ObjectiveVector& c) { return dominates(corner, c); });
      clipped.push_back(std::move(corner));
      volume = std::max(0.0, box - hypervolume(clipped, limits));
    }
    if (volume >= step.volume) continue;
    step.high = member[0];
    if (step.high > step.low) steps.push_back(step);
    step = {member[0], reference_[0], volume};
    if (volume <= 0) return steps;
  }
  steps.push_back(step);
  return steps;
}

double ImprovementFront::box() const {
  if (points_.empty()) return 1;
  double volume = 1;
  for (std::size_t i = 0; i < reference_.size(); ++i) {
    double ideal = reference_[i];
    for (const ObjectiveVector& point : points_) ideal = std::min(ideal, point[i]);
    volume *= reference_[i] - ideal;
  }
  return volume > 0 ? volume : 1;
}

double expected_improvement(std::span<const ImprovementStep> steps, double mean, double deviation) {
  double sum = 0, below = 0;
  for (std::size_t k = 0; k < steps.size(); ++k) {
    if (k == 0) below = expected_shortfall(steps[k].low, mean, deviation);
    const double above = expected_shortfall(steps[k].high, mean, deviation);
    sum += steps[k].volume * (above - below);
    below = above;  // the next step begins where this one ends
  }
  return sum;
}

}  // namespace edgefront
