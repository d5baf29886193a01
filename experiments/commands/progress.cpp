#include "experiments/commands/progress.h"

#include <unistd.h>

#include <cstdio>

namespace edgefront {

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1) {}
ProgressLine::~ProgressLine() { clear_live(); }

void ProgressLine::clear_live() {
  if (live_) std::fputs("\r\033[K", stderr);
  live_ = false;
}

bool ProgressLine::due(const std::string& what, bool last, double period_s, double* elapsed_s) {
  const auto now = Clock::now();
  const auto [found, first] = works_.try_emplace(what, Work{now, {}});
  Work& work = found->second;
  if (!last && std::chrono::duration<double>(now - work.printed).count() < period_s) return false;
  work.printed = now;
  *elapsed_s = std::chrono::duration<double>(now - work.started).count();
  if (last) works_.erase(found);
  return true;
}

void ProgressLine::event(const std::string& what, std::int64_t done, std::int64_t total,
                         const std::string& line) {
  const std::lock_guard lock(mutex_);
  double elapsed = 0;
  if (!due(what, done >= total, 1.0, &elapsed)) return;
  std::fprintf(stderr, "%s\n", line.c_str());
  std::fflush(stderr);
}

void ProgressLine::update(const std::string& what, std::int64_t done, std::int64_t total,
                          const std::string& detail, std::optional<double> left_s) {
  const std::lock_guard lock(mutex_);
  double elapsed = 0;
  if (!due(what, done >= total, terminal_ ? 0.2 : 10.0, &elapsed)) return;
  std::string line = what + " " + std::to_string(done) + "/" + std::to_string(total);
  if (!detail.empty()) line += ", " + detail;
  if (done > 0 && done < total) {
    const double left = left_s.value_or(elapsed / double(done) * double(total - done));
    line += ", " + std::to_string(std::int64_t(left + 0.5)) + " s left";
  }
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    live_ = done < total;
    if (!live_) std::fputs("\n", stderr);
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::fflush(stderr);
}

void ProgressLine::note(const std::string& line) {
  const std::lock_guard lock(mutex_);
  clear_live();
  std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace edgefront
