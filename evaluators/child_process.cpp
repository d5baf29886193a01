#include "evaluators/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

namespace edgefront {
namespace {

constexpr std::chrono::milliseconds kGrace{500};  ///< to end by itself when its input is closed
constexpr std::int64_t kTail = 4096;              ///< bytes of a log that may hold the last words
constexpr std::size_t kMaxWords = 200;

bool is_program(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

/// Both ends, closed in every program that is started, and by the destructor.
struct Pipe {
  int read_end = -1, write_end = -1;
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  ~Pipe() {
    if (read_end >= 0) ::close(read_end);
    if (write_end >= 0) ::close(write_end);
  }
};

/// Between fork and exec of a process with several threads: only what is safe in a signal handler.
[[noreturn]] void become(const char* program, char* const* arguments, int input, int output,
                         int log, int report) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) ::signal(number, SIG_DFL);
  const bool ready = ::dup2(input, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
                     ::dup2(log, STDERR_FILENO) >= 0;
  if (ready) ::execv(program, arguments);
  const int error = errno;
  while (::write(report, &error, sizeof error) < 0 && errno == EINTR) {
  }
  ::_exit(127);
}

ChildStarter::Child failed(const std::string& what, int error) {
  ChildStarter::Child child;
  child.failure = what + ": " + std::strerror(error);
  return child;
}

ChildStarter::Child spawn(const std::string& program, const std::vector<std::string>& command,
                          const std::string& log) {
  Pipe to, from, report;
  if (!to.open() || !from.open() || !report.open()) return failed("no pipe", errno);
  const int log_file = ::open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (log_file < 0) return failed(log + ": cannot be opened for writing", errno);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t id = ::fork();
  if (id == 0) {
    become(program.c_str(), arguments.data(), to.read_end, from.write_end, log_file,
           report.write_end);
  }
  const int fork_error = errno;
  ::close(log_file);
  if (id < 0) return failed("no process", fork_error);
  ::setpgid(id, id);  // also here: whoever is first, it holds when start() returns
  ::close(std::exchange(report.write_end, -1));
  int error = 0;
  ssize_t got = 0;
  while ((got = ::read(report.read_end, &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (got > 0) {
    while (::waitpid(id, nullptr, 0) < 0 && errno == EINTR) {
    }
    return failed(program + ": cannot be run", error);
  }
  ChildStarter::Child child;
  child.id = id;
  child.to = std::exchange(to.write_end, -1);
  child.from = std::exchange(from.read_end, -1);
  ::fcntl(child.to, F_SETFL, O_NONBLOCK);
  ::fcntl(child.from, F_SETFL, O_NONBLOCK);
  return child;
}

/// A write to a pipe that nobody reads gives EPIPE and no signal, for this call and thread only.
ssize_t write_quietly(int file, const char* bytes, std::size_t size) {
  sigset_t pipe_signal, before, pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  ::sigpending(&pending);
  const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t written = ::write(file, bytes, size);
  const int error = errno;
  if (written < 0 && error == EPIPE && !was_pending) {
    const timespec now{};
    while (::sigtimedwait(&pipe_signal, nullptr, &now) < 0 && errno == EINTR) {
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return written;
}

int milliseconds_until(ChildProcess::Clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - ChildProcess::Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000'000));
}

std::int64_t size_of(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? static_cast<std::int64_t>(facts.st_size) : 0;
}

}  // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return is_program(name) ? name : "";
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "/usr/bin:/bin";
  while (!name.empty()) {
    const std::size_t end = rest.find(':');
    const std::string folder(rest.substr(0, end));
    const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (is_program(candidate)) return candidate;
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return "";
}

ChildStarter::ChildStarter() : thread_([this] { serve(); }) {}

ChildStarter::~ChildStarter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ChildStarter::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || job_; });
    if (stop_) return;
    job_();
    job_ = nullptr;
    changed_.notify_all();
  }
}

ChildStarter::Child ChildStarter::start(const std::string& program,
                                        const std::vector<std::string>& command,
                                        const std::string& log) {
  Child child;
  bool done = false;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !job_; });
  job_ = [&] {
    child = spawn(program, command, log);
    done = true;
  };
  changed_.notify_all();
  changed_.wait(lock, [&] { return done; });
  return child;
}

ChildProcess::ChildProcess(ChildStarter& starter, const std::string& program,
                           const std::vector<std::string>& command, const std::string& log)
    : log_(log), log_begin_(size_of(log)) {
  child_ = starter.start(program, command, log);
  start_failure_ = child_.failure;
}

void ChildProcess::close_input() {
  if (child_.to >= 0) ::close(child_.to);
  child_.to = -1;
}

ChildProcess::~ChildProcess() {
  close_input();
  await_end();
  kill_group();
  if (child_.from >= 0) ::close(child_.from);
}

bool ChildProcess::await_end() {
  if (child_.id < 0) return true;
  for (const auto begun = Clock::now(); Clock::now() - begun < kGrace;) {
    siginfo_t facts{};
    // It stays a zombie, so that its group cannot become another one's before it is killed.
    ::waitid(P_PID, static_cast<id_t>(child_.id), &facts, WEXITED | WNOHANG | WNOWAIT);
    if (facts.si_pid == child_.id) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

void ChildProcess::kill_group() {
  if (child_.id < 0) return;
  ::kill(-child_.id, SIGKILL);  // what it has started too, also after its own end
  while (::waitpid(child_.id, &status_, 0) < 0 && errno == EINTR) {
  }
  child_.id = -1;
}

ChildProcess::Outcome ChildProcess::receive(Clock::time_point deadline, std::size_t max_bytes,
                                            std::string* line) {
  return exchange("", deadline, max_bytes, line);
}

ChildProcess::Outcome ChildProcess::exchange(const std::string& text, Clock::time_point deadline,
                                             std::size_t max_bytes, std::string* line) {
  const std::string request = text.empty() ? "" : text + "\n";
  std::string_view unsent = request;
  const auto give_up = [&](Outcome outcome) {
    kill_group();
    return outcome;
  };
  if (child_.id < 0) return Outcome::kEnded;
  for (;;) {
    const std::size_t end = received_.find('\n', scanned_);
    if (std::min(end, received_.size()) > max_bytes) return give_up(Outcome::kTooLong);
    if (end != std::string::npos && unsent.empty()) {
      line->assign(received_, 0, end);
      received_.erase(0, end + 1);
      scanned_ = 0;
      return Outcome::kLine;
    }
    scanned_ = std::min(end, received_.size());
    pollfd files[2] = {{child_.from, POLLIN, 0}, {unsent.empty() ? -1 : child_.to, POLLOUT, 0}};
    const int ready = ::poll(files, 2, milliseconds_until(deadline));
    if (ready < 0 && errno != EINTR) return give_up(Outcome::kEnded);
    if (ready == 0) return give_up(Outcome::kTimeout);
    if (ready < 0) continue;
    if (files[1].revents != 0) send_some(&unsent);
    if (files[0].revents != 0 && !receive_some()) {
      closed_its_output_ = !await_end();
      return give_up(Outcome::kEnded);
    }
  }
}

void ChildProcess::send_some(std::string_view* unsent) {
  const ssize_t n = write_quietly(child_.to, unsent->data(), unsent->size());
  if (n > 0) unsent->remove_prefix(static_cast<std::size_t>(n));
  // What it said before it ended is read first.
  if (n < 0 && errno == EPIPE) *unsent = {};
}

bool ChildProcess::receive_some() {
  char bytes[1 << 16];
  const ssize_t n = ::read(child_.from, bytes, sizeof bytes);
  if (n > 0) received_.append(bytes, static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

bool ChildProcess::disturbed() {
  if (child_.id < 0 || !received_.empty()) return true;
  pollfd file = {child_.from, POLLIN, 0};
  return ::poll(&file, 1, 0) != 0;
}

std::string ChildProcess::ending() const {
  if (!start_failure_.empty()) return start_failure_;
  if (closed_its_output_) return "closed its output";
  if (WIFEXITED(status_)) return "ended with exit code " + std::to_string(WEXITSTATUS(status_));
  if (WIFSIGNALED(status_)) return "was killed by signal " + std::to_string(WTERMSIG(status_));
  return "ended";
}

std::string ChildProcess::last_words() const {
  std::ifstream file(log_, std::ios::binary);
  const std::int64_t size = size_of(log_);
  const std::int64_t begin = std::max(log_begin_, size - kTail);
  std::string tail(static_cast<std::size_t>(std::max<std::int64_t>(0, size - begin)), '\0');
  file.seekg(begin);
  file.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  tail.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  while (!tail.empty() && (tail.back() == '\n' || tail.back() == '\r' || tail.back() == ' ')) {
    tail.pop_back();
  }
  const std::size_t newline = tail.rfind('\n');
  std::string words = newline == std::string::npos ? tail : tail.substr(newline + 1);
  if (words.size() > kMaxWords) words = words.substr(0, kMaxWords) + "...";
  for (char& c : words) {
    if (c < ' ' || c > '~') c = '?';
  }
  return words;
}

}  // namespace edgefront
