// Whether a device still runs as fast as when it was profiled. State only warns.
#pragma once

#include <functional>
#include <string>

#include "hwprofiles/device_profile.h"
#include "hwprofiles/measuring_device.h"

namespace edgefront {

/// The device's state in a quiet moment: of several short looks the one with the fastest reference
/// kernel, behind a link a single one. Takes about a tenth of a second.
DeviceState describe_quiet_state(MeasuringDevice& device);

/// Of two states the one with the faster reference kernel; the first where the second has none.
DeviceState quieter(const DeviceState& a, const DeviceState& b);

/// Empty while the device runs the reference kernel within `tolerance` (a share) of the time it
/// took when `profile` was measured; else one line with the effect. Takes a few milliseconds, or a
/// quarter of a second to tell a lasting change from a moment's load.
std::string state_change(const DeviceProfile& profile, MeasuringDevice& device,
                         double tolerance = 0.05);
/// On this machine.
std::string state_change(const DeviceProfile& profile, double tolerance = 0.05);

/// The same for a reference kernel that took `then_us`, in µs, and takes what `now_us` returns,
/// which is called until one call is within the tolerance or on the other side: only a change that
/// lasts over `looks` of them is one, and its size is that of the look nearest to `then_us`. Values
/// up to 0 mean unknown.
std::string lasting_change(double then_us, double tolerance, int looks,
                           const std::function<double()>& now_us);

}  // namespace edgefront
