// Knees of a front: members where a little more of one objective would cost much of the others.
#pragma once

#include <vector>

#include "search/dominance.h"

namespace edgefront {

/// The knee of a front in any number of objectives: after scaling each objective to [0, 1] over the
/// front, the member that is farthest on the ideal point's side of the plane through the corners
/// "worst in one objective, best in all others". In two objectives these corners are the front's
/// ends and this is the bulge of Das (1999, "On characterizing the 'knee' of the Pareto curve based
/// on normal-boundary intersection"); in any number it is the least Manhattan distance from the
/// ideal point (Chiu, Yen & Juan 2016, "Minimum Manhattan distance approach to multiple criteria
/// decision making in multiobjective optimization problems"). Das has the plane through the
/// minimisers of the single objectives instead: where costs go together (latency and energy), two
/// of these are one network or nearly so, and the plane is none or points anywhere.
///
/// Index into `front`, the first of equal ones. InputError where it is empty or ragged.
int knee(const std::vector<ObjectiveVector>& front);

/// Up to `count` knees, the first of them knee(). Each further one has the largest expected
/// marginal utility beside those before it (Branke, Deb, Dierolf & Osswald 2004, "Finding knees in
/// multi-objective optimization"): what people whose weights of the scaled objectives are uniform
/// over the simplex would lose in the mean if it were left out. Departs from the paper in taking
/// the utility beside the chosen ones, not beside the whole front, where members that are nearly
/// equal count nothing each. Fewer where nobody would want another: weights do not reach the
/// concave parts of a front. Means over 4,096 fixed weights; same front, same knees.
std::vector<int> knees(const std::vector<ObjectiveVector>& front, int count);

}  // namespace edgefront
