// Pareto dominance and what is built on it, as free functions on values. All objectives minimised.
#pragma once

#include <span>
#include <vector>

namespace edgefront {

using ObjectiveVector = std::vector<double>;

/// a is nowhere worse and somewhere better than b. Equal sizes, no NaN.
bool dominates(std::span<const double> a, std::span<const double> b);

/// Deb's constrained domination (Deb et al. 2002, §VI): feasible over infeasible, smaller violation
/// over larger, else Pareto dominance. Violation 0 = feasible.
bool constrained_dominates(std::span<const double> a, double violation_a, std::span<const double> b,
                           double violation_b);

/// Fronts of indices, best first (fast non-dominated sort, Deb et al. 2002, §III-A); indices ascend
/// in each. `violations` is empty or one per point.
std::vector<std::vector<int>> non_dominated_sort(const std::vector<ObjectiveVector>& points,
                                                 std::span<const double> violations);

/// Crowding distance of each member of a front (§III-B); boundary points get infinity. Ties are
/// broken by index so that the result does not depend on the sort.
std::vector<double> crowding_distance(const std::vector<ObjectiveVector>& points,
                                      std::span<const int> front);

}  // namespace edgefront
