// Where a machine tells what power it takes: found below a root folder ("" for the real one; tests
// give a fake tree) and read as text files.
#pragma once

#include <string>
#include <vector>

namespace edgefront {

enum class SensorAccess { kAbsent, kUnreadable, kReadable };

enum class ChannelKind {
  kCounter,  ///< energy taken so far; goes round at `range_uj`
  kGauge,    ///< energy left, as a battery tells it
  kPower,
};

struct PowerChannel {
  ChannelKind kind = ChannelKind::kPower;
  std::string name;         ///< "package-0", "VDD_IN"
  std::string path;         ///< its number …
  std::string second_path;  ///< … times this one's, where there is one (volt · ampere)
  double scale = 1;     ///< from the product of the numbers to µJ (counter, gauge) or W (power)
  double range_uj = 0;  ///< kCounter: counts from 0 to this, then again from 0; 0: not known
};

/// One way to learn the power of the machine. The channels are of one kind and add up.
struct PowerSource {
  std::string kind;  ///< "rapl", "ina3221", "hwmon", "battery"; "" where there is none
  std::vector<PowerChannel> channels;
  double update_interval_s = 0;  ///< reading more often gives the same number again
  /// "rapl package-0+package-1"; "none" without a channel.
  std::string name() const;
};

/// The best source that can be read, in the order RAPL, INA3221, other hwmon sensors, battery.
/// `note` tells what is missing: that there is no sensor, or which one may not be read and what to
/// do about it (also where a worse one is used instead).
struct PowerSearch {
  SensorAccess access = SensorAccess::kAbsent;
  PowerSource source;
  std::string note;
};
PowerSearch find_power_source(const std::string& root);

/// A channel's number in µJ or W; false where it cannot be read (any more).
bool read_channel(const PowerChannel& channel, double* value);

}  // namespace edgefront
