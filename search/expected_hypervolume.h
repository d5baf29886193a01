// Expected hypervolume improvement of a candidate of which only some objectives are uncertain.
//
// For one uncertain objective e and exact costs c the improvement of (e, c) over a front is
// ∫ from e to the reference of A(t) dt, where A(t) is the volume, in the space of the costs, that c
// dominates and no member with error ≤ t does. A is a falling staircase with one step per member,
// so with e ~ N(μ, σ²) the expectation is a finite sum of A_k (EI(u_k) − EI(l_k)), EI(t) =
// E[max(0, t − e)]: the closed form of Emmerich, Deutz & Klinkenberg 2011 with all but one of its
// dimensions degenerate. More uncertain objectives: see ehvi.h.
#pragma once

#include <span>
#include <vector>

#include "search/dominance.h"

namespace edgefront {

/// E[max(0, threshold − e)] for e ~ N(mean, deviation²); deviation ≥ 0.
double expected_shortfall(double threshold, double mean, double deviation);

/// One step of A: `volume` for errors between `low` (−∞ for the first) and `high`.
struct ImprovementStep {
  double low = 0, high = 0, volume = 0;
};

/// A front, prepared for many candidates. Points are {error, cost 1, cost 2, …}; what does not
/// strictly dominate `reference` counts nothing.
class ImprovementFront {
 public:
  ImprovementFront(std::vector<ObjectiveVector> points, ObjectiveVector reference);
  /// The steps of a candidate with these costs, low errors first; empty where costs leave the box
  /// or a member is better at any error. One cost: O(members); more: hypervolumes of one dimension
  /// less than the front's.
  std::vector<ImprovementStep> steps(std::span<const double> costs) const;
  /// Volume of the box from the ideal of the points to the reference; 1 where there is no box.
  double box() const;

 private:
  std::vector<ObjectiveVector> points_;  ///< non-dominated, by ascending error
  ObjectiveVector reference_;
};

double expected_improvement(std::span<const ImprovementStep> steps, double mean, double deviation);

}  // namespace edgefront
