#include "search/epsilon_archive.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>
#include <utility>

#include "search/dominance.h"
#include "space/error.h"

namespace edgefront {

EpsilonArchive::EpsilonArchive(std::vector<double> epsilon) : epsilon_(std::move(epsilon)) {
  for (const double side : epsilon_) {
    if (side > 0 && std::isfinite(side)) continue;
    throw InputError("epsilon archive: epsilon = " + std::to_string(side) +
                     "; accepted: above 0, one per objective");
  }
}

bool EpsilonArchive::insert(const Evaluation& evaluation) {
  if (evaluation.status != EvaluationStatus::kOk || evaluation.violation > 0) return false;
  assert(evaluation.objectives.size() == epsilon_.size());
  std::vector<double> box;
  for (std::size_t k = 0; k < epsilon_.size(); ++k) {
    box.push_back(std::floor(evaluation.objectives[k] / epsilon_[k]));
  }
  for (Member& member : members_) {
    if (dominates(member.box, box)) return false;
    if (member.box != box) continue;
    if (!dominates(evaluation.objectives, member.evaluation.objectives)) return false;
    member.evaluation = evaluation;
    return true;
  }
  std::erase_if(members_, [&](const Member& member) { return dominates(box, member.box); });
  members_.push_back({std::move(box), evaluation});
  return true;
}

std::vector<Evaluation> EpsilonArchive::front() const {
  std::vector<Evaluation> sorted;
  for (const Member& member : members_) sorted.push_back(member.evaluation);
  std::sort(sorted.begin(), sorted.end(), [](const Evaluation& a, const Evaluation& b) {
    return a.objectives != b.objectives ? a.objectives < b.objectives : a.index < b.index;
  });
  return sorted;
}

}  // namespace edgefront
