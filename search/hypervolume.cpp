#include "search/hypervolume.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <string>

#include "space/error.h"

namespace edgefront {
namespace {

/// The area that a set of points of the plane dominates below `reference`, kept up to date as
/// points come: a staircase of x → y with x rising and y falling.
class Staircase {
 public:
  Staircase(double reference_x, double reference_y)
      : reference_x_(reference_x), reference_y_(reference_y) {}

  double area() const { return area_; }

  void insert(double x, double y) {
    auto next = steps_.upper_bound(x);
    double top = reference_y_;  // height of the staircase right of x before the insertion
    if (next != steps_.begin()) {
      const auto before = std::prev(next);
      if (before->second <= y) return;
      top = before->second;
      if (before->first == x) steps_.erase(before);
    }
    double left = x;
    while (next != steps_.end() && next->second >= y) {
      area_ += (next->first - left) * (top - y);
      left = next->first;
      top = next->second;
      next = steps_.erase(next);
    }
    const double right = next == steps_.end() ? reference_x_ : next->first;
    area_ += (right - left) * (top - y);
    steps_.emplace(x, y);
  }

 private:
  double reference_x_, reference_y_, area_ = 0;
  std::map<double, double> steps_;
};

/// Fewer than three objectives are a slab of thickness one, so that one sweep serves all.
struct SweepPoint {
  double z = 0, x = 0, y = 0;
  auto operator<=>(const SweepPoint&) const = default;
};

SweepPoint embed(std::span<const double> v) {
  return {v.size() > 2 ? v[2] : 0.0, v[0], v.size() > 1 ? v[1] : 0.0};
}

}  // namespace

double hypervolume(const std::vector<ObjectiveVector>& points, std::span<const double> reference) {
  const std::size_t m = reference.size();
  if (m < 1 || m > 3) {
    throw InputError("hypervolume: " + std::to_string(m) + " objectives; 1, 2 or 3 are accepted");
  }
  std::vector<SweepPoint> inside;
  for (const ObjectiveVector& point : points) {
    assert(point.size() == m);
    bool strictly = true;
    for (std::size_t i = 0; i < m; ++i) strictly = strictly && point[i] < reference[i];
    if (strictly) inside.push_back(embed(point));
  }
  // A total order, so that rounding does not depend on the order of the input.
  std::sort(inside.begin(), inside.end());
  const SweepPoint corner{m > 2 ? reference[2] : 1.0, reference[0], m > 1 ? reference[1] : 1.0};
  Staircase staircase(corner.x, corner.y);
  double volume = 0, z = corner.z;
  for (const SweepPoint& point : inside) {
    volume += staircase.area() * (point.z - z);  // the first term is 0: nothing is covered yet
    staircase.insert(point.x, point.y);
    z = point.z;
  }
  return volume + staircase.area() * (corner.z - z);
}

int knee(const std::vector<ObjectiveVector>& front) {
  if (front.empty()) throw InputError("knee: the front is empty");
  std::array<double, 2> low{}, high{};
  for (std::size_t i = 0; i < front.size(); ++i) {
    if (front[i].size() != 2) {
      throw InputError("knee: " + std::to_string(front[i].size()) + " objectives; 2 are accepted");
    }
    for (int m = 0; m < 2; ++m) {
      low[m] = i == 0 ? front[i][m] : std::min(low[m], front[i][m]);
      high[m] = i == 0 ? front[i][m] : std::max(high[m], front[i][m]);
    }
  }
  // Scaled, the ends are (0, 1) and (1, 0): the distance to their line grows as x + y falls.
  int best = 0;
  double best_sum = 0;
  for (std::size_t i = 0; i < front.size(); ++i) {
    double sum = 0;
    for (int m = 0; m < 2; ++m) {
      if (high[m] > low[m]) sum += (front[i][m] - low[m]) / (high[m] - low[m]);
    }
    if (i == 0 || sum < best_sum) {
      best = static_cast<int>(i);
      best_sum = sum;
    }
  }
  return best;
}

}  // namespace edgefront
