#include "runtime/probe/clock.h"

#include <doctest/doctest.h>

using namespace edgefront;

TEST_CASE("elapsed time is positive, monotone and less the clock's own overhead") {
  const std::uint64_t overhead = clock_overhead_ticks();
  CHECK(elapsed_us(0) > 0);
  CHECK(elapsed_us(overhead) > 0);
  const double us = 1e-3 * ns_per_tick();
  CHECK(elapsed_us(overhead + 1000) == doctest::Approx(1000 * us));
  CHECK(elapsed_us(overhead + 2000) - elapsed_us(overhead + 1000) == doctest::Approx(1000 * us));
}

TEST_CASE("calibration happens once") {
  CHECK(ns_per_tick() == ns_per_tick());
  CHECK(ns_per_tick() > 0);
  CHECK(clock_overhead_ticks() == clock_overhead_ticks());
}
