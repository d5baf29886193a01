// Statistics that came through a file or a line must be the same to the bit.
#pragma once

#include <doctest/doctest.h>

#include "runtime/probe/statistics.h"

namespace edgefront {

inline void check_same(const LatencyStatistics& a, const LatencyStatistics& b) {
  CHECK(a.latency_us == b.latency_us);
  CHECK(a.latency_low_us == b.latency_low_us);
  CHECK(a.latency_high_us == b.latency_high_us);
  CHECK(a.p50_us == b.p50_us);
  CHECK(a.p95_us == b.p95_us);
  CHECK(a.p99_us == b.p99_us);
  CHECK(a.samples == b.samples);
  CHECK(a.rejected == b.rejected);
}

}  // namespace edgefront
