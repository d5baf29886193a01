// A long-lived child process that is spoken to in lines over its standard input and output. What
// it writes is from outside: lines are bounded, every wait has an end, and its death is a value.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace edgefront {

/// The file that `name` would run: itself where it holds a slash, else the first of PATH, as execvp
/// looks; "" where there is none that may be executed.
std::string find_program(const std::string& name);

/// Makes child processes, all on one thread that lives as long as this: the kernel kills such a
/// child when the thread that made it ends, also where this whole process is killed.
class ChildStarter {
 public:
  struct Child {
    pid_t id = -1;        ///< also the id of its process group
    int to = -1;          ///< its standard input, not blocking
    int from = -1;        ///< its standard output, not blocking
    std::string failure;  ///< why there is none: "" = there is one
  };
  ChildStarter();
  ~ChildStarter();  ///< the children that still run die
  ChildStarter(const ChildStarter&) = delete;
  ChildStarter& operator=(const ChildStarter&) = delete;

  /// Runs `program` with `command` as its arguments (the first is its name), without a shell, in
  /// a process group of its own, its standard error appended to `log`. Thread-safe.
  Child start(const std::string& program, const std::vector<std::string>& command,
              const std::string& log);

 private:
  void serve();

  std::mutex mutex_;  ///< for everything below
  std::condition_variable changed_;
  std::function<void()> job_;
  bool stop_ = false;
  std::thread thread_;
};

/// One child. Used by one thread at a time.
class ChildProcess {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Outcome { kLine, kEnded, kTimeout, kTooLong };

  ChildProcess(ChildStarter& starter, const std::string& program,
               const std::vector<std::string>& command, const std::string& log);
  /// Closes its input, and kills its process group where it does not end within `grace`.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Why it could not be started; "" where it was.
  const std::string& start_failure() const { return start_failure_; }

  /// Sends `text` with a newline and takes the next line of at most `max_bytes`, both until
  /// `deadline`. After anything but kLine the child is of no use: it is killed.
  Outcome exchange(const std::string& text, Clock::time_point deadline, std::size_t max_bytes,
                   std::string* line);
  /// The same without sending.
  Outcome receive(Clock::time_point deadline, std::size_t max_bytes, std::string* line);
  /// True where it has written something that nobody asked for, or has ended.
  bool disturbed();

  /// Asks it to end; what it says is still read.
  void close_input();
  /// How it ended, for a message: "ended with exit code 1", "was killed by signal 9".
  std::string ending() const;
  /// The last line that it wrote to its standard error, ASCII and short; "" where there is none.
  std::string last_words() const;
  /// Kills its process group and waits for it.
  void kill_group();

 private:
  void send_some(std::string_view* unsent);
  bool receive_some();  ///< false at the end of its output
  bool await_end();     ///< for a short time; true where it has ended

  ChildStarter::Child child_;
  std::string start_failure_;
  std::string log_;
  std::int64_t log_begin_ = 0;  ///< bytes of the log that are not of this child
  std::string received_;        ///< bytes behind the last line
  std::size_t scanned_ = 0;     ///< of them without a newline
  int status_ = 0;              ///< how it ended, for waitpid's macros
  bool closed_its_output_ = false;
};

}  // namespace edgefront
