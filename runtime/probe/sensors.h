// What a machine says about the heat it has, read below a root folder ("" for the real one; tests
// give a fake tree). Power is in power_source.h.
#pragma once

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

}  // namespace edgefront
