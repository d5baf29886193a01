// Device profiles as HDF5 behind a 512-byte user block with magic, version, length and XXH3-128 of
// all other bytes, checked before the HDF5 library sees the file (docs/profile_format.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hwprofiles/device_profile.h"

namespace edgefront {

// The HDF5 library is not thread-safe: call these from one thread at a time.

/// Throws InputError (missing, truncated, corrupt, other version: says which) or EnvironmentError.
DeviceProfile load_profile(const std::string& path);

/// Atomic: temporary name, fsync, rename. The same profile gives the same bytes.
void save_profile(const DeviceProfile& profile, const std::string& path);

/// The bytes of a profile file. InputError for a profile that the file cannot hold (a value that is
/// not finite, an entry whose key differs from its name).
std::vector<std::uint8_t> encode_profile(const DeviceProfile& profile);
/// Accepts any bytes; throws InputError. `name` stands for the file in messages.
DeviceProfile decode_profile(std::span<const std::uint8_t> bytes, const std::string& name);

}  // namespace edgefront
