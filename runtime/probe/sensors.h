// What a machine says about the energy it takes and the heat it has, read below a root folder (""
// for the real one; tests give a fake tree).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace edgefront {

/// Of the sensors that sit in the processor the hottest; −1 if there is none.
double read_temperature_c(const std::string& root);

/// A temperature at which the kernel does something about the heat.
struct TripPoint {
  std::string type;  ///< "passive", "active", "hot", "critical"
  double temperature_c = 0;
  double hysteresis_c = 0;  ///< it stops this much below
};
struct ThermalZone {
  std::string type;           ///< "cpu-thermal", "x86_pkg_temp"
  double temperature_c = -1;  ///< −1: cannot be read
  std::vector<TripPoint> trips;
};
std::vector<ThermalZone> read_thermal_zones(const std::string& root);

/// Energy of all processor packages by their RAPL counters (/sys/class/powercap/intel-rapl:N; AMD
/// processors have them under the same name). Whatever else runs on the packages, and their idle
/// power, is part of it.
class EnergyMeter {
 public:
  explicit EnergyMeter(const std::string& root);
  /// False without counters, or where they may not be read (Linux shows them to root only).
  bool available() const { return !counters_.empty(); }
  /// "rapl package-0", "rapl package-0+package-1"; "none" without a counter.
  std::string source() const;
  /// Readings count from here.
  void start();
  /// µJ since start(), or −1 where a counter is gone. A counter that went round once in between is
  /// understood; most do so after minutes to hours.
  double read_uj() const;

 private:
  struct Counter {
    std::string name, path;
    std::uint64_t range_uj = 0;  ///< counts from 0 to this, then again from 0; 0: not known
    std::uint64_t start_uj = 0;
  };
  std::vector<Counter> counters_;
};

}  // namespace edgefront
