#include "evaluators/worker_pool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <stdexcept>

#include "space/error.h"

using namespace edgefront;

namespace {

/// Mailboxes of processes that are threads.
struct Network {
  explicit Network(int size) : inboxes(static_cast<std::size_t>(size)) {}
  std::mutex mutex;
  std::vector<std::deque<std::pair<int, std::string>>> inboxes;
  std::set<int> cut;
  int finished = 0;
};

class NetworkTransport final : public MessageTransport {
 public:
  NetworkTransport(std::shared_ptr<Network> network, int rank)
      : network_(std::move(network)), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(network_->inboxes.size()); }
  bool send(int to, const std::string& text) override {
    const std::lock_guard lock(network_->mutex);
    if (network_->cut.contains(to)) return false;
    network_->inboxes[static_cast<std::size_t>(to)].emplace_back(rank_, text);
    return true;
  }
  bool poll(int* from, std::string* text) override {
    const std::lock_guard lock(network_->mutex);
    auto& inbox = network_->inboxes[static_cast<std::size_t>(rank_)];
    if (inbox.empty()) return false;
    *from = inbox.front().first;
    *text = std::move(inbox.front().second);
    inbox.pop_front();
    return true;
  }
  void finish() override {
    const std::lock_guard lock(network_->mutex);
    ++network_->finished;
  }

 private:
  std::shared_ptr<Network> network_;
  int rank_;
};

using AnswerFunction = std::function<std::string(const std::string&)>;

/// A pool, and threads that serve.
struct Job {
  Job(int workers, const AnswerFunction& answer, const WorkerPoolOptions& options = {})
      : network(std::make_shared<Network>(workers + 1)), served(std::size_t(workers) + 1) {
    for (int rank = 1; rank <= workers; ++rank) {
      threads.emplace_back([this, rank, answer] {
        NetworkTransport transport(network, rank);
        served[std::size_t(rank)] = serve(transport, answer);
      });
    }
    pool = std::make_unique<WorkerPool>(std::make_unique<NetworkTransport>(network, 0), options);
  }
  void end() {
    pool.reset();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }
  ~Job() { end(); }

  std::shared_ptr<Network> network;
  std::vector<Served> served;
  std::vector<std::thread> threads;
  std::unique_ptr<WorkerPool> pool;
};

/// The next message for a worker that the test plays itself.
std::string next_message(NetworkTransport& worker) {
  int from = -1;
  std::string text;
  while (!worker.poll(&from, &text)) std::this_thread::yield();
  return text;
}

/// "A<id> text" for the question "Q<id> …".
std::string answered(const std::string& question, const std::string& text) {
  return "A" + question.substr(1, question.find(' ') - 1) + " " + text;
}

/// A clock that stands still until it is moved, in steps that no stopped process could make.
struct TestClock {
  std::atomic<int> seconds{0};
  WorkerPoolOptions options() {
    return {.silence_s = 10, .now = [this] {
              return std::chrono::steady_clock::time_point(std::chrono::seconds(seconds.load()));
            }};
  }
  /// Moves on until `done`.
  void pass(const std::function<bool()>& done) {
    while (!done()) {
      ++seconds;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
};

template <typename Error>
std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("every question gets its own answer, from all workers at once") {
  std::mutex mutex;
  std::set<std::thread::id> at_work;
  std::condition_variable changed;
  Job job(3, [&](const std::string& question) {
    // Nobody answers before all three are at work.
    std::unique_lock lock(mutex);
    at_work.insert(std::this_thread::get_id());
    changed.notify_all();
    changed.wait(lock, [&] { return at_work.size() == 3; });
    return question + "!";
  });
  CHECK(job.pool->workers() == 3);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string text = std::to_string(t) + " " + std::to_string(i) + "\n";
        right += job.pool->ask(text) == text + "!";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 160);
  job.end();
  CHECK(job.served[1].idle);
  CHECK(job.served[1].all_live);
  CHECK(job.network->finished == 1);  // the pool's side; a worker's is its caller's
}

TEST_CASE("a worker is greeted once, before its first question") {
  std::mutex mutex;
  std::map<std::thread::id, std::vector<std::string>> heard;
  Job job(2, [&](const std::string& question) {
    const std::lock_guard lock(mutex);
    heard[std::this_thread::get_id()].push_back(question);
    return std::string();
  });
  for (int i = 0; i < 10; ++i) job.pool->ask("question", "hello");
  for (const auto& [thread, questions] : heard) {
    CHECK(questions[0] == "hello");
    CHECK(std::count(questions.begin(), questions.end(), "hello") == 1);
  }
}

TEST_CASE("what a worker throws is thrown where it was asked") {
  Job job(1, [](const std::string& question) -> std::string {
    if (question == "input") throw InputError("no such file");
    if (question == "disk") throw EnvironmentError("disk full");
    if (question == "bug") throw std::logic_error("oops");
    return question;
  });
  const auto ask = [&](const char* question) { return [&, question] { job.pool->ask(question); }; };
  CHECK(message_of<InputError>(ask("input")) == "worker 1: no such file");
  CHECK(message_of<EnvironmentError>(ask("disk")) == "worker 1: disk full");
  CHECK(message_of<std::runtime_error>(ask("bug")) == "worker 1: oops");
  CHECK(job.pool->ask("fine") == "fine");
}

TEST_CASE("a worker that cannot take the greeting answers every question with its reason") {
  Job job(1, [](const std::string& question) -> std::string {
    if (question == "hello") throw InputError("host.h5: is missing");
    return question;
  });
  for (int i = 0; i < 3; ++i) {
    CHECK(message_of<InputError>([&] { job.pool->ask("question", "hello"); }) ==
          "worker 1: host.h5: is missing");
  }
}

TEST_CASE("a silent worker's question goes to another, and its late answer does no harm") {
  const auto network = std::make_shared<Network>(3);
  NetworkTransport first(network, 1), second(network, 2);
  TestClock clock;
  WorkerPool pool(std::make_unique<NetworkTransport>(network, 0), clock.options());
  std::string answer;
  std::thread asking([&] { answer = pool.ask("question"); });
  const std::string question = next_message(first);
  CHECK(question == "Q0 question");
  int from = -1;
  std::string again;
  clock.pass([&] { return second.poll(&from, &again); });
  CHECK(again == question);
  second.send(0, answered(question, "from the second"));
  asking.join();
  CHECK(answer == "from the second");
  first.send(0, answered(question, "late"));
  // It is at work again, and its late answer is not taken for one to the next question.
  for (int round = 0; round < 2; ++round) {
    std::thread one([&] { answer = pool.ask("next"); });
    std::thread two([&] { pool.ask("next"); });
    const std::string for_first = next_message(first), for_second = next_message(second);
    CHECK(for_first != for_second);
    first.send(0, answered(for_first, "in time"));
    second.send(0, answered(for_second, "in time"));
    one.join();
    two.join();
    CHECK(answer == "in time");
  }
}

TEST_CASE("a worker that cannot be reached is left out, and the last one's loss is an error") {
  const auto network = std::make_shared<Network>(3);
  network->cut = {1};
  NetworkTransport second(network, 2);
  {
    TestClock clock;
    WorkerPool pool(std::make_unique<NetworkTransport>(network, 0), clock.options());
    std::string answer;
    std::thread asking([&] { answer = pool.ask("question"); });
    second.send(0, answered(next_message(second), "here"));
    asking.join();
    CHECK(answer == "here");
    std::atomic<bool> failed{false};
    std::thread again([&] {
      answer = message_of<EnvironmentError>([&] { pool.ask("and now?"); });
      failed = true;
    });
    clock.pass([&] { return failed.load(); });
    again.join();
    CHECK(answer.find("no worker is left") == 0);
  }
  CHECK(network->finished == 0);  // waiting for the dead would take forever
  std::string text = next_message(second);
  while (text[0] != 'S') text = next_message(second);
  CHECK(text.ends_with("lost"));  // and the others are told so
}

TEST_CASE("a search that is stopped leaves its workers, also in the middle of an answer") {
  std::mutex mutex;
  std::condition_variable changed;
  bool begun = false, go_on = false;
  {
    Job job(1, [&](const std::string&) {
      std::unique_lock lock(mutex);
      begun = true;
      changed.notify_all();
      changed.wait(lock, [&] { return go_on; });
      go_on = false;
      changed.notify_all();
      return std::string();
    });
    std::string failure;
    std::thread asking(
        [&] { failure = message_of<EnvironmentError>([&] { job.pool->ask("question"); }); });
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return begun; });
    }
    job.pool->close();
    asking.join();
    CHECK(failure == "the search was stopped before a worker answered");
    job.end();
    CHECK_FALSE(job.served[1].idle);
  }
  // The thread that was left uses what stands here.
  std::unique_lock lock(mutex);
  go_on = true;
  changed.notify_all();
  changed.wait(lock, [&] { return !go_on; });
}
