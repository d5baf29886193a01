// Evenly spread directions in objective space, and choosing points along them: the niching of
// NSGA-III as free functions on values.
#pragma once

#include <vector>

#include "search/dominance.h"
#include "space/random.h"

namespace edgefront {

/// The most divisions for which a simplex lattice has at most `most` points (Das & Dennis 1998); 0
/// where even one division has more.
int lattice_divisions(int objectives, int most);

/// At most `most` directions with components ≥ 0 that sum to 1, as many as the lattices give: one
/// lattice, or, where its divisions would be fewer than the objectives and it would have no inner
/// point, one and inside it one of half the size with a division less (Deb & Jain 2014, §IV-A). At
/// least the axes, also where they are more than `most`.
std::vector<ObjectiveVector> reference_directions(int objectives, int most);

/// What the normalisation remembers from one selection to the next: the best value of each
/// objective, and the point that is extreme along each axis.
struct NichingMemory {
  ObjectiveVector ideal;
  std::vector<ObjectiveVector> extremes;
};

/// The best `size` of `points` (indices, best first): whole fronts, then of the front that does not
/// fit one point after another for the direction with the fewest (Deb & Jain 2014, "An evolutionary
/// many-objective optimization algorithm using reference-point-based nondominated sorting approach,
/// part I", algorithms 1 to 4). Infeasible points come after the feasible ones, by violation (part
/// II). Ties are drawn from `random`.
std::vector<int> select_by_directions(const std::vector<ObjectiveVector>& points,
                                      const std::vector<double>& violations,
                                      const std::vector<ObjectiveVector>& directions,
                                      std::size_t size, NichingMemory& memory,
                                      RandomStream& random);

}  // namespace edgefront
