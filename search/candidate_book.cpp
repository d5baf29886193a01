#include "search/candidate_book.h"

#include <algorithm>
#include <limits>

namespace edgefront {
namespace {

constexpr int kStart = 64;  // networks that are looked for where uniform samples are infeasible

/// The first genotype that violates nothing, or else the one that violates least.
class LeastInfeasible {
 public:
  explicit LeastInfeasible(const Problem& problem) : problem_(problem) {}
  /// True where nothing better can come.
  bool offer(Genotype genotype) {
    const double violation = exact_violation(problem_, genotype);
    if (violation < violation_) best_ = std::move(genotype);
    violation_ = std::min(violation_, violation);
    return violation_ == 0;
  }
  std::optional<Genotype>& best() { return best_; }

 private:
  const Problem& problem_;
  std::optional<Genotype> best_;
  double violation_ = std::numeric_limits<double>::infinity();
};

}  // namespace

CandidateBook::CandidateBook(const Problem& problem, std::uint64_t seed,
                             const std::vector<Genotype>& include, Beginning beginning)
    : problem_(problem),
      seed_(seed),
      include_(include.begin(), include.end()),
      beginning_(beginning),
      seen_(*problem.space) {}

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
  evaluation.genotype = canonical(*problem_.space, std::move(evaluation.genotype));
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
    Genotype genotype = canonical(*problem_.space, std::move(include_.front()));
    include_.pop_front();
    if (!seen_.contains(genotype)) return genotype;
  }
  if (seen_.exhausted()) return std::nullopt;
  RandomStream random(seed_, static_cast<std::uint64_t>(next_index_));
  const Propose or_design = [&](RandomStream& stream) {
    std::optional<Genotype> genotype = propose(stream);
    return genotype ? genotype : next_of_design();
  };
  if (has_exact_constraints(problem_)) return next_feasible(or_design, random);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::optional<Genotype> genotype = or_design(random);
    if (!genotype) break;
    if (!seen_.contains(*genotype)) return genotype;
  }
  return seen_.sample_unseen(random);
}

std::optional<Genotype> CandidateBook::next_feasible(const Propose& propose, RandomStream& random) {
  LeastInfeasible found(problem_);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::optional<Genotype> genotype = propose(random);
    if (!genotype) break;
    if (!seen_.contains(*genotype) && found.offer(std::move(*genotype))) return found.best();
  }
  const bool bred = found.best().has_value();
  for (int attempt = 0; attempt < kAttempts && !bred; ++attempt) {
    std::optional<Genotype> genotype = seen_.sample_unseen(random);
    if (!genotype || found.offer(std::move(*genotype))) return found.best();
  }
  if (!start_) start_ = feasible_start(problem_, kStart, seed_);
  std::optional<Genotype> stand_in = first_unseen(*start_);
  return stand_in ? stand_in : found.best();
}

std::optional<Genotype> CandidateBook::next_of_design() {
  const bool stratified = beginning_.design == InitialDesign::kStratified && problem_.exact_costs;
  if (!stratified) return std::nullopt;
  if (!design_) design_ = feasible_start(problem_, beginning_.size, seed_);
  return first_unseen(*design_);
}

std::optional<Genotype> CandidateBook::first_unseen(const std::vector<Genotype>& genotypes) const {
  for (const Genotype& genotype : genotypes) {
    if (!seen_.contains(genotype)) return genotype;
  }
  return std::nullopt;
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
