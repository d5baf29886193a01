// A device profile as the tables of its file (docs/profile_format.md) and back.
#pragma once

#include <string>

#include "hwprofiles/device_profile.h"
#include "hwprofiles/hdf5_tables.h"

namespace edgefront {

inline constexpr int kProfileFileVersion = 2;

/// Both check every value (finite, in range, keys that parse) and throw InputError that names the
/// table, row and column; so a profile that was read is one that could have been written.
Hdf5Tables tables_of(const DeviceProfile& profile);
/// `name` stands for the file in messages. `tables` must have what `profile_schema` has for the
/// version that they name.
DeviceProfile profile_of(Hdf5Tables tables, const std::string& name);

/// Tables, attributes and columns of a version from 1 to kProfileFileVersion, with empty values.
Hdf5Tables profile_schema(int version);

}  // namespace edgefront
