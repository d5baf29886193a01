#include "hwprofiles/power_log.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "runtime/file.h"
#include "runtime/probe/power_marker.h"
#include "runtime/probe/statistics.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of a file

constexpr int kRestChips = static_cast<int>(kMarkerRest_s / kMarkerChip_s);
constexpr int kChips = kMarkerLength + 2 * kRestChips;
constexpr double kCoarse_s = kMarkerChip_s / 25, kFine_s = kMarkerChip_s / 1000;
constexpr double kAlike = 0.7;     // correlation of a marker
constexpr double kSlowest = 0.01;  // that two clocks differ by
constexpr int kFewestSamples = 100;
constexpr double kStudent95Of9 = 2.262;  // two-sided 95 % quantile of Student's t, 9 degrees

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else if (c != ' ' && c != '\t' && c != '\r' && c != '"') {
      cells.back().push_back(c);
    }
  }
  return cells;
}

int column(const std::vector<std::string>& header, const char* name) {
  const auto found = std::find(header.begin(), header.end(), name);
  return found == header.end() ? -1 : static_cast<int>(found - header.begin());
}

double number_at(const std::vector<std::string>& cells, int index, const std::string& where) {
  const std::string cell =
      index < static_cast<int>(cells.size()) ? cells[static_cast<std::size_t>(index)] : "";
  char* end = nullptr;
  const double value = std::strtod(cell.c_str(), &end);
  if (cell.empty() || *end != '\0' || !std::isfinite(value)) {
    throw InputError(where + ": '" + cell + "' is no number");
  }
  return value;
}

/// Energy since the beginning, by trapezoids, and between samples.
class Integral {
 public:
  explicit Integral(const PowerLog& log) : log_(log), joules_(log.time_s.size()) {
    for (std::size_t i = 1; i < joules_.size(); ++i) {
      joules_[i] = joules_[i - 1] +
                   (log.power_w[i] + log.power_w[i - 1]) / 2 * (log.time_s[i] - log.time_s[i - 1]);
    }
  }
  double at(double time_s) const {
    const auto next = std::upper_bound(log_.time_s.begin(), log_.time_s.end(), time_s);
    const auto i = static_cast<std::size_t>(next - log_.time_s.begin());
    if (i == 0) return 0;
    if (i == joules_.size()) return joules_.back();
    const double step_s = log_.time_s[i] - log_.time_s[i - 1];
    const double share = (time_s - log_.time_s[i - 1]) / step_s;
    const double there_w = log_.power_w[i - 1] + share * (log_.power_w[i] - log_.power_w[i - 1]);
    return joules_[i - 1] + (log_.power_w[i - 1] + there_w) / 2 * share * step_s;
  }

 private:
  const PowerLog& log_;
  std::vector<double> joules_;
};

/// Pearson's correlation of the pattern, rest before and after included, whose first chip begins at
/// `time_s`, with the mean power of its chips.
double likeness(const Integral& integral, double time_s) {
  double chip[kChips], power_w[kChips], chip_mean = 0, power_mean = 0;
  for (int i = 0; i < kChips; ++i) {
    const int code = i - kRestChips;
    chip[i] = code >= 0 && code < kMarkerLength ? kMarkerChips[code] : 0;
    const double begin_s = time_s + code * kMarkerChip_s;
    power_w[i] = (integral.at(begin_s + kMarkerChip_s) - integral.at(begin_s)) / kMarkerChip_s;
    chip_mean += chip[i] / kChips;
    power_mean += power_w[i] / kChips;
  }
  double both = 0, chips = 0, powers = 0;
  for (int i = 0; i < kChips; ++i) {
    both += (chip[i] - chip_mean) * (power_w[i] - power_mean);
    chips += (chip[i] - chip_mean) * (chip[i] - chip_mean);
    powers += (power_w[i] - power_mean) * (power_w[i] - power_mean);
  }
  return powers > 0 ? both / std::sqrt(chips * powers) : 0;
}

struct Candidate {
  double time_s = 0, likeness = 0;
};

/// Local maxima of the likeness, at the fine grid.
std::vector<Candidate> candidates(const PowerLog& log) {
  const Integral integral(log);
  const double first_s = log.time_s.front() + kMarkerRest_s;
  const double last_s = log.time_s.back() - (kMarkerLength + kRestChips) * kMarkerChip_s;
  std::vector<Candidate> found;
  for (double time_s = first_s; time_s <= last_s; time_s += kCoarse_s) {
    const double value = likeness(integral, time_s);
    if (value < kAlike) continue;
    const bool same = !found.empty() && time_s - found.back().time_s < kMarkerChip_s;
    if (!same) found.push_back({time_s, value});
    if (value > found.back().likeness) found.back() = {time_s, value};
  }
  for (Candidate& candidate : found) {
    const double coarse_s = candidate.time_s;
    for (double time_s = coarse_s - kCoarse_s; time_s <= coarse_s + kCoarse_s; time_s += kFine_s) {
      const double value = likeness(integral, time_s);
      if (value > candidate.likeness) candidate = {time_s, value};
    }
  }
  return found;
}

/// Mean power of the log between two of its times.
PowerEstimate power_between(const PowerLog& log, double start_s, double end_s,
                            const std::string& name) {
  std::vector<PowerUpdate> updates;
  for (std::size_t i = 0; i < log.time_s.size(); ++i) {
    if (log.time_s[i] < start_s || log.time_s[i] > end_s) continue;
    PowerUpdate update{log.time_s[i], 0};
    if (!updates.empty()) {
      update.energy_uj = updates.back().energy_uj + (log.power_w[i] + log.power_w[i - 1]) / 2 *
                                                        (log.time_s[i] - log.time_s[i - 1]) * 1e6;
    }
    updates.push_back(update);
  }
  if (updates.size() <= kFewestSamples) {
    throw InputError("power log: " + std::to_string(updates.size()) + " samples while '" + name +
                     "' ran; more than 100 are needed");
  }
  return mean_power(updates);
}

}  // namespace

PowerLog parse_power_log(const std::string& text, const std::string& name) {
  PowerLog log;
  int number = 0, time = -1, power = -1, voltage = -1, current = -1;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::vector<std::string> cells = cells_of(text.substr(at, end - at));
    at = end + 1;
    const std::string where = name + ":" + std::to_string(++number);
    if (cells.size() == 1 && cells[0].empty()) continue;
    if (time < 0) {
      time = column(cells, "time_s");
      power = column(cells, "power_w");
      voltage = column(cells, "voltage_v");
      current = column(cells, "current_a");
      if (time >= 0 && (power >= 0 || (voltage >= 0 && current >= 0))) continue;
      throw InputError(where +
                       ": the header needs a column time_s, and power_w or voltage_v and "
                       "current_a");
    }
    const double now_s = number_at(cells, time, where);
    if (!log.time_s.empty() && now_s <= log.time_s.back()) {
      throw InputError(where + ": time_s does not rise");
    }
    log.time_s.push_back(now_s);
    log.power_w.push_back(power >= 0 ? number_at(cells, power, where)
                                     : number_at(cells, voltage, where) *
                                           number_at(cells, current, where));
  }
  if (log.time_s.size() < 2) throw InputError(name + ": a power log needs two samples");
  return log;
}

PowerLog load_power_log(const std::string& path) {
  std::vector<std::uint8_t> bytes;
  if (Status s = read_file(path, &bytes, kMostBytes); !s.ok()) throw InputError(s.message());
  return parse_power_log({bytes.begin(), bytes.end()}, path);
}

ClockMap align(const PowerLog& log, const std::vector<TraceLine>& markers) {
  if (markers.empty()) throw InputError("power log: the trace has no markers to align it by");
  const std::vector<Candidate> found = candidates(log);
  const double first_s = markers.front().start_s, span_s = markers.back().start_s - first_s;
  double best = 0;
  ClockMap map;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (markers.size() == 1) {
      if (found[i].likeness > best) map = {found[i].time_s - first_s, 1};
      best = std::max(best, found[i].likeness);
      continue;
    }
    for (std::size_t j = i + 1; j < found.size(); ++j) {
      const double rate = (found[j].time_s - found[i].time_s) / span_s;
      const double both = found[i].likeness + found[j].likeness;
      if (std::abs(rate - 1) > kSlowest || both <= best) continue;
      best = both;
      map = {found[i].time_s - rate * first_s, rate};
    }
  }
  if (best > 0) return map;
  throw InputError("power log: " + std::to_string(found.size()) + " of " +
                   std::to_string(markers.size()) +
                   " markers found; the log must cover the whole run, with at least 4 samples per "
                   "second");
}

std::vector<EnergyEntry> energies_of(const PowerLog& log, const DeviceTrace& trace) {
  const ClockMap map = align(log, trace.markers);
  const auto power_of = [&](const TraceLine& window) {
    return power_between(log, map.offset_s + map.rate * window.start_s,
                         map.offset_s + map.rate * window.end_s, window.name);
  };
  const auto idle = std::find_if(trace.windows.begin(), trace.windows.end(),
                                 [](const TraceLine& w) { return w.name == "idle"; });
  if (idle == trace.windows.end()) throw InputError("power log: the trace has no idle window");
  const PowerEstimate idle_power = power_of(*idle);
  std::vector<EnergyEntry> entries;
  for (const TraceLine& window : trace.windows) {
    if (window.name == "idle") continue;
    const PowerEstimate power = power_of(window);
    const double half_w =
        kStudent95Of9 * std::hypot(power.standard_error_w, idle_power.standard_error_w);
    EnergyMeasurement measured;
    measured.energy_uj = (power.power_w - idle_power.power_w) * window.latency_us;
    measured.energy_low_uj = measured.energy_uj - half_w * window.latency_us;
    measured.energy_high_uj = measured.energy_uj + half_w * window.latency_us;
    measured.idle_w = idle_power.power_w;
    measured.updates = power.updates;
    if (measured.energy_uj > 0) entries.push_back(energy_entry(window.name, measured, "log"));
  }
  return entries;
}

}  // namespace edgefront
