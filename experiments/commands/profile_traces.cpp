#include "experiments/commands/profile_traces.h"

#include <cmath>
#include <map>

#include "costmodels/thermal.h"
#include "experiments/host.h"
#include "hwprofiles/device_trace.h"
#include "hwprofiles/power_log.h"
#include "space/error.h"

namespace edgefront {
namespace {

std::string watts(double power_w) {
  return power_w < 0 ? std::string("unknown") : fixed(power_w, 3) + " W";
}

std::string throttles_text(double time_s) {
  if (std::isinf(time_s)) return "never throttles";
  return "throttles after " + fixed(time_s, 0) + " s";
}

std::string seconds(double time_s) {
  return std::isinf(time_s) ? std::string("never") : fixed(time_s, 0) + " s";
}

void add_trace(const DeviceTrace& trace, const std::string& path, const std::string& power_log,
               DeviceProfile& profile, std::vector<std::string>& added) {
  std::vector<EnergyEntry> energies = energies_of(trace);
  if (!power_log.empty() && !trace.windows.empty()) {
    energies = energies_of(load_power_log(power_log), trace);
  }
  if (!energies.empty()) {
    added.push_back("energy of " + std::to_string(energies.size()) + " layers by " +
                    energies.front().source);
    replace_energies(std::move(energies), profile);
  } else if (!trace.windows.empty()) {
    throw InputError(path + ": its windows need the meter's log; give --power-log FILE");
  }
  if (!trace.frequencies.empty()) {
    profile.frequency_points = frequency_points_of(trace);
    added.push_back(std::to_string(profile.frequency_points.size()) + " clock levels");
  }
  if (!trace.soak.empty()) {
    profile.thermal = thermal_of_soak(trace.soak, trace.begin.power_source);
    added.push_back("thermal constants from " + std::to_string(trace.soak.size()) + " samples");
  }
}

void describe_energy(const DeviceProfile& profile, std::vector<std::string>& lines) {
  struct Sum {
    int entries = 0;
    double idle_w = 0;
  };
  std::map<std::string, Sum> sources;
  for (const EnergyEntry& entry : profile.energy) {
    ++sources[entry.source].entries;
    sources[entry.source].idle_w = entry.idle_w;
  }
  for (const auto& [source, sum] : sources) {
    lines.push_back("energy measured by " + source + ": " + std::to_string(sum.entries) +
                    " entries above an idle power of " + watts(sum.idle_w));
  }
}

void describe_heat(const ThermalConstants& t, std::vector<std::string>& lines) {
  const bool in_watts = !t.power_source.empty();
  lines.push_back(
      "heat: " + fixed(t.ambient_c, 1) + " C and " + fixed(t.r_c_per_w, 2) +
      (in_watts ? " C/W (power by " + t.power_source + ")" : " C at full load (power unknown)") +
      ", time constant " + fixed(t.tau_s, 0) + " s");
  if (t.curve.empty()) {
    lines.push_back("  never throttled");
    return;
  }
  lines.push_back("  throttles from " + fixed(t.throttle_c, 0) + " C, to " +
                  fixed(100 * t.curve.back().factor, 0) + " % of the clock at " +
                  fixed(t.curve.back().temperature_c, 0) + " C; the clock is back at " +
                  fixed(t.recover_c, 0) + " C");
  const SustainedLatency load = sustained_latency(t, {t.load_w, t.idle_w}, 1);
  lines.push_back("  under the trace's load" + (in_watts ? " of " + watts(t.load_w) : "") + ": " +
                  throttles_text(load.time_to_throttle_s) + ", latency x" +
                  fixed(load.minute1_us, 2) + " after 1, x" + fixed(load.minute5_us, 2) +
                  " after 5, x" + fixed(load.minute30_us, 2) + " after 30 minutes; recovers in " +
                  seconds(load.recovery_s));
}

}  // namespace

std::vector<std::string> add_traces(const std::vector<std::string>& traces,
                                    const std::string& power_log, DeviceProfile& profile) {
  std::vector<std::string> added;
  for (const std::string& path : traces) {
    const DeviceTrace trace = load_trace(path);
    if (trace.begin.cpu_model != profile.identity.cpu_model) {
      throw InputError(path + ": a trace of '" + trace.begin.cpu_model + "'; the profile is of '" +
                       profile.identity.cpu_model + "'");
    }
    add_trace(trace, path, power_log, profile, added);
  }
  if (added.empty()) throw InputError("the traces hold nothing that a profile could");
  return added;
}

std::vector<std::string> describe_extras(const DeviceProfile& profile) {
  std::vector<std::string> lines;
  describe_energy(profile, lines);
  for (const FrequencyPoint& point : profile.frequency_points) {
    lines.push_back("clock " + fixed(static_cast<double>(point.level_khz) / 1000, 0) +
                    " MHz: reference list " + fixed(point.latency_us, 1) + " us, power " +
                    watts(point.power_w) + ", idle " + watts(point.idle_w));
  }
  if (profile.thermal) describe_heat(*profile.thermal, lines);
  return lines;
}

}  // namespace edgefront
