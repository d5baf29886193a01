#include "runtime/probe/clock.h"

#include <doctest/doctest.h>
#include <sched.h>

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

TEST_CASE("a pinned thread runs on its CPU alone and gets its old mask back") {
  cpu_set_t before, inside, after;
  REQUIRE(sched_getaffinity(0, sizeof(before), &before) == 0);
  {
    const PinnedThread pinned(-1);
    if (pinned.pinned()) {
      REQUIRE(sched_getaffinity(0, sizeof(inside), &inside) == 0);
      CHECK(CPU_COUNT(&inside) == 1);
      CHECK(CPU_ISSET(pinned.cpu(), &inside));
    } else {
      MESSAGE("skipped: this system does not allow pinning");
    }
  }
  REQUIRE(sched_getaffinity(0, sizeof(after), &after) == 0);
  CHECK(CPU_EQUAL(&before, &after));
}

TEST_CASE("a CPU that does not exist leaves the thread as it was") {
  const PinnedThread far(CPU_SETSIZE - 1), beyond(1 << 20);
  CHECK_FALSE(beyond.pinned());
  cpu_set_t mask;
  REQUIRE(sched_getaffinity(0, sizeof(mask), &mask) == 0);
  CHECK(CPU_COUNT(&mask) >= 1);
}
