// The processor's clock levels (cpufreq), and setting them so that they are set back whatever
// happens. Read and written below a root folder ("" for the real one; tests give a fake tree).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/status.h"

namespace edgefront {

/// CPUs that share a clock.
struct FrequencyPolicy {
  std::string folder;
  std::vector<int> cpus;
  std::string governor;
  std::int64_t lowest_khz = 0, highest_khz = 0;  ///< of the hardware
  std::int64_t min_khz = 0, max_khz = 0;         ///< as set
  std::vector<std::int64_t> levels_khz;  ///< rising; eight even steps where the driver has no list
};

/// Empty where the machine shows no clock to its users (most virtual machines).
std::vector<FrequencyPolicy> read_frequency_policies(const std::string& root);

/// Those of the same kind as `cpu`'s: their clocks are set together.
std::vector<FrequencyPolicy> policies_like(const std::vector<FrequencyPolicy>& policies, int cpu);

/// Volts of a level where the device tree or the driver tells them; −1 where not.
double level_voltage_v(const std::string& root, std::int64_t level_khz);

/// Pins clocks while it lives. A child process watches: when this process ends, in whatever way (a
/// kill -9 included), the child writes back the governor and the limits that were found. Only
/// killing both, or the machine, leaves the clocks as they are.
class FrequencyGuard {
 public:
  FrequencyGuard() = default;
  ~FrequencyGuard() { static_cast<void>(restore()); }
  FrequencyGuard(const FrequencyGuard&) = delete;
  FrequencyGuard& operator=(const FrequencyGuard&) = delete;

  /// Starts the watcher; changes nothing yet. Environment error, with the remedy, where the limits
  /// may not be written (they are for root). To be called before threads are started.
  Status begin(std::vector<FrequencyPolicy> policies);
  /// Pins all policies to the level.
  Status set(std::int64_t level_khz);
  /// Lets the watcher set everything back and waits for it; environment error where it could not.
  Status restore();
  /// The watcher's process; −1 before begin() and after restore().
  pid_t watcher() const { return watcher_; }

 private:
  std::vector<FrequencyPolicy> policies_;
  pid_t watcher_ = -1;
  int alive_ = -1;  // the watcher reads the other end, and sees its end when this process ends
};

}  // namespace edgefront
