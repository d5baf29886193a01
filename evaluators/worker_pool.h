// Questions and answers, plain texts, between one asking process and its workers. What is asked and
// how it is answered is the caller's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "evaluators/message_transport.h"

namespace edgefront {

struct WorkerPoolOptions {
  /// A worker that is at work and has not been heard of for so long is taken for dead, and its
  /// question goes to another one. They are heard of once in two seconds.
  double silence_s = 60;
  /// The time, where a test makes it.
  std::function<std::chrono::steady_clock::time_point()> now = {};
};

/// The asking side. One thread of its own talks to the workers; each has one question at a time.
class WorkerPool {
 public:
  /// `transport` has rank 0; the other ranks serve().
  WorkerPool(std::unique_ptr<MessageTransport> transport, const WorkerPoolOptions& options = {});
  /// Lets the workers go. Where one is lost, the job ends without waiting for it.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  int workers() const { return transport_->size() - 1; }

  /// The answer of a free worker, for which it waits. `greeting` is asked of every worker before
  /// its first question, its answer ignored. Thread-safe. Throws what the worker threw (InputError
  /// and EnvironmentError as such, with the worker's number), and EnvironmentError where no worker
  /// is left, or after close().
  std::string ask(const std::string& question, const std::string& greeting = "");
  /// Asks under way and to come fail. For a search that is stopped.
  void close();

 private:
  using Clock = std::chrono::steady_clock;
  struct Question;
  struct Worker {
    bool lost = false;
    bool greeted = false;
    std::shared_ptr<Question> at_work;  ///< null: free
    Clock::time_point heard;
  };

  Clock::time_point now() const { return options_.now ? options_.now() : Clock::now(); }
  void talk();
  bool hand_out();
  void send_question(int rank, Worker& worker, const std::shared_ptr<Question>& question);
  void hear(int from, const std::string& text);
  void look_for_lost(Clock::duration unseen);
  void lose(int rank);
  void fail_all(const std::string& why);

  std::unique_ptr<MessageTransport> transport_;
  const WorkerPoolOptions options_;
  std::mutex mutex_;  ///< for everything below; not held while the transport is used
  std::condition_variable answered_;
  std::deque<std::shared_ptr<Question>> waiting_;
  std::map<std::int64_t, std::shared_ptr<Question>> open_;  ///< by id, with or without a worker
  std::vector<Worker> workers_;                             ///< by rank; [0] is unused
  std::int64_t next_id_ = 0;
  bool closed_ = false, stop_ = false;
  std::thread thread_;
};

/// How a worker was let go.
struct Served {
  bool idle = true;      ///< else the answering thread still runs, and what it uses must stay
  bool all_live = true;  ///< else finish() would wait for a process that is lost
};

/// The other side: answers until the pool lets this worker go. `answer` runs on a thread of its
/// own, one question at a time; its exceptions travel as texts.
Served serve(MessageTransport& transport,
             const std::function<std::string(const std::string&)>& answer);

}  // namespace edgefront
