// The journal of a run: asks and evaluations, one JSON object a line, append-only. It is the
// checkpoint: everything else is rebuilt from it. Each line ends with a checksum of itself, so that
// a damaged byte is never read as a number.
//
//   {"journal":2,"sum":"…"}                                     first line: format version
//   {"ask":7,"genotypes":["…",…],"elapsed":1.5,"sum":"…"}       candidates 7, 8, …
//   {"evaluation":3,"genotype":"…",…,"sum":"…"}                 in any order
//   {"adopt":40,"through":59,"sum":"…"}                         see SearchRunOptions::adopt
//   {"stop":90,"cause":"wall_clock","limit":3600,…,"sum":"…"}   see StopRecord
//
// `sum` is XXH3-64 of the line's bytes before `,"sum":`, as 16 hexadecimal digits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "search/search_algorithm.h"

namespace edgefront {

/// An answer as it stands in the journal.
struct EvaluationRecord {
  std::int64_t index = 0;
  std::string genotype;  ///< text form
  int fidelity = 0, replicate = 0;
  EvaluationStatus status = EvaluationStatus::kOk;
  std::vector<double> objectives;  ///< in the experiment's order; empty where failed
  double violation = 0;
  std::map<std::string, double> metrics;     ///< everything known, by the names of the metric table
  std::string reason;                        ///< of a failure
  double seconds = 0;                        ///< wall-clock; for people only
  std::vector<double> standard_errors = {};  ///< per objective, 0 for exact ones; empty: unknown
  bool operator==(const EvaluationRecord&) const = default;
};

struct AskedCandidate {
  std::string genotype;
  int fidelity = 0, replicate = 0;
  int line = 0;  ///< in the file, from 1
};

struct AskRecord {
  std::int64_t first = 0;  ///< index of the first candidate
  std::vector<AskedCandidate> candidates;
  double elapsed_s = 0;  ///< that the run had taken, in all of its processes
};

/// "In place of the ask of candidate `at` the algorithm was told the journal's evaluations
/// [at, through], after all that it had asked before."
struct AdoptRecord {
  std::int64_t at = 0, through = 0;
  std::string warm_start = {};  ///< digest of the journal that they are from; empty: of this run
};

/// "After `after` asks nothing more was asked, because of this limit." Obsolete where asks follow
/// it: the limit was raised.
struct StopRecord {
  std::int64_t after = 0;
  std::string cause;  ///< "wall_clock" or "stagnation"
  double limit = 0;   ///< seconds, or evaluations
  double growth = 0;  ///< of stagnation: the share
};

struct JournalContents {
  int version = 0;                               ///< 0: no header yet
  std::map<std::int64_t, AskedCandidate> asked;  ///< by index
  std::map<std::int64_t, EvaluationRecord> evaluations;
  std::map<std::int64_t, int> evaluation_lines;
  std::map<std::int64_t, AdoptRecord> adoptions;  ///< by at
  std::optional<StopRecord> stop;                 ///< the last one, where no ask follows it
  double elapsed_s = 0;                           ///< at the last ask
  std::int64_t good_bytes = 0;                    ///< whole lines; what follows is a torn line
  std::int64_t torn_bytes = 0;
};

/// `name` stands for the file in messages. A last line without its newline is torn: left out, its
/// bytes counted. Any other line that is damaged is an InputError with file and line.
JournalContents parse_journal(const std::string& text, const std::string& name);
/// A file that is not there is an empty journal.
JournalContents read_journal(const std::string& path);

std::string journal_line(const AskRecord& ask);
std::string journal_line(const EvaluationRecord& evaluation);
std::string journal_line(const AdoptRecord& adoption);
std::string journal_line(const StopRecord& stop);

/// Appends whole lines, one write(2) each; fsync at most once a second, at most a second late, and
/// at close(). Thread-safe.
/// After a failed write nothing more is written: a partial line stays torn, or is cut off again.
class JournalWriter {
 public:
  /// Cuts off what follows contents.good_bytes; writes the header if there is none.
  JournalWriter(const std::string& path, const JournalContents& contents);
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  /// `line` as made by journal_line. Throws EnvironmentError on a write error or a full disk.
  void append(const std::string& line);
  /// Makes all of it durable. Throws EnvironmentError.
  void close();

 private:
  using Clock = std::chrono::steady_clock;
  [[noreturn]] void fail(const std::string& what, int error);
  void set_failure(const std::string& what, int error);
  void sync();
  void flush_late_lines();

  std::string path_;
  int fd_ = -1;
  std::mutex mutex_;  ///< for everything below
  std::condition_variable changed_;
  std::int64_t size_ = 0;
  std::string failure_;  ///< the message of the first error
  bool dirty_ = false, stop_ = false;
  Clock::time_point synced_;
  std::thread flusher_;  ///< syncs what no later line would
};

}  // namespace edgefront
