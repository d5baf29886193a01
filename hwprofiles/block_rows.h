// The group /blocks of a profile file.
#pragma once

#include <string>

#include "hwprofiles/device_profile.h"
#include "hwprofiles/hdf5_tables.h"

namespace edgefront {

/// Adds the table without rows.
void add_block_schema(Hdf5Tables& tables);
void write_blocks(const DeviceProfile& profile, Hdf5Table& table);
/// Throws InputError that names the row.
void read_blocks(const Hdf5Table& table, const std::string& file, DeviceProfile& profile);

}  // namespace edgefront
