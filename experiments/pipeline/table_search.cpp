#include "experiments/pipeline/table_search.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <mutex>

#include "experiments/pipeline/algorithms.h"
#include "experiments/pipeline/evaluation.h"
#include "search/hypervolume.h"
#include "search/parallel.h"

namespace edgefront {
namespace {

/// The main loop without journal: asks ahead by `in_flight`, tells in the order of the asks.
std::vector<int> search_once(const TableProblem& problem, const EvaluationSource& source,
                             const SearchChoice& search, std::uint64_t seed) {
  SearchExperiment experiment;
  experiment.seed = seed;
  experiment.search = search;
  const auto algorithm = make_algorithm(experiment, source.problem);
  const NetworkList& networks = *problem.networks.space.listed;
  std::vector<int> evaluated;
  std::deque<Candidate> waiting;
  std::int64_t asked = 0;
  const auto ask = [&](int count) {
    const std::int64_t left = search.evaluations - asked;
    count = static_cast<int>(std::min<std::int64_t>(count, left));
    if (count <= 0) return;
    for (Candidate& candidate : algorithm->ask(count)) {
      ++asked;
      waiting.push_back(std::move(candidate));
    }
  };
  ask(search.in_flight);
  while (!waiting.empty()) {
    const Candidate candidate = std::move(waiting.front());
    waiting.pop_front();
    algorithm->tell({to_evaluation(problem.networks.space, source.evaluate(candidate))});
    evaluated.push_back(networks.find(candidate.genotype));
    ask(1);
  }
  return evaluated;
}

bool below(const std::vector<double>& point, const std::vector<double>& reference) {
  for (std::size_t i = 0; i < point.size(); ++i) {
    if (!(point[i] < reference[i])) return false;
  }
  return true;
}

/// Keeps the non-dominated points below a corner.
class FrontBelow {
 public:
  explicit FrontBelow(const std::vector<double>& reference) : reference_(reference) {}
  /// True where the hypervolume changes.
  bool insert(const std::vector<double>& point) {
    if (!below(point, reference_)) return false;
    for (const auto& member : points_) {
      if (member == point || dominates(member, point)) return false;
    }
    std::erase_if(points_, [&](const auto& member) { return dominates(point, member); });
    points_.push_back(point);
    return true;
  }
  const std::vector<ObjectiveVector>& points() const { return points_; }

 private:
  const std::vector<double>& reference_;
  std::vector<ObjectiveVector> points_;
};

/// Supported and feasible networks.
std::vector<const std::vector<double>*> useful_rows(const TableProblem& problem) {
  std::vector<const std::vector<double>*> rows;
  for (std::size_t i = 0; i < problem.truth.size(); ++i) {
    const int network = static_cast<int>(i);
    if (problem.supported(network) && problem.violation(network) == 0) {
      rows.push_back(&problem.truth[i]);
    }
  }
  return rows;
}

std::size_t error_objective(const TableProblem& problem) {
  for (std::size_t i = 0; i < problem.objectives.size(); ++i) {
    if (!problem.objectives[i].exact) return i;
  }
  return 0;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace

std::vector<std::vector<int>> search_table(const std::shared_ptr<const TableProblem>& problem,
                                           const TableSearchOptions& options) {
  const EvaluationSource source = make_table_source(problem);
  std::vector<std::vector<int>> evaluated(static_cast<std::size_t>(options.seeds));
  std::mutex mutex;
  int done = 0;
  parallel_for(options.seeds, options.threads, [&](std::int64_t i) {
    evaluated[static_cast<std::size_t>(i)] = search_once(
        *problem, source, options.search, options.first_seed + static_cast<std::uint64_t>(i));
    if (!options.progress) return;
    const std::lock_guard lock(mutex);
    options.progress(++done);
  });
  return evaluated;
}

UsefulRegion useful_region(const TableProblem& problem) {
  const auto rows = useful_rows(problem);
  UsefulRegion region;
  region.reference.resize(problem.objectives.size());
  if (rows.empty()) return region;
  const std::size_t error = error_objective(problem);
  // The front's member with the smallest error: nothing with that error is nowhere worse.
  const std::vector<double>* best = rows.front();
  for (const auto* row : rows) {
    const bool better = (*row)[error] < (*best)[error] ||
                        ((*row)[error] == (*best)[error] && dominates(*row, *best));
    if (better) best = row;
  }
  for (std::size_t i = 0; i < region.reference.size(); ++i) {
    std::vector<double> column;
    for (const auto* row : rows) column.push_back((*row)[i]);
    const double value = (*best)[i];
    double& corner = region.reference[i];
    corner = i == error ? median(column) : value + 0.05 * std::abs(value);
    if (corner > value) continue;
    const auto [least, most] = std::minmax_element(column.begin(), column.end());
    corner = value + (*most > *least ? 0.05 * (*most - *least) : 1.0);
  }
  FrontBelow front(region.reference);
  for (const auto* row : rows) front.insert(*row);
  region.hypervolume = hypervolume(front.points(), region.reference);
  return region;
}

std::vector<RegretPoint> regret_curve(const TableProblem& problem, const UsefulRegion& region,
                                      const std::vector<int>& evaluated) {
  FrontBelow front(region.reference);
  std::vector<RegretPoint> curve;
  RegretPoint point{0, 1};
  for (const int network : evaluated) {
    const bool counts = problem.supported(network) && problem.violation(network) == 0;
    if (counts && front.insert(problem.truth[static_cast<std::size_t>(network)])) {
      point.hypervolume = hypervolume(front.points(), region.reference);
      point.regret = std::max(0.0, 1 - point.hypervolume / region.hypervolume);
    }
    curve.push_back(point);
  }
  return curve;
}

}  // namespace edgefront
