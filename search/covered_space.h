// What a set of points of space dominates, and how much of it a further point would add: the inner
// step of the hypervolume in four dimensions and of contributions in three.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace edgefront {

struct SpacePoint {
  double x = 0, y = 0, z = 0;
};

/// The update of HV4D+ (Guerreiro & Fonseca 2018, "Computing and updating hypervolume contributions
/// in up to four dimensions"): a sweep over z that closes, column by column, what the point leaves
/// open. Departs from the paper in what is swept: not all points in linked lists, but the few that
/// reach into the box that the point's nearest neighbours leave. These are found by running over
/// 16-bit keys of all points, many at once, so that a point costs O(n) with a small constant, and
/// more only where it has many such neighbours.
class CoveredSpace {
 public:
  /// Points are covered up to `reference`; all that come are strictly below it and nowhere below
  /// `lowest`.
  CoveredSpace(const SpacePoint& lowest, const SpacePoint& reference);

  /// The volume that `point` dominates and no point of the set does.
  double uncovered(const SpacePoint& point);
  /// Points that `point` dominates or equals leave.
  void insert(const SpacePoint& point);
  /// Keeps it, and all that it dominates.
  void append(const SpacePoint& point);
  /// The volume that point `i`, in the order of append(), dominates and no other does. For sets
  /// that nothing was inserted into.
  double contribution(std::size_t i);

 private:
  /// Between x and the next column, what lies below y is open.
  struct Column {
    double x, y;
  };

  /// A coordinate, rounded: a smaller key is a smaller coordinate, an equal one may be either; but
  /// 0 is the lowest itself, which many points may share.
  using Key = std::int16_t;
  struct Keys {
    Key x, y, z;
  };
  static constexpr Key kLargest = std::numeric_limits<Key>::max() - 1;
  static constexpr Key kEmpty = std::numeric_limits<Key>::max();  ///< no point here
  static constexpr int kLanes = 16;                               ///< a loop of fixed length
  static constexpr Key kLastBit = std::numeric_limits<Key>::min();
  using Lanes = std::array<Key, kLanes>;
  struct Block {
    Lanes x, y, z;
  };

  Keys keys_of(const SpacePoint& point) const;
  Keys box_above(Keys end) const;
  static unsigned zeros(Lanes lanes);
  void find_near(Keys corner);
  void set_keys(std::size_t i, const Keys& keys);
  void remove(std::size_t i);
  double cover(double x, double y, double floor);

  SpacePoint lowest_, reference_;
  SpacePoint scale_;                ///< keys per unit
  std::vector<SpacePoint> points_;  ///< in no order
  std::vector<Block> blocks_;       ///< their keys
  std::vector<SpacePoint> near_;    ///< those of the point in hand, by z
  std::vector<Column> open_;        ///< x rises, y falls; the last closes the others
};

}  // namespace edgefront
