#include "search/covered_space.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace edgefront {
namespace {

bool less_x(const SpacePoint& a, const SpacePoint& b) { return a.x < b.x; }
bool less_z(const SpacePoint& a, const SpacePoint& b) { return a.z < b.z; }

bool covers(const SpacePoint& a, const SpacePoint& b) {
  return a.x <= b.x && a.y <= b.y && a.z <= b.z;
}

}  // namespace

/// Fills `open_` with what is open of the quadrant above `point` in the plane z = point.z; its
/// area.
double CoveredSpace::open_at_bottom(const SpacePoint& point, int except) {
  open_.clear();
  double top = reference_.y;
  std::size_t i = 0;
  for (; i < by_x_.size() && by_x_[i].x <= point.x; ++i) {
    const SpacePoint& other = by_x_[i];
    if (other.z <= point.z && other.y < top && other.id != except) top = other.y;
  }
  if (top <= point.y) return 0;
  double area = 0, left = point.x;
  for (; i < by_x_.size() && top > point.y; ++i) {
    const SpacePoint& other = by_x_[i];
    if (other.z > point.z || other.y >= top) continue;
    open_.push_back({left, top});
    area += (other.x - left) * (top - point.y);
    left = other.x;
    top = std::max(other.y, point.y);
  }
  if (top > point.y) {
    open_.push_back({left, top});
    area += (reference_.x - left) * (top - point.y);
    left = reference_.x;
  }
  open_.push_back({left, point.y});
  return area;
}

/// Closes what lies right of x and above y; returns its area. `floor` is the least y.
double CoveredSpace::cover(double x, double y, double floor) {
  if (x >= open_.back().x || y >= open_.front().y) return 0;
  std::size_t first = open_.size() - 2;  // the column of x
  while (open_[first].x > x) --first;
  if (open_[first].y <= y) return 0;
  double area = 0, left = x;
  std::size_t last = first;  // behind the columns that reach above y
  for (; last + 1 < open_.size() && open_[last].y > y; ++last) {
    area += (open_[last + 1].x - left) * (open_[last].y - y);
    left = open_[last + 1].x;
  }
  // Columns first … last − 1 give way to at most two: what is left of x, and a lower one. Where y
  // is the floor nothing is open right of x, and the closing column moves there.
  if (y <= floor) last = open_.size();
  const std::size_t keep = open_[first].x < x ? first + 1 : first;
  if (keep == last) {
    open_.insert(open_.begin() + static_cast<std::ptrdiff_t>(keep), {x, y});
  } else {
    open_[keep] = {x, y};
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(keep) + 1,
                open_.begin() + static_cast<std::ptrdiff_t>(last));
  }
  return area;
}

double CoveredSpace::uncovered(const SpacePoint& point, int except) {
  double area = open_at_bottom(point, except);
  if (open_.empty()) return 0;
  double volume = 0, z = point.z;
  for (auto other = std::upper_bound(by_z_.begin(), by_z_.end(), point, less_z);
       other != by_z_.end(); ++other) {
    const double closed = cover(std::max(other->x, point.x), std::max(other->y, point.y), point.y);
    if (closed == 0) continue;
    volume += area * (other->z - z);
    z = other->z;
    if (open_.size() < 2) return volume;
    area -= closed;
  }
  return volume + area * (reference_.z - z);
}

void CoveredSpace::insert(const SpacePoint& point) {
  const auto leaves = [&](const SpacePoint& other) { return covers(point, other); };
  const auto erased = [&](std::vector<SpacePoint>& points, auto first) {
    const auto end = std::remove_if(first, points.end(), leaves);
    const bool any = end != points.end();
    points.erase(end, points.end());
    return any;
  };
  const auto from_x = std::lower_bound(by_x_.begin(), by_x_.end(), point, less_x);
  if (erased(by_x_, from_x)) erased(by_z_, by_z_.begin());
  by_x_.insert(std::upper_bound(by_x_.begin(), by_x_.end(), point, less_x), point);
  by_z_.insert(std::upper_bound(by_z_.begin(), by_z_.end(), point, less_z), point);
}

void CoveredSpace::insert_all(std::vector<SpacePoint> points) {
  by_x_ = points;
  by_z_ = std::move(points);
  std::stable_sort(by_x_.begin(), by_x_.end(), less_x);
  std::stable_sort(by_z_.begin(), by_z_.end(), less_z);
}

}  // namespace edgefront
