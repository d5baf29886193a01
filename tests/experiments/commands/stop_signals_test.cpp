#include "experiments/commands/stop_signals.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <thread>

#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

/// Collects what is said and how the process would have been left.
class Log {
 public:
  void say(const std::string& text) {
    const std::lock_guard lock(mutex_);
    text_ += text + "\n";
  }
  std::string wait_for(const std::string& part) const {
    for (;; std::this_thread::yield()) {
      const std::lock_guard lock(mutex_);
      if (toy::contains(text_, part)) return text_;
    }
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

TEST_CASE("the first signal is a wish, the second one ends the process") {
  Log said, left;
  StopSignals signals(
      1000, [&](const std::string& text) { said.say(text); },
      [&](const std::string& text) { left.say(text); });
  CHECK_FALSE(signals.requested());
  std::raise(SIGTERM);
  CHECK(signals.requested());
  said.wait_for("SIGTERM: asks nothing more, and finishes what ends within 1000 s");
  std::raise(SIGINT);
  left.wait_for("SIGINT, the second signal: stops at once");
}

TEST_CASE("the end of the grace ends the process") {
  Log said, left;
  StopSignals signals(
      0.01, [&](const std::string& text) { said.say(text); },
      [&](const std::string& text) { left.say(text); });
  std::raise(SIGHUP);
  left.wait_for("the grace is over: abandons what is under way");
}

TEST_CASE("without a signal nothing is said, and what was there before comes back") {
  const auto ignore = [](const std::string&) { FAIL("nobody asked to stop"); };
  const auto before = std::signal(SIGTERM, SIG_DFL);
  { const StopSignals signals(1, ignore, ignore); }
  const bool same = std::signal(SIGTERM, before) == SIG_DFL;
  CHECK(same);
}

TEST_CASE("a signal that was ignored from the start stays ignored, and a broken pipe is no end") {
  const auto ignore = [](const std::string&) { FAIL("nobody asked to stop"); };
  const auto before = std::signal(SIGHUP, SIG_IGN);
  {
    const StopSignals signals(1, ignore, ignore);
    std::raise(SIGHUP);
    std::raise(SIGPIPE);
    CHECK_FALSE(signals.requested());
  }
  std::signal(SIGHUP, before);
}

TEST_CASE("programs that are started have the usual signals again") {
  const auto ignore = [](const std::string&) {};
  const StopSignals signals(1, ignore, ignore);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", "kill -TERM $$; exit 7", nullptr);
    ::_exit(8);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
}

}  // namespace
}  // namespace edgefront
