// Any bytes as a trace of a probe (--soak, --frequencies, --energy, --windows), and, up to the
// first zero byte, as the log of an outside power meter beside it: InputErrors or values, never a
// crash, and no energy that is not a number.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hwprofiles/device_trace.h"
#include "hwprofiles/power_log.h"
#include "space/error.h"

namespace {

using namespace edgefront;

void require_numbers(const std::vector<EnergyEntry>& entries) {
  for (const EnergyEntry& entry : entries) {
    if (!std::isfinite(entry.energy_uj)) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string all(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(all.find('\0'), all.size());
  PowerLog log;
  try {
    log = parse_power_log(all.substr(0, end), "log.csv");
    for (std::size_t i = 0; i < log.time_s.size(); ++i) {
      if (!std::isfinite(log.time_s[i]) || !std::isfinite(log.power_w[i])) __builtin_trap();
    }
  } catch (const InputError&) {
  }
  try {
    const DeviceTrace trace = parse_trace(end < size ? all.substr(end + 1) : all, "trace.jsonl");
    for (const TraceLine& line : trace.energies) {
      const std::string written = trace_line(line);
      TraceLine again;
      if (!parse_trace_line(written, &again).ok() || trace_line(again) != written) {
        __builtin_trap();
      }
    }
    frequency_points_of(trace);
    require_numbers(energies_of(trace));
    if (!log.time_s.empty()) require_numbers(energies_of(log, trace));
  } catch (const InputError&) {
  }
  return 0;
}
