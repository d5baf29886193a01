// The clock of every measurement: the invariant time-stamp counter where there is one, calibrated
// against CLOCK_MONOTONIC_RAW, else CLOCK_MONOTONIC itself.
#pragma once

#include <cstdint>

#include "runtime/ticks.h"

namespace edgefront {

/// Nanoseconds per tick; calibrated once (about 20 ms) at first use. Thread-safe.
double ns_per_tick();
/// Median ticks between two adjacent ticks_now() calls; subtracted from every sample.
std::uint64_t clock_overhead_ticks();
/// Microseconds of a tick difference, less the clock's own overhead; always positive.
double elapsed_us(std::uint64_t ticks);

/// How often the calling thread was switched off its CPU so far; 0 for ever where the OS does not
/// say.
std::int64_t context_switches();

/// Pins the calling thread to one CPU for the lifetime of the object; `cpu` −1 picks the current
/// one. Not pinned where the OS refuses (containers): pinned() tells.
class PinnedThread {
 public:
  explicit PinnedThread(int cpu);
  ~PinnedThread();
  PinnedThread(const PinnedThread&) = delete;
  PinnedThread& operator=(const PinnedThread&) = delete;
  bool pinned() const { return pinned_; }
  int cpu() const { return cpu_; }

 private:
  bool pinned_ = false;
  int cpu_ = -1;
  unsigned char saved_[128];  ///< previous affinity mask
};

}  // namespace edgefront
