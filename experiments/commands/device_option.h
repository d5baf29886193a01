// The option --on of all commands that measure: this machine, or a probe behind a command.
#pragma once

#include "experiments/commands/command_line.h"
#include "experiments/commands/progress.h"
#include "hwprofiles/measuring_device.h"

namespace edgefront {

/// Adds --on and --retries.
void add_device_options(CommandLine& line);

/// What they say; starts the command, if any. `progress` outlives the device.
MeasuringDevice open_measuring_device(const CommandLine& line, ProgressLine& progress);

}  // namespace edgefront
