// An algorithm inside another: what a wrapper needs to ask it, to count its asks for it, and to
// replay it; and what all wrappers are alike in.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "search/search_algorithm.h"

namespace edgefront {

/// The inner algorithm counts its own asks only: an inner index stands for each outer one that is
/// passed on.
class InnerAlgorithm {
 public:
  explicit InnerAlgorithm(std::unique_ptr<SearchAlgorithm> algorithm);

  /// The inner algorithm's next candidate, under `index`; nothing where its space is exhausted.
  std::optional<Candidate> ask(std::int64_t index);
  /// As SearchAlgorithm::take_over(), of those candidates only that were the inner algorithm's.
  /// One that has to be asked is asked here and compared: what it asked then stays for ask().
  bool take_over(const std::vector<Candidate>& asked);
  /// The inner index of an ask that is answered now; `index` itself if it was not asked.
  std::int64_t answered(std::int64_t index);
  /// `evaluation` has an inner index.
  void tell(const Evaluation& evaluation);
  std::string version() const { return algorithm_->version(); }

 private:
  bool draw();
  bool draws(const std::vector<Candidate>& expected);

  std::unique_ptr<SearchAlgorithm> algorithm_;
  std::unordered_map<std::int64_t, std::int64_t> index_of_;  ///< unanswered: inner by outer
  std::deque<Candidate> drawn_;  ///< asked of the algorithm and not passed on yet
  std::int64_t next_ = 0;        ///< inner index
};

/// An algorithm around another: what is left to it is when to ask something of its own, and what
/// the inner one is told.
class WrappingAlgorithm : public SearchAlgorithm {
 public:
  std::vector<Candidate> ask(int count) override;
  bool take_over(const std::vector<Candidate>& asked) override;
  void tell(const std::vector<Evaluation>& evaluations) override;

 protected:
  /// `space` outlives this.
  WrappingAlgorithm(std::unique_ptr<SearchAlgorithm> inner, const SearchSpace& space)
      : inner_(std::move(inner)), space_(space) {}

  /// The next candidate, under next_index_: an own one or the inner algorithm's; nothing where
  /// neither has any.
  virtual std::optional<Candidate> choose() = 0;
  /// Whether an ask of an earlier run was the inner algorithm's.
  virtual bool is_inner(const Candidate& asked) const = 0;
  /// What an ask changes here, an own one or the inner algorithm's.
  virtual void note(const Candidate& asked) = 0;
  /// One evaluation: canonical, and under the inner index of its ask (InnerAlgorithm::answered).
  virtual void learn(Evaluation told) = 0;

  InnerAlgorithm inner_;
  const SearchSpace& space_;
  std::int64_t next_index_ = 0;

 private:
  void record(const Candidate& asked);
};

}  // namespace edgefront
