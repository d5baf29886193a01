// Device profiles as HDF5 behind a 512-byte user block with magic, version, length and XXH3-128 of
// all other bytes, checked before the HDF5 library sees the file (docs/profile_format.md).
#pragma once

#include <string>

#include "hwprofiles/device_profile.h"

namespace edgefront {

/// Throws InputError (missing, truncated, corrupt, other version: says which) or EnvironmentError.
DeviceProfile load_profile(const std::string& path);

/// Atomic: temporary name, fsync, rename. The same profile gives the same bytes.
void save_profile(const DeviceProfile& profile, const std::string& path);

}  // namespace edgefront
