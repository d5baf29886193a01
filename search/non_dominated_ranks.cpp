#include "search/non_dominated_ranks.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>

#include "search/dense_ranks.h"

namespace edgefront {
namespace {

using Rank = std::int32_t;

/// The first of `fronts` fronts with nobody who dominates; if one has somebody, all before it do.
template <typename Dominated>
std::size_t first_free(std::size_t fronts, const Dominated& dominated) {
  std::size_t low = 0;
  while (fronts > 0) {
    const std::size_t half = fronts / 2;
    if (dominated(low + half)) {
      low += half + 1;
      fronts -= half + 1;
    } else {
      fronts = half;
    }
  }
  return low;
}

/// The lower left border of points of the plane.
class Staircase {
 public:
  /// Some point is nowhere above (x, y).
  bool covers(Rank x, Rank y) const { return steps_[last_until(x)].y <= y; }

  void insert(Rank x, Rank y) {
    const std::size_t before = last_until(x);
    if (steps_[before].y <= y) return;
    const std::size_t first = steps_[before].x == x ? before : before + 1;
    std::size_t last = first;
    while (last < steps_.size() && steps_[last].y >= y) ++last;
    if (first == last) {
      steps_.insert(steps_.begin() + static_cast<std::ptrdiff_t>(first), {x, y});
    } else {
      steps_[first] = {x, y};
      steps_.erase(steps_.begin() + static_cast<std::ptrdiff_t>(first) + 1,
                   steps_.begin() + static_cast<std::ptrdiff_t>(last));
    }
  }

 private:
  struct Step {
    Rank x, y;
  };

  /// The last step with x at most `x`; written so that no branch depends on the data.
  std::size_t last_until(Rank x) const {
    const Step* base = steps_.data();
    for (std::size_t size = steps_.size(); size > 1;) {
      const std::size_t half = size / 2;
      base += base[half].x <= x ? half : 0;
      size -= half;
    }
    return static_cast<std::size_t>(base - steps_.data());
  }

  /// x rises, y falls; the first covers nothing and is always there.
  std::vector<Step> steps_{{-1, std::numeric_limits<Rank>::max()}};
};

/// Fronts when one objective is left: the smallest value of each, which rises from front to front.
class LineFronts {
 public:
  std::size_t place(const Rank* p) {
    const auto at = std::upper_bound(smallest_.begin(), smallest_.end(), p[0]);
    const auto front = static_cast<std::size_t>(at - smallest_.begin());
    if (at == smallest_.end()) {
      smallest_.push_back(p[0]);
    } else {
      *at = p[0];
    }
    return front;
  }

 private:
  std::vector<Rank> smallest_;
};

class PlaneFronts {
 public:
  std::size_t place(const Rank* p) {
    const std::size_t front =
        first_free(fronts_.size(), [&](std::size_t f) { return fronts_[f].covers(p[0], p[1]); });
    if (front == fronts_.size()) fronts_.emplace_back();
    fronts_[front].insert(p[0], p[1]);
    return front;
  }

 private:
  std::vector<Staircase> fronts_;
};

/// Fronts when three objectives are left. The first of these is cut into ranges of equal shares.
class SpaceFronts {
 public:
  SpaceFronts(std::size_t points, Rank distinct) : distinct_(distinct) {
    // By measurement: ranges of a front should hold a handful.
    while (ranges_ < 64 && ranges_ * ranges_ * 16 < points) ranges_ *= 2;
  }

  std::size_t place(const Rank* p) {
    const Point point{p[0], p[1], p[2]};
    const std::size_t range = static_cast<std::size_t>(p[0]) * ranges_ / std::size_t(distinct_);
    const std::size_t front =
        first_free(fronts_.size(), [&](std::size_t f) { return covers(fronts_[f], point, range); });
    if (front == fronts_.size()) {
      fronts_.push_back(
          {std::vector<Staircase>(ranges_), std::vector<std::vector<Point>>(ranges_)});
    }
    insert(fronts_[front], point, range);
    return front;
  }

 private:
  struct Point {
    Rank x, y, z;
  };

  struct Front {
    std::vector<Staircase> below;  ///< Fenwick: node i holds ranges i − lowbit(i) … i − 1
    std::vector<std::vector<Point>>
        in_range;  ///< what lies there, (x, y, z)-dominated points left out
  };

  static bool covers(const Front& front, const Point& p, std::size_t range) {
    for (std::size_t node = range; node > 0; node &= node - 1) {
      if (front.below[node].covers(p.y, p.z)) return true;
    }
    for (const Point& other : front.in_range[range]) {
      if ((other.x <= p.x) & (other.y <= p.y) & (other.z <= p.z)) return true;
    }
    return false;
  }

  void insert(Front& front, const Point& p, std::size_t range) const {
    for (std::size_t node = range + 1; node < ranges_; node += node & (~node + 1)) {
      front.below[node].insert(p.y, p.z);
    }
    std::vector<Point>& points = front.in_range[range];
    std::erase_if(points, [&](const Point& other) {
      return (p.x <= other.x) & (p.y <= other.y) & (p.z <= other.z);
    });
    points.push_back(p);
  }

  std::size_t ranges_ = 1;
  Rank distinct_;
  std::vector<Front> fronts_;
};

/// Fronts when any number of objectives is left.
class ListFronts {
 public:
  explicit ListFronts(std::size_t objectives) : objectives_(objectives) {}

  std::size_t place(const Rank* p) {
    const std::size_t front =
        first_free(fronts_.size(), [&](std::size_t f) { return covers(fronts_[f], p); });
    if (front == fronts_.size()) fronts_.emplace_back();
    fronts_[front].insert(fronts_[front].end(), p, p + objectives_);
    return front;
  }

 private:
  bool covers(const std::vector<Rank>& front, const Rank* p) const {
    for (std::size_t end = front.size(); end > 0; end -= objectives_) {
      const Rank* other = front.data() + end - objectives_;
      std::size_t k = 0;
      while (k < objectives_ && other[k] <= p[k]) ++k;
      if (k == objectives_) return true;
    }
    return false;
  }

  std::size_t objectives_;
  std::vector<std::vector<Rank>> fronts_;
};

template <typename Fronts>
std::vector<int> place_all(const DenseRanks& ranks, std::size_t m, Fronts fronts) {
  std::vector<int> front_of(ranks.order.size());
  const Rank* previous = nullptr;
  std::size_t front = 0;
  for (const std::int32_t i : ranks.order) {
    const Rank* row = &ranks.rows[static_cast<std::size_t>(i) * m];
    if (previous == nullptr || !std::equal(row, row + m, previous)) front = fronts.place(row + 1);
    front_of[i] = static_cast<int>(front);
    previous = row;
  }
  return front_of;
}

}  // namespace

std::vector<int> non_dominated_ranks(const FlatPoints& points) {
  const DenseRanks ranks = dense_ranks(points);
  const std::size_t m = points.objectives();
  switch (m) {
    case 1:
      return ranks.rows;
    case 2:
      return place_all(ranks, m, LineFronts());
    case 3:
      return place_all(ranks, m, PlaneFronts());
    case 4:
      return place_all(ranks, m, SpaceFronts(ranks.order.size(), ranks.distinct[1]));
    default:
      return place_all(ranks, m, ListFronts(m - 1));
  }
}

std::vector<int> non_dominated_ranks(const FlatPoints& points, std::span<const double> violations) {
  assert(violations.empty() || violations.size() == static_cast<std::size_t>(points.count()));
  const auto feasible = [](double violation) { return violation == 0; };
  if (std::all_of(violations.begin(), violations.end(), feasible)) {
    return non_dominated_ranks(points);
  }
  std::vector<int> order(violations.size()), ranks(violations.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return violations[a] < violations[b]; });
  int beaten = 0;  // fronts of smaller violations
  std::vector<double> values;
  for (std::size_t first = 0, last; first < order.size(); first = last) {
    values.clear();
    for (last = first; last < order.size(); ++last) {
      if (violations[order[last]] != violations[order[first]]) break;
      const std::span<const double> point = points[order[last]];
      values.insert(values.end(), point.begin(), point.end());
    }
    const std::vector<int> within = non_dominated_ranks(FlatPoints(values, points.objectives()));
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = beaten + within[i - first];
    beaten += 1 + *std::max_element(within.begin(), within.end());
  }
  return ranks;
}

}  // namespace edgefront
