// What `edgefront-probe --describe` says: who this machine is, what it can do at most, and how it
// is right now. A host reads the line as a device description (hwprofiles/described_device.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/probe/peer_link.h"
#include "runtime/probe/probe.h"
#include "runtime/probe/roofs.h"
#include "runtime/probe/sensors.h"

namespace edgefront {

/// Of this moment; what cannot be read is absent.
struct PresentState {
  std::int64_t free_memory_bytes = -1;  ///< that programs can have; −1: unknown
  double battery_percent = -1;          ///< −1: no battery
  std::string battery_status;           ///< "Charging", "Discharging", "Full", …
  std::vector<ThermalZone> zones;
  std::string peer;  ///< as asked for; empty: none
  PeerLink link;
};

/// Reads below `root` ("" for the real tree).
PresentState read_present(const std::string& root);

/// The lowest trip point of a zone that slows or stops the machine ("passive", "hot", "critical");
/// −1 where there is none.
double trip_c(const ThermalZone& zone);

struct MachineDescription {
  DeviceIdentity identity;
  DeviceState state;
  std::optional<Roofs> roofs;
  PresentState present;
};

/// One line of JSON (docs/probe_protocol.md), without its newline; "unknown" for what is not known.
std::string description_line(const MachineDescription& machine);

}  // namespace edgefront
