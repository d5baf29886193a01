#include "hwprofiles/probe_link.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <thread>
#include <utility>

extern char** environ;

namespace edgefront {
namespace {

constexpr std::size_t kMaxShown = 80;  // of a line that is no result

[[noreturn]] void fail(const std::string& what, int error) {
  throw EnvironmentError("the command of the probe: " + what + ": " + std::strerror(error));
}

/// Both ends of a pipe, closed in programs that are started, and by the destructor.
struct Pipe {
  int read_end = -1, write_end = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("no pipe", errno);
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    if (read_end >= 0) close(read_end);
    if (write_end >= 0) close(write_end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
};

/// A write to a pipe that nobody reads gives EPIPE and no signal, for this call and thread only.
ssize_t write_quietly(int file, const char* bytes, std::size_t size) {
  sigset_t pipe_signal, before, pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigpending(&pending);
  const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t written = write(file, bytes, size);
  const int error = errno;
  if (written < 0 && error == EPIPE && !was_pending) {
    const timespec now{};
    while (sigtimedwait(&pipe_signal, nullptr, &now) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return written;
}

/// The start of a line for a message, without what a terminal would obey.
std::string shown(const std::string& line) {
  std::string text;
  for (const char c : line.substr(0, kMaxShown)) text += c >= ' ' && c <= '~' ? c : '?';
  return line.size() > kMaxShown ? text + "..." : text;
}

/// How a process ended, or empty while it runs.
std::string how_it_ended(int status) {
  if (WIFEXITED(status)) {
    return "it ended with exit code " + std::to_string(WEXITSTATUS(status));
  }
  if (WIFSIGNALED(status)) return "it was ended by signal " + std::to_string(WTERMSIG(status));
  return "";
}

/// Waits at most `ms` for a child; true with its status when it has ended.
bool wait_for(pid_t child, int ms, int* status) {
  for (int waited = 0;; waited += 10) {
    const pid_t ended = waitpid(child, status, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) return true;
    if (waited >= ms) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

bool answers(const ProbeJob& job, const ProbeResult& result) {
  switch (result.kind) {
    case ResultKind::kError:
      return true;
    case ResultKind::kLayer:
      return job.kind == JobKind::kLayer && result.layer.key == job.key && result.runtime.empty();
    case ResultKind::kNetwork:
      return (job.kind == JobKind::kNetwork || job.kind == JobKind::kModel) &&
             result.network.name == job.name && result.facts.threads == job.threads &&
             (result.network.step_latency_us.empty() ||
              result.facts.keys.size() == result.network.step_latency_us.size()) &&
             (job.kernel_set.empty() || result.facts.kernel_set == job.kernel_set) &&
             result.runtime.empty();
    case ResultKind::kReference:
      return job.kind == JobKind::kReference;
    case ResultKind::kRoof:
      return job.kind == JobKind::kRoof;
    case ResultKind::kHandshake:
    case ResultKind::kProgress:
    case ResultKind::kDone:
      break;
  }
  return false;
}

}  // namespace

ProbeLink::ProbeLink(const LinkOptions& options) : options_(options) {
  start();
  try {
    wait_for_handshake();
  } catch (...) {
    close_line();
    throw;
  }
}

ProbeLink::~ProbeLink() { close_line(); }

void ProbeLink::start() {
  Pipe to, from;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to.read_end, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from.write_end, STDOUT_FILENO);
  std::string shell = "sh", flag = "-c", command = options_.command;
  char* const arguments[] = {shell.data(), flag.data(), command.data(), nullptr};
  const int error = posix_spawn(&child_, "/bin/sh", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    child_ = -1;
    fail("cannot be started", error);
  }
  to_ = std::exchange(to.write_end, -1);
  from_ = std::exchange(from.read_end, -1);
  fcntl(to_, F_SETFL, O_NONBLOCK);
}

void ProbeLink::close_line() {
  if (to_ >= 0) close(to_);
  to_ = -1;
  // A probe that is done says so before it ends; a closed pipe would make it complain of that.
  int status = 0;
  const bool ended = child_ >= 0 && wait_for(child_, 1000, &status);
  if (from_ >= 0) close(from_);
  from_ = -1;
  if (child_ < 0) return;
  if (!ended) {
    kill(child_, SIGTERM);
    if (!wait_for(child_, 1000, &status)) {
      kill(child_, SIGKILL);
      waitpid(child_, &status, 0);
    }
  }
  child_ = -1;
}

void ProbeLink::cut(const std::string& why) {
  std::string text = "the line to the probe is cut: " + why;
  int status = 0;
  if (child_ >= 0 && wait_for(child_, 200, &status)) {
    child_ = -1;
    if (const std::string end = how_it_ended(status); !end.empty()) text += "; " + end;
  }
  close_line();
  throw LinkCut(text);
}

/// Cuts the next complete line off what was received.
bool ProbeLink::take_line(std::string* line) {
  const std::size_t end = received_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = received_.size();
    if (scanned_ > kMaxLineBytes) cut("it sent a line of more than the accepted bytes");
    return false;
  }
  line->assign(received_, 0, end);
  received_.erase(0, end + 1);
  scanned_ = 0;
  return true;
}

/// Sends and receives until there is a complete line.
ProbeResult ProbeLink::next_result() {
  std::string line;
  while (!take_line(&line)) exchange();
  ProbeResult result;
  if (const Status s = parse_result(line, &result); !s.ok()) {
    cut("\"" + shown(line) + "\" is no result (" + s.message() + ")");
  }
  return result;
}

/// One step of both directions at once: a probe that answers early must not wait for us while we
/// wait for it.
void ProbeLink::exchange() {
  const bool sending = sent_ < unsent_.size();
  pollfd files[2] = {{from_, POLLIN, 0}, {sending ? to_ : -1, POLLOUT, 0}};
  const int ready = poll(files, 2, options_.silence_s * 1000);
  if (ready < 0) {
    if (errno == EINTR) return;
    cut(std::string("poll: ") + std::strerror(errno));
  }
  if (ready == 0) cut("nothing came for " + std::to_string(options_.silence_s) + " s");
  if ((files[1].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
    const ssize_t n = write_quietly(to_, unsent_.data() + sent_, unsent_.size() - sent_);
    if (n > 0) sent_ += static_cast<std::size_t>(n);
    // What it said before it ended is read first.
    if (n < 0 && errno == EPIPE) sent_ = unsent_.size();
  }
  if ((files[0].revents & (POLLIN | POLLERR | POLLHUP)) == 0) return;
  char bytes[1 << 16];
  const ssize_t n = read(from_, bytes, sizeof bytes);
  if (n > 0) received_.append(bytes, static_cast<std::size_t>(n));
  if (n == 0) {
    cut(received_.empty() ? "the command closed it" : "the command closed it within a line");
  }
  if (n < 0 && errno != EINTR && errno != EAGAIN) cut(std::string("read: ") + std::strerror(errno));
}

void ProbeLink::wait_for_handshake() {
  const ProbeResult result = next_result();
  if (result.kind != ResultKind::kHandshake) cut("it did not begin with a handshake");
  if (result.version < kProbeVersion) {
    throw EnvironmentError("the probe speaks version " + std::to_string(result.version) +
                           " of the lines, needed is " + std::to_string(kProbeVersion) +
                           ": copy the edgefront-probe of this build to the device");
  }
  identity_ = result.identity;
  state_ = result.state;
}

void ProbeLink::run(const std::vector<ProbeJob>& jobs, const Answer& answer,
                    const Progress& progress) {
  unsent_.clear();
  sent_ = 0;
  for (const ProbeJob& job : jobs) {
    unsent_ += job_line(job) + "\n";
  }
  ProbeJob close_batch;
  close_batch.kind = JobKind::kRun;
  unsent_ += job_line(close_batch) + "\n";
  const int first = lines_ + 1;
  lines_ += static_cast<int>(jobs.size()) + 1;
  std::vector<bool> answered(jobs.size());
  for (;;) {
    const ProbeResult result = next_result();
    if (result.kind == ResultKind::kDone) break;
    if (result.kind == ResultKind::kProgress) {
      if (progress) progress(result.stage, result.done, result.total);
      continue;
    }
    const auto index = static_cast<std::size_t>(static_cast<std::int64_t>(result.line) - first);
    if (result.line < first || index >= jobs.size() || answered[index] ||
        !answers(jobs[index], result)) {
      cut("it answered what was not asked, on line " + std::to_string(result.line));
    }
    answered[index] = true;
    answer(index, result);
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!answered[i] && jobs[i].kind != JobKind::kProtocol) {
      cut("it closed a batch without an answer to all jobs");
    }
  }
}

}  // namespace edgefront
