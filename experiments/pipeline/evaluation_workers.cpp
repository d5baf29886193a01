#include "experiments/pipeline/evaluation_workers.h"

#include <chrono>
#include <utility>

namespace edgefront {

EvaluationWorkers::EvaluationWorkers(int threads, Evaluate evaluate)
    : limit_(threads), evaluate_(std::move(evaluate)) {}

EvaluationWorkers::~EvaluationWorkers() {
  {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
    stop_ = true;
  }
  waiting_changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void EvaluationWorkers::start(const Candidate& candidate) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(candidate);
  if (static_cast<int>(waiting_.size()) > idle_ && static_cast<int>(threads_.size()) < limit_) {
    threads_.emplace_back([this] { work(); });
  }
  waiting_changed_.notify_one();
}

std::optional<EvaluationRecord> EvaluationWorkers::take(std::int64_t index,
                                                        const std::function<bool()>& patience) {
  std::unique_lock lock(mutex_);
  const auto answered = [&] { return answers_.contains(index); };
  while (!answers_changed_.wait_for(lock, std::chrono::milliseconds(100), answered)) {
    lock.unlock();
    const bool go_on = patience();
    lock.lock();
    if (!go_on && !answered()) return std::nullopt;
  }
  const Answer answer = std::move(answers_.extract(index).mapped());
  lock.unlock();
  if (answer.failure) std::rethrow_exception(answer.failure);
  return answer.record;
}

void EvaluationWorkers::finish_begun() {
  std::unique_lock lock(mutex_);
  waiting_.clear();
  answers_changed_.wait(lock, [&] { return begun_ == 0; });
}

std::int64_t EvaluationWorkers::answered() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::int64_t>(answers_.size());
}

void EvaluationWorkers::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    waiting_changed_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) return;
    const Candidate candidate = std::move(waiting_.front());
    waiting_.pop_front();
    ++begun_;
    lock.unlock();
    Answer answer;
    try {
      answer.record = evaluate_(candidate);
    } catch (...) {
      answer.failure = std::current_exception();
    }
    lock.lock();
    answers_.emplace(candidate.index, std::move(answer));
    --begun_;
    answers_changed_.notify_all();
  }
}

}  // namespace edgefront
