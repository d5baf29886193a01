#include "runtime/probe/clock.h"

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <array>

namespace edgefront {
namespace {

struct Instant {
  double raw_ns;
  std::uint64_t ticks;
};

double raw_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Both clocks at one moment: of several tries the one in which the reading took least, so that an
// interrupt between the two does not shift the calibration.
Instant both_clocks() {
  Instant best{};
  std::uint64_t shortest = ~std::uint64_t{0};
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t before = ticks_now();
    const double ns = raw_ns();
    const std::uint64_t after = ticks_now();
    if (after - before < shortest) {
      shortest = after - before;
      best = {ns, before + (after - before) / 2};
    }
  }
  return best;
}

double calibrate_ns_per_tick() {
  const Instant start = both_clocks();
  const timespec pause{0, 20'000'000};
  nanosleep(&pause, nullptr);
  const Instant end = both_clocks();
  return (end.raw_ns - start.raw_ns) / static_cast<double>(end.ticks - start.ticks);
}

std::uint64_t measure_overhead() {
  std::array<std::uint64_t, 1001> gaps;
  for (std::uint64_t& gap : gaps) {
    const std::uint64_t before = ticks_now();
    gap = ticks_now() - before;
  }
  std::nth_element(gaps.begin(), gaps.begin() + 500, gaps.end());
  return gaps[500];
}

}  // namespace

double ns_per_tick() {
  static const double value = calibrate_ns_per_tick();
  return value;
}

std::uint64_t clock_overhead_ticks() {
  static const std::uint64_t value = measure_overhead();
  return value;
}

double elapsed_us(std::uint64_t ticks) {
  const std::uint64_t overhead = clock_overhead_ticks();
  const std::uint64_t net = ticks > overhead ? ticks - overhead : 1;
  return static_cast<double>(net) * ns_per_tick() * 1e-3;
}

std::int64_t context_switches() {
  rusage usage{};
  if (getrusage(RUSAGE_THREAD, &usage) != 0) return 0;
  return static_cast<std::int64_t>(usage.ru_nivcsw) + usage.ru_nvcsw;
}

}  // namespace edgefront
