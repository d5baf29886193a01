#include "search/inner_algorithm.h"

#include <algorithm>
#include <utility>

namespace edgefront {

InnerAlgorithm::InnerAlgorithm(std::unique_ptr<SearchAlgorithm> algorithm)
    : algorithm_(std::move(algorithm)) {}

std::optional<Candidate> InnerAlgorithm::ask(std::int64_t index) {
  if (drawn_.empty() && !draw()) return std::nullopt;
  Candidate candidate = std::move(drawn_.front());
  drawn_.pop_front();
  index_of_[index] = candidate.index;
  next_ = candidate.index + 1;
  candidate.index = index;
  return candidate;
}

bool InnerAlgorithm::take_over(const std::vector<Candidate>& asked) {
  if (asked.empty()) return true;
  std::vector<Candidate> inner = asked;
  for (std::size_t i = 0; i < inner.size(); ++i) inner[i].index = next_ + std::int64_t(i);
  if (drawn_.empty() && algorithm_->take_over(inner)) {
    for (std::size_t i = 0; i < inner.size(); ++i) index_of_[asked[i].index] = next_++;
    return true;
  }
  if (!draws(asked)) return false;
  for (const Candidate& candidate : asked) ask(candidate.index);
  return true;
}

std::int64_t InnerAlgorithm::answered(std::int64_t index) {
  const auto known = index_of_.find(index);
  if (known == index_of_.end()) return index;
  const std::int64_t inner = known->second;
  index_of_.erase(known);
  return inner;
}

void InnerAlgorithm::tell(const Evaluation& evaluation) {
  next_ = std::max(next_, evaluation.index + 1);
  algorithm_->tell({evaluation});
}

bool InnerAlgorithm::draw() {
  std::vector<Candidate> inner = algorithm_->ask(1);
  if (!inner.empty()) drawn_.push_back(std::move(inner[0]));
  return !inner.empty();
}

/// The algorithm asks `expected`, whatever it asks is in drawn_.
bool InnerAlgorithm::draws(const std::vector<Candidate>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (drawn_.size() <= i && !draw()) return false;
    const Candidate& drawn = drawn_[i];
    if (drawn.genotype != expected[i].genotype || drawn.fidelity != expected[i].fidelity) {
      return false;
    }
  }
  return true;
}

std::vector<Candidate> WrappingAlgorithm::ask(int count) {
  std::vector<Candidate> asked;
  while (static_cast<int>(asked.size()) < count) {
    std::optional<Candidate> next = choose();
    if (!next) break;
    record(*next);
    asked.push_back(std::move(*next));
  }
  return asked;
}

bool WrappingAlgorithm::take_over(const std::vector<Candidate>& asked) {
  std::vector<Candidate> inner;
  for (const Candidate& candidate : asked) {
    if (is_inner(candidate)) inner.push_back(candidate);
  }
  if (!inner_.take_over(inner)) return false;
  for (const Candidate& candidate : asked) record(candidate);
  return true;
}

void WrappingAlgorithm::tell(const std::vector<Evaluation>& evaluations) {
  for (const Evaluation& evaluation : evaluations) {
    next_index_ = std::max(next_index_, evaluation.index + 1);
    Evaluation told = evaluation;
    told.genotype = canonical(space_, std::move(told.genotype));
    told.index = inner_.answered(evaluation.index);
    learn(std::move(told));
  }
}

void WrappingAlgorithm::record(const Candidate& asked) {
  next_index_ = std::max(next_index_, asked.index + 1);
  note(asked);
}

}  // namespace edgefront
