// An algorithm inside another: what a wrapper needs to ask it, to count its asks for it, and to
// replay it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
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

}  // namespace edgefront
