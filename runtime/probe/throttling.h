// Whether the machine slowed itself down: because of heat or because it was badly fed.
#pragma once

#include <string>
#include <vector>

namespace edgefront {

/// Watches, below `root`, what the kernel tells of throttling:
/// - the throttle counts of x86 (cpu*/thermal_throttle) of `cpus` and their packages,
/// - the under-voltage alarm of a Raspberry Pi (hwmon "rpi_volt") and its firmware's flags
///   (get_throttled: under-voltage, capped, throttled, soft temperature limit),
/// - cooling devices that cap the processor's clock (thermal class, "cpufreq").
/// Asking reads a few files: about 20 µs; nothing where a machine has none of them.
class ThrottleWatch {
 public:
  ThrottleWatch(const std::string& root, const std::vector<int>& cpus);
  /// True if the machine was throttled at some time since the last call, or since the watch was
  /// made; false where it cannot know (watches() is false).
  bool throttled_since();
  bool watches() const { return !counts_.empty() || !flags_.empty(); }

 private:
  struct Count {
    std::string path;
    double last = 0;
  };
  std::vector<Count> counts_;       // a larger number than last time
  std::vector<std::string> flags_;  // anything but 0
  std::string firmware_;            // hexadecimal: now, and from bit 16 on since the last boot
  unsigned long happened_ = 0;
};

}  // namespace edgefront
