// What `edgefront-probe --soak`, `--frequencies`, `--energy` and `--windows` wrote, read back.
#pragma once

#include <string>
#include <vector>

#include "hwprofiles/device_profile.h"
#include "runtime/probe/trace_lines.h"

namespace edgefront {

struct DeviceTrace {
  TraceLine begin;
  std::vector<SoakSample> soak;
  std::vector<FrequencyMeasurement> frequencies;
  std::vector<TraceLine> energies, markers, windows;
  bool complete = false;  ///< false: the probe was stopped on the way
};

/// Throws InputError (file, line, what is wrong). A last line without its end is left out.
DeviceTrace load_trace(const std::string& path);
DeviceTrace parse_trace(const std::string& text, const std::string& name);

std::vector<FrequencyPoint> frequency_points_of(const DeviceTrace& trace);

/// The kind of a sensor: "rapl package-0" is "rapl".
std::string source_kind(const std::string& power_source);

/// Energies that a sensor of the machine told; those that noise left at or below zero are left out.
std::vector<EnergyEntry> energies_of(const DeviceTrace& trace);
/// An entry for a layer; `name` is its key. Throws InputError for a text that is no key.
EnergyEntry energy_entry(const std::string& name, const EnergyMeasurement& measured,
                         const std::string& source);

/// Puts `entries` in place of those of the same layers.
void replace_energies(std::vector<EnergyEntry> entries, DeviceProfile& profile);

}  // namespace edgefront
