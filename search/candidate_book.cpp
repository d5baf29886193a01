#include "search/candidate_book.h"

#include <algorithm>

namespace edgefront {

CandidateBook::CandidateBook(const SearchSpace& space, std::uint64_t seed,
                             const std::vector<Genotype>& include)
    : space_(&space), seed_(seed), include_(include.begin(), include.end()), seen_(space) {}

std::vector<Candidate> CandidateBook::ask(int count, const Propose& propose) {
  std::vector<Candidate> asked;
  while (static_cast<int>(asked.size()) < count) {
    std::optional<Genotype> genotype = next(propose);
    if (!genotype) break;
    seen_.add(*genotype);
    asked.push_back({.index = next_index_++, .genotype = std::move(*genotype)});
  }
  return asked;
}

CandidateBook::News CandidateBook::accept(Evaluation& evaluation) {
  evaluation.genotype = canonical(*space_, std::move(evaluation.genotype));
  next_index_ = std::max(next_index_, evaluation.index + 1);
  const std::size_t number = seen_.add(evaluation.genotype).number;
  if (evaluation.status != EvaluationStatus::kOk) return News::kNothing;
  if (told_.size() <= number) told_.resize(number + 1);
  const bool first = !told_[number];
  told_[number] = true;
  return first ? News::kFirst : News::kBetterValues;
}

std::optional<Genotype> CandidateBook::next(const Propose& propose) {
  while (!include_.empty()) {
    Genotype genotype = canonical(*space_, std::move(include_.front()));
    include_.pop_front();
    if (!seen_.contains(genotype)) return genotype;
  }
  if (seen_.exhausted()) return std::nullopt;
  RandomStream random(seed_, static_cast<std::uint64_t>(next_index_));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::optional<Genotype> genotype = propose(random);
    if (!genotype) break;
    if (!seen_.contains(*genotype)) return genotype;
  }
  return seen_.sample_unseen(random);
}

std::vector<Candidate> BookedAlgorithm::ask(int count) {
  return book_.ask(count, [this](RandomStream& random) { return propose(random); });
}

void BookedAlgorithm::tell(const std::vector<Evaluation>& evaluations) {
  for (Evaluation told : evaluations) {
    const CandidateBook::News news = book_.accept(told);
    if (news == CandidateBook::News::kFirst) join(std::move(told));
    if (news == CandidateBook::News::kBetterValues) update(told);
  }
}

bool replace_values(std::vector<Evaluation>& members, const Evaluation& better) {
  const auto known = std::find_if(members.begin(), members.end(), [&](const Evaluation& member) {
    return member.genotype == better.genotype;
  });
  if (known == members.end()) return false;
  known->objectives = better.objectives;
  known->violation = better.violation;
  return true;
}

}  // namespace edgefront
