#include "search/indicators.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "search/dominated_region.h"

namespace edgefront {

ObjectiveVector ideal_point(const FlatPoints& points) {
  assert(points.count() > 0);
  ObjectiveVector ideal(points[0].begin(), points[0].end());
  for (int i = 1; i < points.count(); ++i) {
    for (std::size_t k = 0; k < ideal.size(); ++k) ideal[k] = std::min(ideal[k], points[i][k]);
  }
  return ideal;
}

ObjectiveVector nadir_point(const FlatPoints& points) {
  assert(points.count() > 0);
  ObjectiveVector nadir(points.objectives(), -std::numeric_limits<double>::infinity());
  for (const int i : non_dominated(points)) {
    for (std::size_t k = 0; k < nadir.size(); ++k) nadir[k] = std::max(nadir[k], points[i][k]);
  }
  return nadir;
}

ObjectiveVector reference_beyond(const ObjectiveVector& ideal, const ObjectiveVector& nadir,
                                 double margin) {
  ObjectiveVector reference;
  for (std::size_t k = 0; k < ideal.size(); ++k) {
    const double range = nadir[k] - ideal[k];
    reference.push_back(nadir[k] + margin * (range > 0 ? range : 1.0));
  }
  return reference;
}

double igd_plus(const FlatPoints& points, const FlatPoints& target) {
  assert(points.count() > 0 && target.count() > 0);
  double sum = 0;
  for (int t = 0; t < target.count(); ++t) {
    double nearest = std::numeric_limits<double>::infinity();
    for (int i = 0; i < points.count(); ++i) {
      double squares = 0;
      for (std::size_t k = 0; k < points.objectives(); ++k) {
        const double behind = std::max(0.0, points[i][k] - target[t][k]);
        squares += behind * behind;
      }
      nearest = std::min(nearest, squares);
    }
    sum += std::sqrt(nearest);
  }
  return sum / target.count();
}

std::vector<double> scaled(const FlatPoints& points, const ObjectiveVector& ideal,
                           const ObjectiveVector& nadir) {
  std::vector<double> values;
  for (int i = 0; i < points.count(); ++i) {
    for (std::size_t k = 0; k < ideal.size(); ++k) {
      const double range = nadir[k] - ideal[k];
      values.push_back((points[i][k] - ideal[k]) / (range > 0 ? range : 1.0));
    }
  }
  return values;
}

}  // namespace edgefront
