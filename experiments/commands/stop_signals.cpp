#include "experiments/commands/stop_signals.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "experiments/host.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr unsigned char kEnd = 255;

/// Handlers have no other place for what they touch.
std::atomic<bool> stop_requested{false};
int pipe_ends[2] = {-1, -1};  ///< read, write

/// Only what is safe in a handler: a lock-free flag and write(2).
void on_signal(int signal) {
  const int error = errno;
  stop_requested = true;
  const unsigned char byte = static_cast<unsigned char>(signal);
  if (::write(pipe_ends[1], &byte, 1) < 0) stop_requested = true;  // full: signals enough are in it
  errno = error;
}

void on_broken_pipe(int) {}

std::string signal_name(int signal) {
  switch (signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
  }
  return "signal " + std::to_string(signal);
}

}  // namespace

StopSignals::StopSignals(double grace_s, std::function<void(const std::string&)> said,
                         std::function<void(const std::string&)> leave)
    : grace_s_(grace_s), said_(std::move(said)), leave_(std::move(leave)) {
  if (::pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    throw EnvironmentError(std::string("a pipe for signals cannot be made: ") +
                           std::strerror(errno));
  }
  stop_requested = false;
  watcher_ = std::thread([this] { watch(); });
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    struct sigaction action {
    }, before{};
    // A handler, not SIG_IGN or a mask: programs that we start would inherit those.
    action.sa_handler = signal == SIGPIPE ? on_broken_pipe : on_signal;
    action.sa_flags = SA_RESTART;
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_IGN) continue;
    ::sigaction(signal, &action, nullptr);
    handlers_.push_back({signal, before});
  }
}

StopSignals::~StopSignals() {
  for (const Handler& handler : handlers_) ::sigaction(handler.signal, &handler.before, nullptr);
  // The pipe may be full of signals; the watcher empties it.
  while (::write(pipe_ends[1], &kEnd, 1) < 0 && errno != EBADF) std::this_thread::yield();
  watcher_.join();
  for (int& end : pipe_ends) {
    ::close(end);
    end = -1;
  }
}

bool StopSignals::requested() const { return stop_requested; }

int StopSignals::wait(int timeout_ms) {
  pollfd readable{pipe_ends[0], POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&readable, 1, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  unsigned char byte = 0;
  return ready > 0 && ::read(pipe_ends[0], &byte, 1) == 1 ? byte : 0;
}

void StopSignals::watch() {
  const int first = wait(-1);
  if (first == kEnd) return;
  said_(signal_name(first) + ": asks nothing more, and finishes what ends within " +
        fixed(grace_s_, grace_s_ == std::floor(grace_s_) ? 0 : 1) +
        " s; a second signal stops at once");
  const int second = wait(static_cast<int>(std::min(grace_s_ * 1e3, 2e9)));
  if (second == kEnd) return;
  leave_(second == 0 ? "the grace is over: abandons what is under way"
                     : signal_name(second) + ", the second signal: stops at once");
}

}  // namespace edgefront
