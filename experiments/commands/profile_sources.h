// edgefront profile where entries come from elsewhere: published tables, profiles of other devices.
#pragma once

#include "experiments/commands/command_line.h"
#include "hwprofiles/device_profile.h"

namespace edgefront {

/// --import: writes a profile of blocks; with --space it says how much of the space they cover.
int import_profile(const CommandLine& line);

/// --transfer-from: measures the networks that say most on the device, fills the layers that its
/// profile lacks.
int transfer_profile(const CommandLine& line);

/// For --show: blocks of an imported table, and how many layers were not measured.
void print_origins(const DeviceProfile& profile);

}  // namespace edgefront
