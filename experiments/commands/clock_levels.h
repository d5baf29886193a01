// What one network costs at each clock level of a device, for `edgefront estimate`.
#pragma once

#include <string>
#include <vector>

#include "costmodels/dvfs.h"
#include "hwprofiles/device_profile.h"

namespace edgefront {

/// The level that the profile's latencies were measured at: the one nearest to the clock of its
/// state, or the highest where that is unknown. `points` is not empty.
int measured_level(const DeviceProfile& profile);

/// A line per level and one for the best, the fastest and the slowest feasible; none where the
/// profile has no levels, one with the reason where their power is unknown.
std::vector<std::string> clock_level_lines(const DeviceProfile& profile, double latency_us,
                                           double period_us, double budget_us);

}  // namespace edgefront
