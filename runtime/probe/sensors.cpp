#include "runtime/probe/sensors.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "runtime/probe/system_files.h"

namespace edgefront {
namespace {

// False where the file does not begin with a number.
bool read_counter(const std::string& path, std::uint64_t* out) {
  const std::string line = first_line(path);
  if (line.empty() || std::isdigit(static_cast<unsigned char>(line[0])) == 0) return false;
  errno = 0;
  *out = std::strtoull(line.c_str(), nullptr, 10);
  return errno == 0;
}

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

EnergyMeter::EnergyMeter(const std::string& root) {
  // "intel-rapl:0" is a package; "intel-rapl:0:1" is a part of it and would be counted twice, and
  // so would be the whole platform ("psys"), which stands beside the packages.
  for (const std::string& zone : entries_in(root + "/sys/class/powercap", "intel-rapl:")) {
    Counter counter;
    counter.name = first_line(zone + "/name");
    counter.path = zone + "/energy_uj";
    if (counter.name.compare(0, 7, "package") != 0) continue;
    if (!read_counter(counter.path, &counter.start_uj)) continue;
    if (!read_counter(zone + "/max_energy_range_uj", &counter.range_uj)) counter.range_uj = 0;
    counters_.push_back(std::move(counter));
  }
}

std::string EnergyMeter::source() const {
  if (counters_.empty()) return "none";
  std::string text;
  for (const Counter& counter : counters_) text += (text.empty() ? "rapl " : "+") + counter.name;
  return text;
}

void EnergyMeter::start() {
  for (Counter& counter : counters_) read_counter(counter.path, &counter.start_uj);
}

double EnergyMeter::read_uj() const {
  double sum = 0;
  for (const Counter& counter : counters_) {
    std::uint64_t now = 0;
    if (!read_counter(counter.path, &now)) return -1;
    if (now < counter.start_uj) {
      if (counter.range_uj < counter.start_uj) return -1;
      now += counter.range_uj;
    }
    sum += static_cast<double>(now - counter.start_uj);
  }
  return counters_.empty() ? -1 : sum;
}

}  // namespace edgefront
