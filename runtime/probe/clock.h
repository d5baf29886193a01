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

}  // namespace edgefront
