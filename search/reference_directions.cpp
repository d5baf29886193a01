#include "search/reference_directions.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace edgefront {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Points of a simplex lattice, stopping above `most`.
long long lattice_size(int objectives, int divisions, long long most) {
  long long size = 1;  // C(divisions + objectives - 1, objectives - 1)
  for (int k = 1; k < objectives; ++k) {
    size = size * (divisions + k) / k;
    if (size > most) return most + 1;
  }
  return size;
}

void add_lattice(int objectives, int divisions, double shrink,
                 std::vector<ObjectiveVector>& directions) {
  std::vector<int> parts(objectives, 0);
  const auto fill = [&](const auto& self, int k, int left) -> void {
    if (k + 1 == objectives) {
      parts[k] = left;
      ObjectiveVector direction;
      for (const int part : parts) {
        direction.push_back(shrink * part / divisions + (1 - shrink) / objectives);
      }
      directions.push_back(std::move(direction));
      return;
    }
    for (parts[k] = 0; parts[k] <= left; ++parts[k]) self(self, k + 1, left - parts[k]);
  };
  fill(fill, 0, divisions);
}

/// Where the plane through the extreme points cuts each axis (Gaussian elimination with pivoting);
/// nothing where there is no such plane.
ObjectiveVector intercepts(std::vector<ObjectiveVector> extremes) {
  const std::size_t m = extremes.size();
  for (ObjectiveVector& row : extremes) row.push_back(1);
  for (std::size_t k = 0; k < m; ++k) {
    std::size_t pivot = k;
    for (std::size_t r = k + 1; r < m; ++r) {
      if (std::abs(extremes[r][k]) > std::abs(extremes[pivot][k])) pivot = r;
    }
    if (!(std::abs(extremes[pivot][k]) > 1e-12)) return {};
    std::swap(extremes[k], extremes[pivot]);
    for (std::size_t r = 0; r < m; ++r) {
      if (r == k) continue;
      const double factor = extremes[r][k] / extremes[k][k];
      for (std::size_t c = k; c <= m; ++c) extremes[r][c] -= factor * extremes[k][c];
    }
  }
  ObjectiveVector cuts;
  for (std::size_t k = 0; k < m; ++k) {
    const double inverse = extremes[k][m] / extremes[k][k];
    if (!(inverse > 1e-12 && inverse < 1e12)) return {};
    cuts.push_back(1 / inverse);
  }
  return cuts;
}

/// Achievement scalarising function along axis `k`, objectives scaled to the range of the front,
/// for with the paper's unscaled ones units decide; the other weights are small, not 0, so that
/// they decide among equals.
double achievement(const ObjectiveVector& point, const ObjectiveVector& ideal,
                   const ObjectiveVector& worst, std::size_t k) {
  double largest = -kInfinity;
  for (std::size_t i = 0; i < point.size(); ++i) {
    const double range = worst[i] > ideal[i] ? worst[i] - ideal[i] : 1;
    largest = std::max(largest, (point[i] - ideal[i]) / range / (i == k ? 1.0 : 1e-6));
  }
  return largest;
}

/// Moves the ideal and the extremes, and returns the nadir that the plane through the extremes
/// gives, or the worst of `front` where the plane gives none.
ObjectiveVector normalise(const std::vector<ObjectiveVector>& points, const std::vector<int>& all,
                          const std::vector<int>& front, NichingMemory& memory) {
  const std::size_t m = points[0].size();
  if (memory.ideal.empty()) memory.ideal.assign(m, kInfinity);
  for (const int i : all) {
    for (std::size_t k = 0; k < m; ++k) memory.ideal[k] = std::min(memory.ideal[k], points[i][k]);
  }
  ObjectiveVector worst(m, -kInfinity);
  for (const int i : front) {
    for (std::size_t k = 0; k < m; ++k) worst[k] = std::max(worst[k], points[i][k]);
  }
  std::vector<ObjectiveVector> candidates = std::move(memory.extremes);
  for (const int i : front) candidates.push_back(points[i]);
  memory.extremes.clear();
  for (std::size_t k = 0; k < m; ++k) {
    const ObjectiveVector* best = &candidates[0];
    double least = achievement(*best, memory.ideal, worst, k);
    for (const ObjectiveVector& candidate : candidates) {
      const double value = achievement(candidate, memory.ideal, worst, k);
      if (value >= least) continue;
      least = value;
      best = &candidate;
    }
    memory.extremes.push_back(*best);
  }
  std::vector<ObjectiveVector> shifted = memory.extremes;
  ObjectiveVector range(m);
  for (std::size_t k = 0; k < m; ++k) {
    range[k] = worst[k] > memory.ideal[k] ? worst[k] - memory.ideal[k] : 1;
    for (ObjectiveVector& extreme : shifted) {
      extreme[k] = (extreme[k] - memory.ideal[k]) / range[k];
    }
  }
  ObjectiveVector nadir = intercepts(std::move(shifted));
  if (nadir.empty()) return worst;
  for (std::size_t k = 0; k < m; ++k) nadir[k] = memory.ideal[k] + nadir[k] * range[k];
  return nadir;
}

struct Association {
  int direction = 0;
  double distance = 0;  ///< squared, from the line through the ideal
};

std::vector<Association> associate(const std::vector<ObjectiveVector>& points,
                                   const std::vector<int>& all,
                                   const std::vector<ObjectiveVector>& directions,
                                   const ObjectiveVector& ideal, const ObjectiveVector& nadir) {
  const std::size_t m = ideal.size();
  std::vector<Association> result;
  ObjectiveVector scaled(m);
  for (const int i : all) {
    double length = 0;
    for (std::size_t k = 0; k < m; ++k) {
      const double range = nadir[k] - ideal[k];
      scaled[k] = (points[i][k] - ideal[k]) / (range > 0 ? range : 1);
      length += scaled[k] * scaled[k];
    }
    Association best{0, kInfinity};
    for (std::size_t d = 0; d < directions.size(); ++d) {
      double along = 0, square = 0;
      for (std::size_t k = 0; k < m; ++k) {
        along += scaled[k] * directions[d][k];
        square += directions[d][k] * directions[d][k];
      }
      const double distance = length - along * along / square;
      if (distance < best.distance) best = {static_cast<int>(d), distance};
    }
    result.push_back(best);
  }
  return result;
}

/// Algorithm 4: `last` are the places in `places` that compete for `room`; the others are kept.
std::vector<int> fill_niches(const std::vector<Association>& places, std::size_t kept,
                             std::size_t directions, std::size_t room, RandomStream& random) {
  std::vector<int> counts(directions, 0);
  std::vector<std::vector<int>> waiting(directions);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i < kept) {
      ++counts[places[i].direction];
    } else {
      waiting[places[i].direction].push_back(static_cast<int>(i));
    }
  }
  std::vector<int> chosen;
  while (chosen.size() < room) {
    int fewest = std::numeric_limits<int>::max();
    std::vector<std::size_t> ties;
    for (std::size_t d = 0; d < directions; ++d) {
      if (waiting[d].empty() || counts[d] > fewest) continue;
      if (counts[d] < fewest) ties.clear();
      fewest = counts[d];
      ties.push_back(d);
    }
    const std::size_t d = ties[random.below(ties.size())];
    auto pick = waiting[d].begin();
    if (fewest == 0) {
      pick = std::min_element(waiting[d].begin(), waiting[d].end(), [&](int a, int b) {
        return places[a].distance < places[b].distance;
      });
    } else {
      pick += static_cast<std::ptrdiff_t>(random.below(waiting[d].size()));
    }
    chosen.push_back(*pick);
    waiting[d].erase(pick);
    ++counts[d];
  }
  return chosen;
}

}  // namespace

int lattice_divisions(int objectives, int most) {
  if (objectives < 2) return most > 0 ? 1 : 0;
  int divisions = 0;
  while (lattice_size(objectives, divisions + 1, most) <= most) ++divisions;
  return divisions;
}

std::vector<ObjectiveVector> reference_directions(int objectives, int most) {
  std::vector<ObjectiveVector> directions;
  if (objectives < 2) return {{1.0}};
  int outer = std::max(1, lattice_divisions(objectives, most)), inner = 0;
  if (outer < objectives) {  // one lattice would have points on the boundary only
    for (int wide = outer; wide >= 2 && inner == 0; --wide) {
      const long long both =
          lattice_size(objectives, wide, most) + lattice_size(objectives, wide - 1, most);
      if (both > most) continue;
      outer = wide;
      inner = wide - 1;
    }
  }
  add_lattice(objectives, outer, 1, directions);
  if (inner > 0) add_lattice(objectives, inner, 0.5, directions);
  return directions;
}

std::vector<int> select_by_directions(const std::vector<ObjectiveVector>& points,
                                      const std::vector<double>& violations,
                                      const std::vector<ObjectiveVector>& directions,
                                      std::size_t size, NichingMemory& memory,
                                      RandomStream& random) {
  std::vector<int> all, first, last;
  for (std::vector<int>& front : non_dominated_sort(points, violations)) {
    if (all.size() == size) break;
    if (first.empty()) first = front;
    if (all.size() + front.size() <= size) {
      all.insert(all.end(), front.begin(), front.end());
    } else {
      last = std::move(front);
      break;
    }
  }
  const bool feasible = !first.empty() && (violations.empty() || violations[first[0]] == 0);
  const std::size_t kept = all.size(), room = std::min(size - kept, last.size());
  all.insert(all.end(), last.begin(), last.end());
  if (feasible && (last.empty() || violations.empty() || violations[last[0]] == 0)) {
    const ObjectiveVector nadir = normalise(points, all, first, memory);
    if (room == 0) return all;
    const auto places = associate(points, all, directions, memory.ideal, nadir);
    std::vector<int> result(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept));
    for (const int i : fill_niches(places, kept, directions.size(), room, random)) {
      result.push_back(all[i]);
    }
    return result;
  }
  all.resize(kept + room);  // equal violations: the first
  return all;
}

}  // namespace edgefront
