// Latency and power of the machine at each of its clock levels.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "runtime/probe/power_meter.h"
#include "runtime/probe/statistics.h"
#include "runtime/status.h"

namespace edgefront {

/// One level with the reference list as work; −1 is unknown.
struct FrequencyMeasurement {
  std::int64_t level_khz = 0;
  double clock_mhz = -1;  ///< that the kernel told while it ran
  double voltage_v = -1;
  LatencyStatistics statistics;
  double power_w = -1, idle_w = -1;
  int updates = 0;  ///< of the power sensor
};

/// What a sweep needs of a machine. `meter` may be null, `throttled_since` empty.
struct SweepMachine {
  ProbeTime time;
  std::function<Status(std::int64_t khz)> set_level;
  std::function<double()> work_us;  ///< does one piece of work and returns its time
  std::function<double()> clock_mhz;
  std::function<double(std::int64_t khz)> voltage_v;
  std::function<bool()> throttled_since;
  PowerMeter* meter = nullptr;
  EnergyOptions energy;
};

/// Visits the levels one after the other: a pause, idle power, latency (50 to 500 samples, until
/// the interval is within ± 1 %), power. Ten samples with throttling among them are rejected, and
/// counted; a level that gives nothing else is an error.
Status visit_frequencies(const std::vector<std::int64_t>& levels_khz, const SweepMachine& machine,
                         const std::function<bool(const FrequencyMeasurement&)>& write);

}  // namespace edgefront
