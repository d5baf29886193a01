// What a set of points of space dominates, and how much of it a further point would add: the inner
// step of the hypervolume in four dimensions and of contributions in three.
#pragma once

#include <limits>
#include <vector>

namespace edgefront {

struct SpacePoint {
  double x = 0, y = 0, z = 0;
  int id = 0;
};

/// The update of HV4D+ (Guerreiro & Fonseca 2018, "Computing and updating hypervolume contributions
/// in up to four dimensions"): a sweep over z in time linear in the points, but for the length of
/// the staircase that is left open. Departs from the paper in holding the points in two sorted
/// arrays and the open staircase in a third, not in linked lists with a neighbour per direction.
class CoveredSpace {
 public:
  /// Points are covered up to `reference`; all that come are strictly below it.
  explicit CoveredSpace(const SpacePoint& reference) : reference_(reference) {}

  /// The volume that `point` dominates and no point of the set but `except` (an id) does.
  double uncovered(const SpacePoint& point, int except = std::numeric_limits<int>::min());
  /// Points that `point` dominates or equals leave.
  void insert(const SpacePoint& point);
  /// Keeps them all, dominated or not; the set was empty.
  void insert_all(std::vector<SpacePoint> points);

 private:
  /// Between x and the next column, what lies below y is open.
  struct Column {
    double x, y;
  };

  double open_at_bottom(const SpacePoint& point, int except);
  double cover(double x, double y, double floor);

  SpacePoint reference_;
  std::vector<SpacePoint> by_x_, by_z_;
  std::vector<Column> open_;  ///< x rises, y falls; the last closes the others
};

}  // namespace edgefront
