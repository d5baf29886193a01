#include "search/ranking.h"

#include <numeric>

namespace edgefront {

std::vector<std::vector<int>> objective_fronts(const Problem& problem) {
  if (!problem.fronts.empty()) return problem.fronts;
  std::vector<int> all(problem.objectives.size());
  std::iota(all.begin(), all.end(), 0);
  return {all};
}

std::vector<ObjectiveVector> points_of(const std::vector<Evaluation>& pool,
                                       const std::vector<int>& objectives) {
  std::vector<ObjectiveVector> points;
  points.reserve(pool.size());
  for (const Evaluation& evaluation : pool) {
    ObjectiveVector& point = points.emplace_back();
    point.reserve(objectives.size());
    for (const int i : objectives) point.push_back(evaluation.objectives[i]);
  }
  return points;
}

std::vector<double> violations_of(const std::vector<Evaluation>& pool) {
  std::vector<double> violations;
  violations.reserve(pool.size());
  for (const Evaluation& evaluation : pool) violations.push_back(evaluation.violation);
  return violations;
}

std::vector<Standing> standings(const std::vector<Evaluation>& pool,
                                const std::vector<std::vector<int>>& fronts, SpreadOf spread) {
  const std::vector<double> violations = violations_of(pool);
  std::vector<Standing> best(pool.size());
  for (std::size_t f = 0; f < fronts.size(); ++f) {
    const std::vector<ObjectiveVector> points = points_of(pool, fronts[f]);
    int rank = 0;
    for (const std::vector<int>& front : non_dominated_sort(points, violations)) {
      const std::vector<double> spreads = spread(points, front);
      for (std::size_t i = 0; i < front.size(); ++i) {
        const Standing here{rank, spreads[i]};
        if (f == 0 || stands_before(here, best[front[i]])) best[front[i]] = here;
      }
      ++rank;
    }
  }
  return best;
}

}  // namespace edgefront
