// The raw time stamp that invoke_timed() and every measurement use.
#pragma once

#include <cstdint>

namespace edgefront {

/// Monotonic ticks, ordered against the code before and after by fences: the time-stamp counter on
/// x86, the virtual counter on aarch64, else nanoseconds of CLOCK_MONOTONIC.
std::uint64_t ticks_now();

}  // namespace edgefront
