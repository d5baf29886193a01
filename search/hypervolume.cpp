#include "search/hypervolume.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>

#include "search/covered_space.h"
#include "space/error.h"
#include "space/random.h"

namespace edgefront {
namespace {

constexpr std::size_t kMostExact = 5;  ///< objectives

/// The area that a set of points of the plane dominates below `reference`, kept up to date as
/// points come: steps with x rising and y falling. A step moves those behind it in memory, which
/// up to some 10^5 of them costs less than a tree.
class Staircase {
 public:
  Staircase(double reference_x, double reference_y)
      : reference_x_(reference_x), reference_y_(reference_y) {}

  double area() const { return area_; }

  void insert(double x, double y) {
    auto next = std::upper_bound(steps_.begin(), steps_.end(), x,
                                 [](double value, const Step& step) { return value < step.x; });
    double top = reference_y_;  // height of the staircase right of x before the insertion
    auto first = next;          // of the steps that leave
    if (next != steps_.begin()) {
      const auto before = next - 1;
      if (before->y <= y) return;
      top = before->y;
      if (before->x == x) first = before;
    }
    double left = x;
    for (; next != steps_.end() && next->y >= y; ++next) {
      area_ += (next->x - left) * (top - y);
      left = next->x;
      top = next->y;
    }
    const double right = next == steps_.end() ? reference_x_ : next->x;
    area_ += (right - left) * (top - y);
    if (first == next) {
      steps_.insert(first, {x, y});
    } else {
      *first = {x, y};
      steps_.erase(first + 1, next);
    }
  }

 private:
  struct Step {
    double x, y;
  };

  double reference_x_, reference_y_, area_ = 0;
  std::vector<Step> steps_;
};

/// Fewer than three objectives are a slab of thickness one, so that one sweep serves all.
struct SweepPoint {
  double z = 0, x = 0, y = 0;

  bool operator<(const SweepPoint& other) const {
    if (z != other.z) return z < other.z;
    return x != other.x ? x < other.x : y < other.y;
  }
};

/// Points as rows of `objectives` numbers, all strictly below the reference.
struct Rows {
  std::vector<double> values;
  std::size_t objectives = 0;

  std::size_t count() const { return values.size() / objectives; }
  const double* operator[](std::size_t i) const { return &values[i * objectives]; }
};

double sweep(const Rows& rows, std::span<const double> reference) {
  const std::size_t m = rows.objectives;
  std::vector<SweepPoint> points(rows.count());
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = {m > 2 ? rows[i][2] : 0.0, rows[i][0], m > 1 ? rows[i][1] : 0.0};
  }
  // A total order, so that rounding does not depend on the order of the input.
  std::sort(points.begin(), points.end());
  const SweepPoint corner{m > 2 ? reference[2] : 1.0, reference[0], m > 1 ? reference[1] : 1.0};
  Staircase staircase(corner.x, corner.y);
  double volume = 0, z = corner.z;
  for (const SweepPoint& point : points) {
    volume += staircase.area() * (point.z - z);  // the first term is 0: nothing is covered yet
    staircase.insert(point.x, point.y);
    z = point.z;
  }
  return volume + staircase.area() * (corner.z - z);
}

/// Rows by the last objective, then the one before it, …: again a total order.
std::vector<const double*> sorted_by_last(const Rows& rows) {
  struct Keyed {
    double last;
    const double* row;
  };
  const std::size_t m = rows.objectives;
  std::vector<Keyed> keyed(rows.count());
  for (std::size_t i = 0; i < keyed.size(); ++i) keyed[i] = {rows[i][m - 1], rows[i]};
  std::sort(keyed.begin(), keyed.end(), [m](const Keyed& a, const Keyed& b) {
    if (a.last != b.last) return a.last < b.last;
    for (std::size_t k = m - 1; k-- > 0;) {
      if (a.row[k] != b.row[k]) return a.row[k] < b.row[k];
    }
    return false;
  });
  std::vector<const double*> order;
  order.reserve(keyed.size());
  for (const Keyed& item : keyed) order.push_back(item.row);
  return order;
}

/// A space for the first three objectives of `rows`.
CoveredSpace space_of(const Rows& rows, std::span<const double> reference) {
  SpacePoint lowest{reference[0], reference[1], reference[2]};
  for (std::size_t i = 0; i < rows.count(); ++i) {
    lowest.x = std::min(lowest.x, rows[i][0]);
    lowest.y = std::min(lowest.y, rows[i][1]);
    lowest.z = std::min(lowest.z, rows[i][2]);
  }
  return CoveredSpace(lowest, {reference[0], reference[1], reference[2]});
}

double four_dimensional(const Rows& rows, std::span<const double> reference) {
  CoveredSpace covered = space_of(rows, reference);
  double volume = 0;
  for (const double* p : sorted_by_last(rows)) {
    const SpacePoint point{p[0], p[1], p[2]};
    const double added = covered.uncovered(point);
    if (added == 0) continue;
    volume += added * (reference[3] - p[3]);
    covered.insert(point);
  }
  return volume;
}

bool covers(const double* a, const double* b, std::size_t objectives) {
  for (std::size_t k = 0; k < objectives; ++k) {
    if (a[k] > b[k]) return false;
  }
  return true;
}

double volume_of(const Rows& rows, std::span<const double> reference);

/// What `point` dominates and no row of `others` but `except` does: its box less the volume of the
/// others' parts of it (While et al. 2012, "A fast way of calculating exact hypervolumes", their
/// exclhv and limitset). Only the first reference.size() objectives count.
double exclusive(const double* point, const std::vector<const double*>& others, std::size_t except,
                 std::span<const double> reference) {
  const std::size_t m = reference.size();
  Rows limited{{}, m};
  std::vector<double> part(m);
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (i == except) continue;
    for (std::size_t k = 0; k < m; ++k) part[k] = std::max(point[k], others[i][k]);
    if (covers(part.data(), point, m)) return 0;
    bool beaten = false;
    for (std::size_t j = 0; j < limited.count() && !beaten; ++j) {
      beaten = covers(limited[j], part.data(), m);
    }
    if (!beaten) limited.values.insert(limited.values.end(), part.begin(), part.end());
  }
  double box = 1;
  for (std::size_t k = 0; k < m; ++k) box *= reference[k] - point[k];
  return box - volume_of(limited, reference);
}

/// Sweeps the last objective: each point adds a prism over what it adds in one dimension less.
double many_dimensional(const Rows& rows, std::span<const double> reference) {
  const std::size_t last = reference.size() - 1;
  std::vector<const double*> covered;
  double volume = 0;
  for (const double* point : sorted_by_last(rows)) {
    const double added = exclusive(point, covered, covered.size(), reference.first(last));
    if (added <= 0) continue;
    volume += added * (reference[last] - point[last]);
    std::erase_if(covered, [&](const double* other) { return covers(point, other, last); });
    covered.push_back(point);
  }
  return volume;
}

double volume_of(const Rows& rows, std::span<const double> reference) {
  if (reference.size() <= 3) return sweep(rows, reference);
  if (reference.size() == 4) return four_dimensional(rows, reference);
  return many_dimensional(rows, reference);
}

void check_exact(std::span<const double> reference) {
  if (reference.empty() || reference.size() > kMostExact) {
    throw InputError("hypervolume: " + std::to_string(reference.size()) +
                     " objectives; 1 to 5 are accepted (estimate_hypervolume takes more)");
  }
}

/// The points that contribute at all, and where they stand in the input.
struct Inside {
  Rows rows;
  std::vector<int> index;
};

Inside strictly_inside(const FlatPoints& points, std::span<const double> reference) {
  assert(points.objectives() == reference.size() || points.count() == 0);
  Inside inside{{{}, reference.size()}, {}};
  inside.rows.values.reserve(static_cast<std::size_t>(points.count()) * reference.size());
  inside.index.reserve(static_cast<std::size_t>(points.count()));
  for (int i = 0; i < points.count(); ++i) {
    const std::span<const double> point = points[i];
    bool strictly = true;
    for (std::size_t k = 0; k < reference.size(); ++k) {
      strictly = strictly && point[k] < reference[k];
    }
    if (!strictly) continue;
    inside.rows.values.insert(inside.rows.values.end(), point.begin(), point.end());
    inside.index.push_back(i);
  }
  return inside;
}

}  // namespace

double hypervolume(const FlatPoints& points, std::span<const double> reference) {
  check_exact(reference);
  return volume_of(strictly_inside(points, reference).rows, reference);
}

double hypervolume(const std::vector<ObjectiveVector>& points, std::span<const double> reference) {
  const std::size_t m = std::max<std::size_t>(reference.size(), 1);
  return hypervolume(FlatPoints(flatten(points, m), m), reference);
}

std::vector<double> hypervolume_contributions(const FlatPoints& points,
                                              std::span<const double> reference) {
  check_exact(reference);
  std::vector<double> contributions(static_cast<std::size_t>(points.count()), 0.0);
  const Inside inside = strictly_inside(points, reference);
  const std::size_t n = inside.index.size(), m = reference.size();
  if (m > 3) {
    std::vector<const double*> rows(n);
    for (std::size_t i = 0; i < n; ++i) rows[i] = inside.rows[i];
    for (std::size_t i = 0; i < n; ++i) {
      contributions[inside.index[i]] = std::max(0.0, exclusive(rows[i], rows, i, reference));
    }
    return contributions;
  }
  // Missing dimensions are flat: all points at 0, the reference at 1.
  Rows space{{}, 3};
  for (std::size_t i = 0; i < n; ++i) {
    const double* row = inside.rows[i];
    space.values.insert(space.values.end(), {row[0], m > 1 ? row[1] : 0.0, m > 2 ? row[2] : 0.0});
  }
  const std::array<double, 3> corner{reference[0], m > 1 ? reference[1] : 1.0,
                                     m > 2 ? reference[2] : 1.0};
  CoveredSpace covered = space_of(space, corner);
  for (std::size_t i = 0; i < n; ++i) covered.append({space[i][0], space[i][1], space[i][2]});
  for (std::size_t i = 0; i < n; ++i) contributions[inside.index[i]] = covered.contribution(i);
  return contributions;
}

double hypervolume_contribution(const FlatPoints& points, int index,
                                std::span<const double> reference) {
  check_exact(reference);
  const Inside inside = strictly_inside(points, reference);
  const auto place = std::find(inside.index.begin(), inside.index.end(), index);
  if (place == inside.index.end()) return 0;
  const std::size_t n = inside.index.size();
  const auto at = static_cast<std::size_t>(place - inside.index.begin());
  std::vector<const double*> rows(n);
  for (std::size_t i = 0; i < n; ++i) rows[i] = inside.rows[i];
  return std::max(0.0, exclusive(rows[at], rows, at, reference));
}

std::vector<double> hypervolume_contributions(const std::vector<ObjectiveVector>& points,
                                              std::span<const double> reference) {
  const std::size_t m = std::max<std::size_t>(reference.size(), 1);
  return hypervolume_contributions(FlatPoints(flatten(points, m), m), reference);
}

int least_contributor(const FlatPoints& points, std::span<const double> reference) {
  if (points.count() == 0) throw InputError("least_contributor: the front is empty");
  const std::vector<double> contributions = hypervolume_contributions(points, reference);
  return static_cast<int>(std::min_element(contributions.begin(), contributions.end()) -
                          contributions.begin());
}

HypervolumeEstimate estimate_hypervolume(const FlatPoints& points,
                                         std::span<const double> reference,
                                         const EstimateOptions& options) {
  if (reference.empty() || options.samples < 1 ||
      !(options.confidence > 0 && options.confidence < 1)) {
    throw InputError(
        "estimate_hypervolume: accepted are 1 objective and more, samples from 1, and "
        "a confidence between 0 and 1");
  }
  const Rows rows = strictly_inside(points, reference).rows;
  if (rows.count() == 0) return {};
  const std::size_t m = reference.size();
  std::vector<double> low(rows[0], rows[0] + m), sample(m);
  for (std::size_t i = 0; i < rows.values.size(); ++i) {
    low[i % m] = std::min(low[i % m], rows.values[i]);
  }
  double box = 1;
  for (std::size_t k = 0; k < m; ++k) box *= reference[k] - low[k];
  RandomStream random(options.seed, 0);
  std::int64_t hits = 0;
  for (std::int64_t s = 0; s < options.samples; ++s) {
    for (std::size_t k = 0; k < m; ++k) {
      sample[k] = low[k] + random.uniform() * (reference[k] - low[k]);
    }
    for (std::size_t i = 0; i < rows.count(); ++i) {
      if (!covers(rows[i], sample.data(), m)) continue;
      ++hits;
      break;
    }
  }
  const double samples = static_cast<double>(options.samples);
  const double share = std::sqrt(std::log(2 / (1 - options.confidence)) / (2 * samples));
  return {box * static_cast<double>(hits) / samples, box * share};
}

}  // namespace edgefront
