// edgefront profile where entries come from elsewhere: results of a probe that ran on its own,
// published tables, profiles of other devices.
#pragma once

#include "experiments/commands/command_line.h"
#include "hwprofiles/device_profile.h"

namespace edgefront {

/// The profile at `path`, or a new one with the description of --device.
DeviceProfile profile_to_complete(const CommandLine& line, const std::string& path);

/// What the profile at `path` holds now, and its calibrations; those of one space where a digest is
/// given.
/// "latency = 1.0542 * sum + -13.97 us".
std::string line_text(const Calibration& calibration);

void print_summary(const std::string& path, const DeviceProfile& profile,
                   const std::string& space_digest);

/// --from: merges what a probe wrote that ran on its own.
int import_file(const CommandLine& line);

/// --import: writes a profile of blocks; with --space it says how much of the space they cover.
int import_profile(const CommandLine& line);

/// --transfer-from: measures the networks that say most on the device, fills the layers that its
/// profile lacks.
int transfer_profile(const CommandLine& line);

/// For --show: blocks of an imported table, and how many layers were not measured.
void print_origins(const DeviceProfile& profile);

}  // namespace edgefront
