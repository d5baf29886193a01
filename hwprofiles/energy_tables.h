// Energy, clocks and heat of a device profile as tables of its file (docs/profile_format.md).
#pragma once

#include <string>

#include "hwprofiles/device_profile.h"
#include "hwprofiles/hdf5_tables.h"

namespace edgefront {

/// Adds the tables "energy", "frequency_points" and "thermal", empty.
void add_energy_schema(Hdf5Tables& schema);

/// Values are checked where they are read; `file` stands for the file in messages.
void write_energy_tables(const DeviceProfile& profile, Hdf5Tables& tables);
void read_energy_tables(const Hdf5Tables& tables, const std::string& file, DeviceProfile& profile);

}  // namespace edgefront
