// A probe behind a command ("ssh pi@board ./edgefront-probe -"): jobs go to its standard input, and
// results come from its standard output (docs/probe_protocol.md). What comes is from outside: every
// line is checked before its use, also for being an answer to what was asked.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "runtime/probe/jobs.h"
#include "space/error.h"

namespace edgefront {

/// The line to the probe is of no use any more: the command ended, or sent what is no result. What
/// was handed on before holds, and a new link can go on with the rest.
struct LinkCut : EnvironmentError {
  using EnvironmentError::EnvironmentError;
};

struct LinkOptions {
  std::string command;   ///< for /bin/sh; its standard error is this process's
  int silence_s = 1200;  ///< the line counts as cut after so long without a word
};

/// One running command. Used by one thread at a time.
class ProbeLink {
 public:
  /// Starts the command and waits for the handshake. Throws LinkCut where none comes, and
  /// EnvironmentError for a probe that speaks another version of the lines.
  explicit ProbeLink(const LinkOptions& options);
  /// Closes the line; a command that does not end by itself within a second is terminated.
  ~ProbeLink();
  ProbeLink(const ProbeLink&) = delete;
  ProbeLink& operator=(const ProbeLink&) = delete;

  const DeviceIdentity& identity() const { return identity_; }
  const DeviceState& state() const { return state_; }  ///< at the handshake

  /// Sends jobs (not kRun) and closes the batch; hands on each answer to jobs[index], as it comes:
  /// a layer, network, reference, roof or error. `progress` gets (stage, done, total). Throws
  /// LinkCut; then no more calls are allowed.
  using Answer = std::function<void(std::size_t index, const ProbeResult& result)>;
  using Progress = std::function<void(const std::string& stage, int done, int total)>;
  void run(const std::vector<ProbeJob>& jobs, const Answer& answer, const Progress& progress);

 private:
  void start();
  void wait_for_handshake();
  ProbeResult next_result();
  void exchange();
  bool take_line(std::string* line);
  [[noreturn]] void cut(const std::string& why);
  void close_line();

  LinkOptions options_;
  DeviceIdentity identity_;
  DeviceState state_;
  pid_t child_ = -1;
  int to_ = -1, from_ = -1;  ///< pipes
  std::string unsent_;       ///< jobs
  std::size_t sent_ = 0;     ///< bytes of unsent_ that are written
  std::string received_;     ///< bytes behind the last complete line
  std::size_t scanned_ = 0;  ///< of them without a newline
  int lines_ = 0;            ///< that were sent
};

}  // namespace edgefront
