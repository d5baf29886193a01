// Non-dominated sorting: the number of the front to which each point belongs.
#pragma once

#include <span>
#include <vector>

#include "search/dominance.h"

namespace edgefront {

/// 0 for the non-dominated points, 1 for those that only these dominate, …; equal points have equal
/// ranks. No NaN.
///
/// The points come in lexicographic order, and a binary search over the fronts made so far finds
/// the first one that has nobody who dominates the point (ENS-BS, Zhang et al. 2015, "An efficient
/// approach to nondominated sorting for evolutionary multiobjective optimization"). What is asked
/// of a front depends on the number of objectives that are left once the order has settled the
/// first:
/// - one: its smallest value; O(n log n) in all (Jensen 2003, "Reducing the run-time complexity of
///   multiobjective EAs");
/// - two: a binary search in its staircase; O(n log² n) comparisons;
/// - three: staircases of two objectives over ranges of the third, in the nodes of a Fenwick tree
///   (1994, "A new data structure for cumulative frequency tables"), and a scan of one range;
/// - more: a scan of its members, last come first, as in the paper; O(m n²) at worst.
std::vector<int> non_dominated_ranks(const FlatPoints& points);

/// The same under Deb's constrained domination: a smaller violation beats a larger one, whatever
/// the objectives. `violations` is empty or one per point.
std::vector<int> non_dominated_ranks(const FlatPoints& points, std::span<const double> violations);

}  // namespace edgefront
