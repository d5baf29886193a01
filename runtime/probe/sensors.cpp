#include "runtime/probe/sensors.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "runtime/probe/system_files.h"

namespace edgefront {
namespace {

// False where the file does not begin with a number, which may be below zero.
bool read_signed(const std::string& path, double* out) {
  const std::string line = first_line(path);
  char* end = nullptr;
  *out = std::strtod(line.c_str(), &end);
  return end != line.c_str();
}

}  // namespace

double read_temperature_c(const std::string& root) {
  double hottest = -1;
  const auto take = [&](const std::string& path) {
    const double milli = number_in(path);
    if (milli > 0) hottest = std::max(hottest, milli / 1000);
  };
  for (const std::string& zone : entries_in(root + "/sys/class/thermal", "thermal_zone")) {
    const std::string type = first_line(zone + "/type");
    for (const char* part : {"cpu", "CPU", "pkg", "soc", "SoC"}) {
      if (type.find(part) != std::string::npos) take(zone + "/temp");
    }
  }
  for (const std::string& chip : entries_in(root + "/sys/class/hwmon", "hwmon")) {
    const std::string name = first_line(chip + "/name");
    if (name == "coretemp" || name == "k10temp" || name == "cpu_thermal") {
      take(chip + "/temp1_input");
    }
  }
  return hottest;
}

std::vector<ThermalZone> read_thermal_zones(const std::string& root) {
  std::vector<ThermalZone> zones;
  for (const std::string& folder : entries_in(root + "/sys/class/thermal", "thermal_zone")) {
    ThermalZone zone;
    zone.type = first_line(folder + "/type");
    double milli = 0;
    if (read_signed(folder + "/temp", &milli)) zone.temperature_c = milli / 1000;
    for (int i = 0; read_signed(folder + "/trip_point_" + std::to_string(i) + "_temp", &milli);
         ++i) {
      const std::string trip = folder + "/trip_point_" + std::to_string(i);
      zone.trips.push_back({first_line(trip + "_type"), milli / 1000, 0});
      if (read_signed(trip + "_hyst", &milli)) zone.trips.back().hysteresis_c = milli / 1000;
    }
    zones.push_back(std::move(zone));
  }
  return zones;
}

}  // namespace edgefront
