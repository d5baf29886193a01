#include "evaluators/worker_pool.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "space/error.h"

namespace edgefront {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kHeartbeat{2};

/// What a message begins with; behind it stands the id of the question, a space, and the text.
constexpr char kQuestion = 'Q', kGreeting = 'G', kAnswer = 'A', kAlive = 'H', kStop = 'S';
constexpr char kSomeAreLost[] = "lost";  ///< text of a stop
/// A failed answer says which kind of exception it was.
constexpr char kInputError = '2', kEnvironmentError = '3', kOtherError = '1';

struct Parsed {
  char kind = 0;
  std::int64_t id = -1;
  std::string text;
};

std::string message(char kind, std::int64_t id, const std::string& text) {
  return kind + std::to_string(id) + " " + text;
}

Parsed parse(const std::string& message) {
  Parsed parsed;
  const std::size_t space = message.find(' ');
  if (message.empty() || space == std::string::npos) return parsed;
  parsed.kind = message[0];
  parsed.id = std::strtoll(message.c_str() + 1, nullptr, 10);
  parsed.text = message.substr(space + 1);
  return parsed;
}

/// Sleeps between looks for messages: short after one came, up to a millisecond when all is quiet.
class Patience {
 public:
  void reset() { sleep_ = std::chrono::microseconds(20); }
  void wait() {
    std::this_thread::sleep_for(sleep_);
    sleep_ = std::min(2 * sleep_, std::chrono::microseconds(1000));
  }

 private:
  std::chrono::microseconds sleep_{20};
};

}  // namespace

struct WorkerPool::Question {
  std::int64_t id = 0;
  std::string text, greeting;
  bool done = false;
  char failure = 0;  ///< 0: answered
  std::string answer;
};

WorkerPool::WorkerPool(std::unique_ptr<MessageTransport> transport,
                       const WorkerPoolOptions& options)
    : transport_(std::move(transport)),
      options_(options),
      workers_(static_cast<std::size_t>(transport_->size())),
      thread_([this] { talk(); }) {}

WorkerPool::~WorkerPool() {
  close();
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  thread_.join();
  const bool all_live = std::none_of(workers_.begin() + 1, workers_.end(),
                                     [](const Worker& worker) { return worker.lost; });
  bool reached = true;
  for (int rank = 1; rank < transport_->size(); ++rank) {
    reached = transport_->send(rank, message(kStop, 0, all_live ? "" : kSomeAreLost)) && reached;
  }
  if (all_live && reached) transport_->finish();
}

std::string WorkerPool::ask(const std::string& text, const std::string& greeting) {
  const auto question = std::make_shared<Question>();
  std::unique_lock lock(mutex_);
  if (closed_) throw EnvironmentError("the search was stopped before a worker answered");
  question->id = next_id_++;
  question->text = text;
  question->greeting = greeting;
  waiting_.push_back(question);
  open_[question->id] = question;
  answered_.wait(lock, [&] { return question->done; });
  if (question->failure == 0) return std::move(question->answer);
  if (question->failure == kInputError) throw InputError(question->answer);
  if (question->failure == kEnvironmentError) throw EnvironmentError(question->answer);
  throw std::runtime_error(question->answer);
}

void WorkerPool::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  fail_all("the search was stopped before a worker answered");
}

/// Needs the lock.
void WorkerPool::fail_all(const std::string& why) {
  for (auto& [id, question] : open_) {
    question->done = true;
    question->failure = kEnvironmentError;
    question->answer = why;
  }
  open_.clear();
  waiting_.clear();
  answered_.notify_all();
}

void WorkerPool::talk() {
  Patience patience;
  auto looked = now();
  for (;;) {
    int from = 0;
    std::string text;
    bool busy = hand_out();
    while (transport_->poll(&from, &text)) {
      hear(from, text);
      busy = true;
    }
    const auto unseen = now() - looked;
    if (unseen > std::chrono::milliseconds(100)) {
      looked = now();
      look_for_lost(unseen);
    }
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
    }
    if (busy) {
      patience.reset();
    } else {
      patience.wait();
    }
  }
}

/// One waiting question to one free worker; false where there is no such pair.
bool WorkerPool::hand_out() {
  std::unique_lock lock(mutex_);
  if (waiting_.empty()) return false;
  for (std::size_t rank = 1; rank < workers_.size(); ++rank) {
    Worker& worker = workers_[rank];
    if (worker.lost || worker.at_work) continue;
    const std::shared_ptr<Question> question = waiting_.front();
    waiting_.pop_front();
    worker.at_work = question;
    worker.heard = now();
    const bool greet = !std::exchange(worker.greeted, true) && !question->greeting.empty();
    lock.unlock();
    const int to = static_cast<int>(rank);
    const bool sent =
        (!greet || transport_->send(to, message(kGreeting, question->id, question->greeting))) &&
        transport_->send(to, message(kQuestion, question->id, question->text));
    lock.lock();
    if (!sent) lose(to);
    return true;
  }
  return false;
}

void WorkerPool::hear(int from, const std::string& text) {
  const Parsed came = parse(text);
  const std::lock_guard lock(mutex_);
  Worker& worker = workers_.at(static_cast<std::size_t>(from));
  worker.heard = now();
  if (came.kind == kAlive) return;
  // Who was taken for dead and answers after all lives.
  worker.lost = false;
  if (worker.at_work && worker.at_work->id == came.id) worker.at_work = nullptr;
  const auto found = open_.find(came.id);
  if (found == open_.end()) return;  // another worker was quicker
  Question& question = *found->second;
  question.done = true;
  question.answer = came.text;
  if (came.kind != kAnswer) {
    question.failure = came.kind;
    question.answer = "worker " + std::to_string(from) + ": " + came.text;
  }
  std::erase(waiting_, found->second);
  open_.erase(found);
  answered_.notify_all();
}

/// Takes workers that have been silent too long for dead. `unseen`: since this process looked last;
/// where it was stopped itself for a while, that is not the workers' silence.
void WorkerPool::look_for_lost(Clock::duration unseen) {
  const std::lock_guard lock(mutex_);
  if (unseen > kHeartbeat) {
    for (Worker& worker : workers_) worker.heard += unseen;
  }
  bool any = false;
  for (std::size_t rank = 1; rank < workers_.size(); ++rank) {
    Worker& worker = workers_[rank];
    const std::chrono::duration<double> silent = now() - worker.heard;
    if (worker.at_work && silent.count() > options_.silence_s) lose(static_cast<int>(rank));
    any = any || !worker.lost;
  }
  if (!any) {
    fail_all("no worker is left: the last one has not been heard of for " +
             std::to_string(static_cast<int>(options_.silence_s)) +
             " s; all answers are journalled: give the same command again to go on");
  }
}

/// Needs the lock.
void WorkerPool::lose(int rank) {
  Worker& worker = workers_[static_cast<std::size_t>(rank)];
  worker.lost = true;
  if (!worker.at_work) return;
  if (!worker.at_work->done) waiting_.push_front(worker.at_work);
  worker.at_work = nullptr;
}

namespace {

/// Where the answering thread and the talking one meet; outlives whoever ends first.
struct Desk {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Parsed> questions;
  std::deque<std::string> answers;  ///< messages
  int at_work = 0;
  bool stop = false;
};

/// The message that answers one question.
std::string answer_to(const Parsed& question,
                      const std::function<std::string(const std::string&)>& answer) {
  try {
    return message(kAnswer, question.id, answer(question.text));
  } catch (const InputError& error) {
    return message(kInputError, question.id, error.what());
  } catch (const EnvironmentError& error) {
    return message(kEnvironmentError, question.id, error.what());
  } catch (const std::exception& error) {
    return message(kOtherError, question.id, error.what());
  }
}

void answer_all(Desk& desk, const std::function<std::string(const std::string&)>& answer) {
  std::string failed_greeting;  // stands in for every answer
  std::unique_lock lock(desk.mutex);
  for (;;) {
    desk.changed.wait(lock, [&] { return desk.stop || !desk.questions.empty(); });
    if (desk.stop) return;
    const Parsed question = std::move(desk.questions.front());
    desk.questions.pop_front();
    lock.unlock();
    std::string text = failed_greeting.empty() ? answer_to(question, answer)
                                               : failed_greeting[0] + std::to_string(question.id) +
                                                     failed_greeting.substr(1);
    lock.lock();
    if (question.kind != kGreeting) {
      desk.answers.push_back(std::move(text));
      --desk.at_work;
    } else if (text[0] != kAnswer) {
      failed_greeting = text[0] + text.substr(text.find(' '));
    }
  }
}

}  // namespace

Served serve(MessageTransport& transport,
             const std::function<std::string(const std::string&)>& answer) {
  const auto desk = std::make_shared<Desk>();
  std::thread thread([desk, answer] { answer_all(*desk, answer); });
  Patience patience;
  auto spoken = Clock::now();
  Served served;
  for (;;) {
    int from = 0;
    std::string text;
    bool busy = false;
    while (transport.poll(&from, &text)) {
      busy = true;
      Parsed came = parse(text);
      const std::lock_guard lock(desk->mutex);
      if (came.kind == kStop) {
        desk->stop = true;
        served.all_live = came.text != kSomeAreLost;
      } else {
        if (came.kind == kQuestion) ++desk->at_work;
        desk->questions.push_back(std::move(came));
      }
      desk->changed.notify_all();
    }
    std::unique_lock lock(desk->mutex);
    if (desk->stop) {
      served.idle = desk->at_work == 0;
      lock.unlock();
      if (served.idle) {
        thread.join();
      } else {
        thread.detach();
      }
      return served;
    }
    std::deque<std::string> answers = std::exchange(desk->answers, {});
    if (desk->at_work > 0 && Clock::now() - spoken > kHeartbeat) {
      answers.push_back(message(kAlive, 0, ""));
    }
    lock.unlock();
    for (const std::string& one : answers) {
      busy = true;
      spoken = Clock::now();
      transport.send(0, one);
    }
    if (busy) {
      patience.reset();
    } else {
      patience.wait();
    }
  }
}

}  // namespace edgefront
