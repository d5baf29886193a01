#include "experiments/pipeline/run_progress.h"

#include <algorithm>
#include <utility>

namespace edgefront {
namespace {

constexpr double kLookSeconds = 0.5;

}  // namespace

RunProgress::RunProgress(const SearchChoice& search, int objectives, Report report)
    : search_(search),
      report_(std::move(report)),
      watched_(report_ || search.stagnation_evaluations > 0),
      watch_(objectives, search.stagnation_evaluations, search.fidelities - 1) {}

double RunProgress::elapsed_s() const {
  const auto now = std::chrono::steady_clock::now();
  return before_s_ + std::chrono::duration<double>(now - began_).count();
}

void RunProgress::told(const Evaluation& evaluation) {
  if (watched_) watch_.add(evaluation);
}

void RunProgress::report(SearchProgress counts) {
  if (!report_) return;
  counts.elapsed_s = elapsed_s();
  if (counts.done >= counts.total || looked_s_ < 0 || counts.elapsed_s - looked_s_ > kLookSeconds) {
    looked_s_ = counts.elapsed_s;
    last_.front = watch_.front_size();
    last_.hypervolume = watch_.hypervolume();
  }
  counts.front = last_.front;
  counts.hypervolume = last_.hypervolume;
  const std::int64_t fresh = counts.done - counts.replayed;
  if (fresh > 0) {
    const double rate = static_cast<double>(fresh) / (counts.elapsed_s - before_s_);
    counts.left_s = static_cast<double>(counts.total - counts.done) / rate;
    if (search_.wall_clock_s > 0) {
      counts.left_s =
          std::min(*counts.left_s, std::max(0.0, search_.wall_clock_s - counts.elapsed_s));
    }
  }
  report_(counts);
}

}  // namespace edgefront
