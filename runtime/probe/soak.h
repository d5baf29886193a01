// Heats the machine with work and lets it cool, and writes down what that does: the trace that
// thermal constants are found in (costmodels/thermal.h). Time and machine are functions, so that
// tests need neither.
#pragma once

#include <functional>
#include <string>

#include "runtime/probe/power_meter.h"
#include "runtime/status.h"

namespace edgefront {

struct SoakOptions {
  double rest_s = 30;     ///< before, for the idle temperature and power
  double heat_s = 1800;   ///< work without a pause
  double cool_s = 900;    ///< after it
  double interval_s = 1;  ///< between samples; longer where the power sensor is slow
};

enum class SoakPhase { kRest, kHeat, kCool };
/// "rest", "heat", "cool".
const char* phase_name(SoakPhase phase);

/// The machine during one interval that ends at `time_s`; −1 is unknown.
struct SoakSample {
  SoakPhase phase = SoakPhase::kRest;
  double time_s = 0;          ///< since the beginning
  double temperature_c = -1;  ///< at the end
  double power_w = -1;        ///< mean
  double clock_mhz = -1;      ///< at the end
  double latency_us = -1;     ///< of one piece of work: 10 %-trimmed mean
  double p95_us = -1;
  int samples = 0;         ///< pieces of work
  bool throttled = false;  ///< at some time within it
};

/// What a soak needs of a machine. `meter` may be null, `throttled_since` empty.
struct SoakMachine {
  ProbeTime time;
  std::function<double()> work_us;  ///< does one piece of work and returns its time
  std::function<double()> temperature_c, clock_mhz;
  std::function<bool()> throttled_since;
  PowerMeter* meter = nullptr;
};

/// Rest, heat, cool. While it rests and cools, the machine does five pieces of work per interval,
/// to tell its clock. `write` gets each sample; false from it stops the soak. Environment error
/// where the power sensor fails on the way.
Status soak(const SoakOptions& options, const SoakMachine& machine,
            const std::function<bool(const SoakSample&)>& write);

}  // namespace edgefront
