#include "search/pareto_archive.h"

#include <algorithm>
#include <utility>

namespace edgefront {
namespace {

constexpr std::size_t kSmallest = 64;  ///< members from which throwing away is worth the while

}  // namespace

bool ParetoArchive::insert(const Evaluation& evaluation) {
  if (evaluation.status != EvaluationStatus::kOk || evaluation.violation > 0) return false;
  if (!region_) region_.emplace(evaluation.objectives.size());
  if (region_->covers(evaluation.objectives)) return false;
  region_->insert(evaluation.objectives);
  entered_.push_back(evaluation);
  if (entered_.size() >= std::max(compact_at_, 2 * kSmallest)) compact();
  return true;
}

std::vector<int> ParetoArchive::members() const {
  if (entered_.empty()) return {};
  std::vector<double> values;
  const std::size_t objectives = entered_[0].objectives.size();
  values.reserve(entered_.size() * objectives);
  for (const Evaluation& evaluation : entered_) {
    values.insert(values.end(), evaluation.objectives.begin(), evaluation.objectives.end());
  }
  return non_dominated(FlatPoints(values, objectives));
}

void ParetoArchive::compact() {
  std::vector<Evaluation> kept;
  DominatedRegion region(entered_[0].objectives.size());
  for (const int i : members()) {
    region.insert(entered_[i].objectives);
    kept.push_back(std::move(entered_[i]));
  }
  entered_ = std::move(kept);
  region_ = std::move(region);
  compact_at_ = 2 * entered_.size();
}

std::vector<Evaluation> ParetoArchive::front() const {
  std::vector<Evaluation> sorted;
  for (const int i : members()) sorted.push_back(entered_[i]);
  std::sort(sorted.begin(), sorted.end(), [](const Evaluation& a, const Evaluation& b) {
    return a.objectives != b.objectives ? a.objectives < b.objectives : a.index < b.index;
  });
  return sorted;
}

}  // namespace edgefront
