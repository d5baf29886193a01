// What a profile holds besides latencies: energy, clock levels and heat, put in from the traces of
// edgefront-probe, and shown.
#pragma once

#include <string>
#include <vector>

#include "hwprofiles/device_profile.h"

namespace edgefront {

/// Puts what the traces hold into `profile`: energies, clock levels, thermal constants. `power_log`
/// is the log of a meter outside for the windows of a trace, or "". Returns a line for each thing
/// that was put in. Throws InputError, also for a trace of another processor.
std::vector<std::string> add_traces(const std::vector<std::string>& traces,
                                    const std::string& power_log, DeviceProfile& profile);

/// Lines for a person; none where the profile holds none of it.
std::vector<std::string> describe_extras(const DeviceProfile& profile);

}  // namespace edgefront
