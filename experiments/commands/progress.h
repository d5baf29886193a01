// Progress on stderr: one live line with the time left on a terminal, plain lines otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace edgefront {

/// Thread-safe. On a terminal lines replace each other; elsewhere one is printed for each `what`
/// at most every ten seconds and at its end.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  /// `detail` stands behind the counts, e.g. "1,740 images/s". `left_s` is in place of a guess from
  /// the rate so far.
  void update(const std::string& what, std::int64_t done, std::int64_t total,
              const std::string& detail = "", std::optional<double> left_s = {});
  /// For programs: `line` as it is, at most one a second and at the end.
  void event(const std::string& what, std::int64_t done, std::int64_t total,
             const std::string& line);
  /// A line of its own that stays.
  void note(const std::string& line);

 private:
  using Clock = std::chrono::steady_clock;
  void clear_live();
  /// True where a line may be printed now; seconds since the first.
  bool due(const std::string& what, bool last, double period_s, double* elapsed_s);
  std::mutex mutex_;
  bool terminal_ = false, live_ = false;
  struct Work {
    Clock::time_point started, printed;
  };
  std::map<std::string, Work> works_;  ///< by `what`; several may go on side by side
};

}  // namespace edgefront
