// What a run knows of itself while it goes on: its time, its front so far, how much is left.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "experiments/pipeline/search_run.h"
#include "experiments/pipeline/stop_rules.h"
#include "experiments/search_experiment.h"
#include "search/search_algorithm.h"

namespace edgefront {

/// Not thread-safe.
class RunProgress {
 public:
  using Report = std::function<void(const SearchProgress&)>;

  /// `report` may be empty; then answers are watched only where a stagnation may end the run.
  RunProgress(const SearchChoice& search, int objectives, Report report);

  /// What the run had taken when its journal was left.
  void set_elapsed_before(double seconds) { before_s_ = seconds; }
  double elapsed_s() const;
  /// For the front and its hypervolume, which are looked at twice a second.
  void told(const Evaluation& evaluation);
  const FrontWatch& watch() const { return watch_; }

  /// `counts`: done, total, replayed and failed; the rest is filled in.
  void report(SearchProgress counts);

 private:
  const SearchChoice& search_;
  const Report report_;
  const bool watched_;
  FrontWatch watch_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  double before_s_ = 0;
  SearchProgress last_;
  double looked_s_ = -1;  ///< elapsed at the last look
};

}  // namespace edgefront
