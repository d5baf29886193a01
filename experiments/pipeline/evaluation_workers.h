// The candidates under way: evaluated on threads of their own, handed back by index, so that the
// main loop may ask ahead while slow ones are still being answered.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "experiments/pipeline/journal.h"
#include "search/search_algorithm.h"

namespace edgefront {

/// `threads` candidates at a time, begun in the order in which they are given. The calls are for
/// one thread; threads are started when they are needed first.
class EvaluationWorkers {
 public:
  /// Blocks until the answer is there; called from any worker.
  using Evaluate = std::function<EvaluationRecord(const Candidate&)>;

  EvaluationWorkers(int threads, Evaluate evaluate);
  /// Forgets what has not begun, waits for what has.
  ~EvaluationWorkers();
  EvaluationWorkers(const EvaluationWorkers&) = delete;
  EvaluationWorkers& operator=(const EvaluationWorkers&) = delete;

  void start(const Candidate& candidate);

  /// The answer to a candidate that was started and not taken yet. `patience` is called about ten
  /// times a second while there is none; where it says false, nothing is returned. Rethrows what
  /// evaluate() threw for this candidate.
  std::optional<EvaluationRecord> take(std::int64_t index, const std::function<bool()>& patience);

  /// Forgets what has not begun, and waits for what has.
  void finish_begun();

  std::int64_t answered() const;  ///< and not taken yet

 private:
  struct Answer {
    EvaluationRecord record;
    std::exception_ptr failure;
  };
  void work();

  const int limit_;
  const Evaluate evaluate_;
  mutable std::mutex mutex_;  ///< for everything below
  std::condition_variable waiting_changed_, answers_changed_;
  std::deque<Candidate> waiting_;
  std::map<std::int64_t, Answer> answers_;  ///< by index
  int begun_ = 0, idle_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace edgefront
