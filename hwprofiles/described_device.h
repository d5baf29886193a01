// What a machine says of itself (`edgefront-probe --describe`) as a device description.
#pragma once

#include <string>

#include "hwprofiles/device_profile.h"

namespace edgefront {

/// `json` is the object that --describe prints, `name` stands for the file in messages. The
/// measured peaks and the bandwidth of memory become the roofline; what was not measured stays
/// unknown. The category follows from the memory: high-end from 16 GiB, mid-range from 1 GiB, else
/// constrained, and the memory itself is the limit. Throws InputError.
DeviceDescription parse_described_device(const std::string& json, const std::string& name);

}  // namespace edgefront
