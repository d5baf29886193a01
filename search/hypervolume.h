// Exact hypervolume (Zitzler & Thiele 1998): the measure of what a set dominates, up to a reference
// point.
#pragma once

#include <span>
#include <vector>

#include "search/dominance.h"

namespace edgefront {

/// 1, 2 and 3 objectives: sweep, O(n log n) in 2-D and, with a balanced tree per slab, O(n log n)
/// in 3-D (Beume et al. 2009, "On the complexity of computing the hypervolume indicator"). More
/// objectives: InputError. Points that do not strictly dominate the reference contribute nothing.
double hypervolume(const std::vector<ObjectiveVector>& points, std::span<const double> reference);

/// The knee of a two-objective front: the largest distance to the line through its ends, after
/// scaling both objectives to [0, 1] over the front (Das 1999). Index into `front`; it must not be
/// empty.
int knee(const std::vector<ObjectiveVector>& front);

}  // namespace edgefront
