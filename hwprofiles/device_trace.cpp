#include "hwprofiles/device_trace.h"

#include <algorithm>
#include <map>

#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of a file

void add_line(const TraceLine& line, DeviceTrace& trace) {
  switch (line.kind) {
    case TraceKind::kBegin:
      trace.begin = line;
      break;
    case TraceKind::kSample:
      trace.soak.push_back(line.sample);
      break;
    case TraceKind::kFrequency:
      trace.frequencies.push_back(line.frequency);
      break;
    case TraceKind::kEnergy:
      trace.energies.push_back(line);
      break;
    case TraceKind::kMarker:
      trace.markers.push_back(line);
      break;
    case TraceKind::kWindow:
      trace.windows.push_back(line);
      break;
    case TraceKind::kEnd:
      trace.complete = true;
      break;
  }
}

}  // namespace

DeviceTrace parse_trace(const std::string& text, const std::string& name) {
  DeviceTrace trace;
  int number = 0;
  bool begun = false;
  for (std::size_t at = 0, end = text.find('\n'); end != std::string::npos;
       at = end + 1, end = text.find('\n', at)) {
    ++number;
    const std::string one = text.substr(at, end - at);
    if (one.find_first_not_of(" \t\r") == std::string::npos) continue;
    TraceLine line;
    if (Status s = parse_trace_line(one, &line); !s.ok()) {
      throw InputError(name + ":" + std::to_string(number) + ": " + s.message());
    }
    if (begun == (line.kind == TraceKind::kBegin)) {
      throw InputError(name + ":" + std::to_string(number) +
                       ": a trace has one line of kind begin, and it is the first");
    }
    begun = true;
    add_line(line, trace);
  }
  if (!begun) throw InputError(name + ": no trace of edgefront-probe");
  return trace;
}

DeviceTrace load_trace(const std::string& path) {
  std::vector<std::uint8_t> bytes;
  if (Status s = read_file(path, &bytes, kMostBytes); !s.ok()) throw InputError(s.message());
  return parse_trace({bytes.begin(), bytes.end()}, path);
}

std::vector<FrequencyPoint> frequency_points_of(const DeviceTrace& trace) {
  std::vector<FrequencyPoint> points;
  for (const FrequencyMeasurement& m : trace.frequencies) {
    points.push_back({m.level_khz, m.voltage_v, m.statistics.latency_us, m.power_w, m.idle_w});
  }
  std::sort(points.begin(), points.end(), [](const FrequencyPoint& a, const FrequencyPoint& b) {
    return a.level_khz < b.level_khz;
  });
  return points;
}

std::string source_kind(const std::string& power_source) {
  return power_source.substr(0, power_source.find(' '));
}

EnergyEntry energy_entry(const std::string& name, const EnergyMeasurement& measured,
                         const std::string& source) {
  LayerKey key;
  if (Status s = LayerKey::parse(name, &key); !s.ok()) throw InputError(s.message());
  EnergyEntry entry;
  entry.name = name;
  entry.precision = key.precision;
  entry.threads = key.threads;
  entry.kernel_set = key.kernel_set;
  entry.energy_uj = measured.energy_uj;
  entry.energy_low_uj = measured.energy_low_uj;
  entry.energy_high_uj = measured.energy_high_uj;
  entry.updates = measured.updates;
  entry.source = source;
  entry.idle_w = measured.idle_w;
  return entry;
}

std::vector<EnergyEntry> energies_of(const DeviceTrace& trace) {
  std::vector<EnergyEntry> entries;
  for (const TraceLine& line : trace.energies) {
    if (line.energy.energy_uj <= 0) continue;
    entries.push_back(energy_entry(line.name, line.energy, source_kind(line.power_source)));
  }
  return entries;
}

void replace_energies(std::vector<EnergyEntry> entries, DeviceProfile& profile) {
  std::map<std::string, EnergyEntry> by_name;
  for (EnergyEntry& entry : profile.energy) {
    by_name[entry.space_digest + " " + entry.name] = std::move(entry);
  }
  for (EnergyEntry& entry : entries) {
    by_name[entry.space_digest + " " + entry.name] = std::move(entry);
  }
  profile.energy.clear();
  for (auto& [name, entry] : by_name) profile.energy.push_back(std::move(entry));
}

}  // namespace edgefront
