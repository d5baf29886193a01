#include "search/pareto_archive.h"

#include <algorithm>

#include "search/dominance.h"

namespace edgefront {

bool ParetoArchive::insert(const Evaluation& evaluation) {
  if (evaluation.status != EvaluationStatus::kOk || evaluation.violation > 0) return false;
  for (Evaluation& member : members_) {
    if (dominates(member.objectives, evaluation.objectives)) return false;
    if (member.objectives == evaluation.objectives) return false;
  }
  std::erase_if(members_, [&](const Evaluation& member) {
    return dominates(evaluation.objectives, member.objectives);
  });
  members_.push_back(evaluation);
  return true;
}

std::vector<Evaluation> ParetoArchive::front() const {
  std::vector<Evaluation> sorted = members_;
  std::sort(sorted.begin(), sorted.end(), [](const Evaluation& a, const Evaluation& b) {
    return a.objectives != b.objectives ? a.objectives < b.objectives : a.index < b.index;
  });
  return sorted;
}

}  // namespace edgefront
