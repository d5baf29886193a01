// A pattern of work and rest by which the log of a power meter outside the machine, which has a
// clock of its own, is brought onto the probe's clock (hwprofiles/power_log.h).
#pragma once

#include <functional>

#include "runtime/probe/power_meter.h"

namespace edgefront {

/// Barker's code of length 13: shifted against itself it is at most a thirteenth as alike.
inline constexpr int kMarkerChips[] = {1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 0, 1};
inline constexpr int kMarkerLength = 13;
inline constexpr double kMarkerChip_s = 0.5;
/// Rest before and after, so that the pattern has edges.
inline constexpr double kMarkerRest_s = 2;

/// Makes the pattern and rests after it; `*start_s` and `*end_s` are the edges of its chips, with
/// `time`'s clock.
void make_marker(const ProbeTime& time, const std::function<double()>& work_us, double* start_s,
                 double* end_s);

}  // namespace edgefront
