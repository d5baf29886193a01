#include "runtime/probe/description.h"

#include <cstdio>
#include <cstdlib>

#include "runtime/probe/jobs.h"
#include "runtime/probe/system_files.h"

namespace edgefront {
namespace {

constexpr const char* kUnknown = "\"unknown\"";

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string known(double value) { return value >= 0 ? number(value) : kUnknown; }

// What the kernel calls things is plain ASCII; anything else becomes a question mark.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    out += c < 0x20 || c > 0x7e || c == '"' || c == '\\' ? '?' : c;
  }
  return out + "\"";
}

std::string peaks_json(const std::optional<Roofs>& roofs) {
  if (!roofs) return kUnknown;
  std::string out = "{\"kernel_set\":" + quoted(roofs->kernel_set) +
                    ",\"fp32_gops\":" + number(roofs->fp32_gops) +
                    ",\"int8_gops\":" + number(roofs->int8_gops) + ",\"bandwidth\":[";
  for (const BandwidthRoof& level : roofs->levels) {
    if (&level != roofs->levels.data()) out += ",";
    out += "{\"level\":" + quoted(level.level) + ",\"bytes\":" + std::to_string(level.bytes) +
           ",\"gb_s\":" + number(level.gb_s) + "}";
  }
  return out + "]}";
}

std::string thermal_json(const std::vector<ThermalZone>& zones) {
  if (zones.empty()) return kUnknown;
  std::string out = "[";
  for (const ThermalZone& zone : zones) {
    const double trip = trip_c(zone);
    const bool both = trip >= 0 && zone.temperature_c >= 0;
    if (out.size() > 1) out += ",";
    out += "{\"zone\":" + quoted(zone.type) + ",\"temperature_c\":" + known(zone.temperature_c) +
           ",\"trip_c\":" + known(trip) +
           ",\"headroom_c\":" + (both ? number(trip - zone.temperature_c) : kUnknown) + "}";
  }
  return out + "]";
}

std::string present_json(const PresentState& present) {
  std::string out = "{\"free_memory_bytes\":";
  out += present.free_memory_bytes >= 0 ? std::to_string(present.free_memory_bytes) : kUnknown;
  out += ",\"battery\":";
  if (present.battery_percent < 0) {
    out += kUnknown;
  } else {
    out += "{\"percent\":" + number(present.battery_percent) + ",\"status\":" +
           (present.battery_status.empty() ? kUnknown : quoted(present.battery_status)) + "}";
  }
  out += ",\"thermal\":" + thermal_json(present.zones) + ",\"link\":";
  if (present.peer.empty() || present.link.round_trip_us < 0) {
    out += kUnknown;
  } else {
    out += "{\"peer\":" + quoted(present.peer) +
           ",\"round_trip_us\":" + number(present.link.round_trip_us) +
           ",\"median_us\":" + number(present.link.median_us) + "}";
  }
  return out + "}";
}

}  // namespace

PresentState read_present(const std::string& root) {
  PresentState present;
  for (const std::string& line : lines_of(root + "/proc/meminfo")) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() > 1 && words[0] == "MemAvailable:") {
      present.free_memory_bytes = std::strtoll(words[1].c_str(), nullptr, 10) * 1024;
    }
  }
  for (const std::string& supply : entries_in(root + "/sys/class/power_supply", "")) {
    if (first_line(supply + "/type") != "Battery") continue;
    const double percent = number_in(supply + "/capacity");
    if (percent < 0 || present.battery_percent >= 0) continue;
    present.battery_percent = percent;
    present.battery_status = first_line(supply + "/status");
  }
  present.zones = read_thermal_zones(root);
  return present;
}

double trip_c(const ThermalZone& zone) {
  double lowest = -1;
  for (const TripPoint& trip : zone.trips) {
    if (trip.type != "passive" && trip.type != "hot" && trip.type != "critical") continue;
    if (trip.temperature_c > 0 && (lowest < 0 || trip.temperature_c < lowest)) {
      lowest = trip.temperature_c;
    }
  }
  return lowest;
}

std::string description_line(const MachineDescription& machine) {
  // Device and state are those of the handshake, field by field.
  ProbeResult handshake;
  handshake.kind = ResultKind::kHandshake;
  handshake.identity = machine.identity;
  handshake.state = machine.state;
  const std::string line = result_line(handshake);
  const std::string device = line.substr(line.find(",\"version\""));
  return "{\"result\":\"description\"" + device.substr(0, device.size() - 1) +
         ",\"peaks\":" + peaks_json(machine.roofs) +
         ",\"present\":" + present_json(machine.present) + "}";
}

}  // namespace edgefront
