// Points and numbers that describe a front: its corners, its scale, and how near it is to another.
#pragma once

#include <span>
#include <vector>

#include "search/dominance.h"

namespace edgefront {

/// The best value of each objective over `points`; there is at least one.
ObjectiveVector ideal_point(const FlatPoints& points);

/// The worst value of each objective over the non-dominated of `points`: dominated ones do not
/// widen it. Where one point is best in all objectives this is the ideal point.
ObjectiveVector nadir_point(const FlatPoints& points);

/// A reference for the hypervolume: beyond the nadir by `margin` of the range from ideal to nadir
/// in each objective (Ishibuchi et al. 2018, "How to specify a reference point in hypervolume
/// calculation": 1 / (number of points − 1) for an even front of a line), or by `margin` itself
/// where the range is 0, so that the ends of the front count.
ObjectiveVector reference_beyond(const ObjectiveVector& ideal, const ObjectiveVector& nadir,
                                 double margin);

/// IGD+ (Ishibuchi et al. 2015, "Modified distance calculation in generational distance and
/// inverted generational distance"): the mean over `target` of how far the nearest of `points` is
/// behind, where only objectives in which it is worse count. 0 if everything is reached; it never
/// grows as points improve. Objectives should be of one scale: see scaled(). Neither is empty.
double igd_plus(const FlatPoints& points, const FlatPoints& target);

/// Values with `ideal` at 0 and `nadir` at 1 in each objective; those of an objective without range
/// stay as far from `ideal` as they are.
std::vector<double> scaled(const FlatPoints& points, const ObjectiveVector& ideal,
                           const ObjectiveVector& nadir);

}  // namespace edgefront
