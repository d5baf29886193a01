#include "runtime/probe/throttling.h"

#include <cstdlib>

#include "runtime/probe/system_files.h"

namespace edgefront {
namespace {

// Of the firmware's word (Raspberry Pi documentation, vcgencmd get_throttled): under-voltage,
// clock capped, throttled, soft temperature limit; from bit 16 on the same since the last boot.
constexpr unsigned long kNow = 0xf;
constexpr int kHappenedShift = 16;

unsigned long hexadecimal(const std::string& path) {
  return std::strtoul(first_line(path).c_str(), nullptr, 16);
}

}  // namespace

ThrottleWatch::ThrottleWatch(const std::string& root, const std::vector<int>& cpus) {
  for (const int cpu : cpus) {
    const std::string folder =
        root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/thermal_throttle/";
    for (const char* name : {"core_throttle_count", "package_throttle_count"}) {
      const double count = number_in(folder + name);
      if (count >= 0) counts_.push_back({folder + name, count});
    }
  }
  for (const std::string& chip : entries_in(root + "/sys/class/hwmon", "hwmon")) {
    const std::string alarm = chip + "/in0_lcrit_alarm";
    if (first_line(chip + "/name") == "rpi_volt" && number_in(alarm) >= 0) flags_.push_back(alarm);
  }
  for (const std::string& device : entries_in(root + "/sys/class/thermal", "cooling_device")) {
    const bool caps_clock = first_line(device + "/type").find("cpufreq") != std::string::npos;
    if (caps_clock && number_in(device + "/cur_state") >= 0) {
      flags_.push_back(device + "/cur_state");
    }
  }
  const std::string firmware = root + "/sys/devices/platform/soc/soc:firmware/get_throttled";
  if (first_line(firmware).empty()) return;
  firmware_ = firmware;
  flags_.push_back(firmware);
  happened_ = hexadecimal(firmware) >> kHappenedShift;
}

bool ThrottleWatch::throttled_since() {
  bool result = false;
  for (Count& count : counts_) {
    const double now = number_in(count.path);
    result = result || now > count.last;
    count.last = now;
  }
  for (const std::string& path : flags_) {
    if (path != firmware_) {
      result = result || number_in(path) > 0;
      continue;
    }
    const unsigned long word = hexadecimal(path), happened = word >> kHappenedShift;
    result = result || (word & kNow) != 0 || (happened & ~happened_) != 0;
    happened_ = happened;
  }
  return result;
}

}  // namespace edgefront
