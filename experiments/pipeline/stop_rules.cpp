#include "experiments/pipeline/stop_rules.h"

#include <algorithm>

#include "search/hypervolume.h"

namespace edgefront {
namespace {

constexpr int kSnapshots = 5;  ///< four steps between the first and the last
constexpr const char* kWallClock = "wall_clock";
constexpr const char* kStagnation = "stagnation";

std::vector<ObjectiveVector> points_of(const ParetoArchive& archive) {
  std::vector<ObjectiveVector> points;
  for (const Evaluation& member : archive.front()) points.push_back(member.objectives);
  return points;
}

}  // namespace

FrontWatch::FrontWatch(int objectives, std::int64_t stagnation_evaluations, int fidelity)
    : objectives_(objectives), step_((stagnation_evaluations + 3) / 4), fidelity_(fidelity) {}

void FrontWatch::add(const Evaluation& evaluation) {
  ++told_;
  const bool counts = evaluation.fidelity == fidelity_ && evaluation.replicate == 0;
  if (counts && evaluation.status == EvaluationStatus::kOk && evaluation.violation == 0) {
    archive_.insert(evaluation);
    if (largest_.empty()) largest_ = evaluation.objectives;
    for (std::size_t i = 0; i < largest_.size(); ++i) {
      largest_[i] = std::max(largest_[i], evaluation.objectives[i]);
    }
  }
  if (step_ == 0 || told_ % step_ != 0) return;
  snapshots_.push_back(points_of(archive_));
  if (snapshots_.size() > kSnapshots) snapshots_.pop_front();
}

std::vector<double> FrontWatch::reference() const {
  std::vector<double> point = largest_;
  for (double& value : point) value = value == 0 ? 1.0 : value * 1.1;
  return point;
}

std::optional<double> FrontWatch::hypervolume() const {
  if (largest_.empty() || objectives_ > kMaxWatchedObjectives) return std::nullopt;
  return edgefront::hypervolume(points_of(archive_), reference());
}

std::int64_t FrontWatch::front_size() const {
  return static_cast<std::int64_t>(archive_.front().size());
}

std::optional<double> FrontWatch::growth() const {
  const bool known = step_ > 0 && told_ % step_ == 0 && snapshots_.size() == kSnapshots;
  if (!known || largest_.empty() || objectives_ > kMaxWatchedObjectives) return std::nullopt;
  const double now = edgefront::hypervolume(snapshots_.back(), reference());
  const double then = edgefront::hypervolume(snapshots_.front(), reference());
  return now > 0 ? (now - then) / now : 0;
}

bool holds(const StopRecord& stop, const SearchChoice& search) {
  if (stop.cause == kWallClock) return search.wall_clock_s > 0 && search.wall_clock_s <= stop.limit;
  return search.stagnation_evaluations > 0 &&
         static_cast<double>(search.stagnation_evaluations) <= stop.limit &&
         search.stagnation_growth >= stop.growth;
}

std::optional<StopRecord> reached_limit(const SearchChoice& search, const FrontWatch& watch,
                                        std::int64_t asked, double elapsed_s) {
  if (search.wall_clock_s > 0 && elapsed_s >= search.wall_clock_s) {
    return StopRecord{.after = asked, .cause = kWallClock, .limit = search.wall_clock_s};
  }
  const std::optional<double> growth = watch.growth();
  if (search.stagnation_evaluations > 0 && growth && *growth <= search.stagnation_growth) {
    return StopRecord{.after = asked,
                      .cause = kStagnation,
                      .limit = static_cast<double>(search.stagnation_evaluations),
                      .growth = search.stagnation_growth};
  }
  return std::nullopt;
}

}  // namespace edgefront
