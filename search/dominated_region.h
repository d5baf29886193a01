// The region that a growing set of points dominates: what an archive asks before it takes a point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "search/dominance.h"

namespace edgefront {

/// Points never leave: who leaves an archive is dominated by the one that came, and whatever the
/// former covers the latter covers too. So dominated points may be forgotten (by building anew) and
/// need not be found.
///
/// Up to two objectives: a sorted staircase. More: a tree of boxes with the lower corner of each,
/// as the ND-tree (Jaszkiewicz & Lust 2018, "ND-tree-based update: a fast algorithm for the dynamic
/// nondominance problem"). It departs from the paper in cutting boxes at medians, objectives in
/// turn, which needs no scale; in keeping no upper corners, since nothing is removed; and in
/// building a part anew that has grown one-sided, so that sorted input leaves it balanced.
class DominatedRegion {
 public:
  explicit DominatedRegion(std::size_t objectives) : objectives_(objectives) {}

  /// Some point so far is nowhere above `point`.
  bool covers(std::span<const double> point) const;
  /// `point` is not covered.
  void insert(std::span<const double> point);

 private:
  struct Step {
    double x, y;
  };
  struct Node {
    double split = 0;  ///< left: below it in objective `axis`; right: the others
    std::int32_t left = -1, right = -1;
    std::int32_t leaf = -1;  ///< where its points stand; −1: it has children
    std::int32_t axis = 0;   ///< of a leaf: the one to be cut first
    std::int32_t size = 0;   ///< points below
    std::int32_t built = 0;  ///< size when it was last made
  };
  using Rows = std::span<const double*>;

  double* corner(std::int32_t node) { return &corners_[std::size_t(node) * objectives_]; }
  double* place(const Node& leaf, std::int32_t i);
  bool covers_below(std::int32_t node, const double* point) const;
  void insert_in_tree(const double* point);
  /// Makes what hangs below `node` of `rows`, which do not lie in the tree.
  void build(std::int32_t node, Rows rows, std::size_t axis);
  /// The same from the points that are there and one more.
  void rebuild(std::int32_t node, const double* more);
  /// Takes the points below `node` out of the tree.
  void release(std::int32_t node, std::vector<double>& values);
  std::int32_t new_node();
  std::int32_t new_leaf();

  std::size_t objectives_;
  std::vector<Step> steps_;  ///< x rises, y falls
  std::vector<Node> nodes_;  ///< the first is the root
  std::vector<double> corners_, leaves_;
  std::vector<std::int32_t> free_nodes_, free_leaves_;
};

/// Which points nothing dominates, ascending; of equal points the first.
std::vector<int> non_dominated(const FlatPoints& points);

}  // namespace edgefront
