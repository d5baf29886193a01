// Pareto dominance and what is built on it, as free functions on values. All objectives minimised.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace edgefront {

using ObjectiveVector = std::vector<double>;

/// Points one after another in one array, `objectives` numbers each: a view for what must be fast.
class FlatPoints {
 public:
  explicit FlatPoints(std::span<const double> values, std::size_t objectives)
      : values_(values), objectives_(objectives) {}

  std::size_t objectives() const { return objectives_; }
  int count() const { return static_cast<int>(values_.size() / objectives_); }
  std::span<const double> operator[](int i) const {
    return values_.subspan(static_cast<std::size_t>(i) * objectives_, objectives_);
  }

 private:
  std::span<const double> values_;
  std::size_t objectives_;  ///< ≥ 1
};

/// The values of `points`, each of `objectives` numbers, for FlatPoints.
std::vector<double> flatten(const std::vector<ObjectiveVector>& points, std::size_t objectives);

/// a is nowhere worse and somewhere better than b. Equal sizes, no NaN.
bool dominates(std::span<const double> a, std::span<const double> b);

/// Deb's constrained domination (Deb et al. 2002, §VI): feasible over infeasible, smaller violation
/// over larger, else Pareto dominance. Violation 0 = feasible.
bool constrained_dominates(std::span<const double> a, double violation_a, std::span<const double> b,
                           double violation_b);

/// Fronts of indices, best first, by non_dominated_ranks(); indices ascend in each. `violations` is
/// empty or one per point.
std::vector<std::vector<int>> non_dominated_sort(const std::vector<ObjectiveVector>& points,
                                                 std::span<const double> violations);

/// Crowding distance of each member of a front (§III-B); boundary points get infinity. Ties are
/// broken by index so that the result does not depend on the sort.
std::vector<double> crowding_distance(const std::vector<ObjectiveVector>& points,
                                      std::span<const int> front);

}  // namespace edgefront
