#include "runtime/probe/sensors.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/runtime/probe/fake_root.h"

using namespace edgefront;

TEST_CASE("the temperature is the hottest processor sensor's, or -1") {
  FakeRoot root;
  CHECK(read_temperature_c(root.path()) == -1);
  root.write("/sys/class/thermal/thermal_zone0/type", "acpitz\n");
  root.write("/sys/class/thermal/thermal_zone0/temp", "99000\n");
  CHECK(read_temperature_c(root.path()) == -1);
  root.write("/sys/class/thermal/thermal_zone1/type", "cpu-thermal\n");
  root.write("/sys/class/thermal/thermal_zone1/temp", "41500\n");
  CHECK(read_temperature_c(root.path()) == 41.5);
  root.write("/sys/class/hwmon/hwmon3/name", "coretemp\n");
  root.write("/sys/class/hwmon/hwmon3/temp1_input", "43000\n");
  CHECK(read_temperature_c(root.path()) == 43);
}

TEST_CASE("thermal zones come with their trip points") {
  FakeRoot root;
  const std::string zone = "/sys/class/thermal/thermal_zone0/";
  root.write(zone + "type", "cpu-thermal\n");
  root.write(zone + "temp", "-5500\n");
  root.write(zone + "trip_point_0_type", "passive\n");
  root.write(zone + "trip_point_0_temp", "80000\n");
  root.write(zone + "trip_point_0_hyst", "5000\n");
  root.write(zone + "trip_point_1_type", "critical\n");
  root.write(zone + "trip_point_1_temp", "110000\n");
  root.write("/sys/class/thermal/thermal_zone1/type", "gpu-thermal\n");
  const std::vector<ThermalZone> zones = read_thermal_zones(root.path());
  REQUIRE(zones.size() == 2);
  CHECK(zones[0].type == "cpu-thermal");
  CHECK(zones[0].temperature_c == -5.5);
  REQUIRE(zones[0].trips.size() == 2);
  CHECK(zones[0].trips[0].type == "passive");
  CHECK(zones[0].trips[0].temperature_c == 80);
  CHECK(zones[0].trips[0].hysteresis_c == 5);
  CHECK(zones[0].trips[1].type == "critical");
  CHECK(zones[0].trips[1].temperature_c == 110);
  CHECK(zones[1].temperature_c == -1);
  CHECK(zones[1].trips.empty());
}
