// Signals that ask a search to end: SIGINT, SIGTERM (Slurm's warning) and SIGHUP (a lost ssh). The
// first one is a wish, with time to finish what is under way; the second one, and the end of that
// time, end the process.
#pragma once

#include <csignal>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace edgefront {

/// One object at a time. A signal that the process was started to ignore (nohup, a background job
/// of a script) stays ignored. A reader of our output that goes away is no reason to end: SIGPIPE
/// only makes the write fail.
class StopSignals {
 public:
  /// `said` receives a line for people, on another thread. `leave` ends the process with its
  /// argument, the last line; it does not return (std::_Exit: what is under way cannot be joined).
  StopSignals(double grace_s, std::function<void(const std::string&)> said,
              std::function<void(const std::string&)> leave);
  /// Puts back what was there before.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  bool requested() const;  ///< thread-safe

 private:
  struct Handler {
    int signal;
    struct sigaction before;
  };
  void watch();
  /// The next signal, 0 after `timeout_ms` (-1: never) and kEnd at the end of this object.
  int wait(int timeout_ms);

  const double grace_s_;
  const std::function<void(const std::string&)> said_, leave_;
  std::vector<Handler> handlers_;
  std::thread watcher_;
};

}  // namespace edgefront
