// The log of a power meter outside the machine, brought onto the probe's clock by the markers that
// `edgefront-probe --windows` made (runtime/probe/power_marker.h).
#pragma once

#include <string>
#include <vector>

#include "hwprofiles/device_profile.h"
#include "hwprofiles/device_trace.h"

namespace edgefront {

struct PowerLog {
  std::vector<double> time_s;  ///< rising; any origin
  std::vector<double> power_w;
};

/// CSV with a header line: a column `time_s`, and `power_w` or both `voltage_v` and `current_a`;
/// others are not looked at. Throws InputError (file, line, what came, what is accepted).
PowerLog load_power_log(const std::string& path);
PowerLog parse_power_log(const std::string& text, const std::string& name);

/// log time = offset + rate · probe time.
struct ClockMap {
  double offset_s = 0, rate = 1;
};

/// Finds the markers by cross-correlation of the log with their pattern: those that stand as far
/// apart as on the probe's clock, within 1 %. One marker gives the offset, several the rate too.
/// Throws InputError where no part of the log is like the pattern (correlation below 0.7).
ClockMap align(const PowerLog& log, const std::vector<TraceLine>& markers);

/// Energy of each window's layer above the window "idle", with its 95 % interval. Throws InputError
/// where a window has fewer than 100 of the log's samples.
std::vector<EnergyEntry> energies_of(const PowerLog& log, const DeviceTrace& trace);

}  // namespace edgefront
