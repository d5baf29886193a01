// The one place where search-side threads are made: TBB, or plain std::thread where
// EDGEFRONT_STD_THREADS is defined (the tsan preset).
#pragma once

#include <cstdint>
#include <functional>

namespace edgefront {

/// Calls body(i) for i in [0, count), on at most `threads` threads, i handed out in ascending
/// order. Results must not depend on which thread runs what. The first exception by index is
/// rethrown after all have ended. threads ≤ 1 runs in the caller.
void parallel_for(std::int64_t count, int threads, const std::function<void(std::int64_t)>& body);

}  // namespace edgefront
