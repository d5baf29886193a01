// How the members of a population stand to each other, on one front or on several.
#pragma once

#include <vector>

#include "search/dominance.h"
#include "search/search_algorithm.h"

namespace edgefront {

/// Problem::fronts, or one front over all objectives.
std::vector<std::vector<int>> objective_fronts(const Problem& problem);

/// The objectives with these indices of each evaluation.
std::vector<ObjectiveVector> points_of(const std::vector<Evaluation>& pool,
                                       const std::vector<int>& objectives);
std::vector<double> violations_of(const std::vector<Evaluation>& pool);

/// A member's place: front 0 is the best; among equal ranks a larger `spread` (crowding distance,
/// hypervolume contribution) is better.
struct Standing {
  int rank = 0;
  double spread = 0;
};

/// The crowded-comparison operator (Deb et al. 2002, §III-B).
inline bool stands_before(const Standing& a, const Standing& b) {
  return a.rank != b.rank ? a.rank < b.rank : a.spread > b.spread;
}

/// Spread of each member of a front (indices into the points).
using SpreadOf = std::vector<double> (*)(const std::vector<ObjectiveVector>& points,
                                         std::span<const int> front);

/// The best standing of each evaluation over all `fronts`, under constrained dominance: of its
/// ranks the lowest, and the largest spread among the fronts where it has that rank. What is on the
/// first front of one device stays whatever the others say, and no device's front is favoured, as
/// an average of ranks would favour points that are middling everywhere.
std::vector<Standing> standings(const std::vector<Evaluation>& pool,
                                const std::vector<std::vector<int>>& fronts, SpreadOf spread);

}  // namespace edgefront
