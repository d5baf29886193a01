#include "runtime/probe/sensors.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/runtime/probe/fake_root.h"

using namespace edgefront;

namespace {

const std::string kPowercap = "/sys/class/powercap/";

void write_package(FakeRoot& root, int number, const std::string& energy_uj) {
  const std::string zone = kPowercap + "intel-rapl:" + std::to_string(number) + "/";
  root.write(zone + "name", "package-" + std::to_string(number) + "\n");
  root.write(zone + "max_energy_range_uj", "262143328850\n");
  root.write(zone + "energy_uj", energy_uj + "\n");
}

}  // namespace

TEST_CASE("energy is the sum of what the packages' counters grew by") {
  FakeRoot root;
  write_package(root, 0, "1000");
  write_package(root, 1, "5000000");
  EnergyMeter meter(root.path());
  REQUIRE(meter.available());
  CHECK(meter.source() == "rapl package-0+package-1");
  write_package(root, 0, "1500");
  write_package(root, 1, "5000700");
  CHECK(meter.read_uj() == 1200);
  meter.start();
  write_package(root, 1, "5000701");
  CHECK(meter.read_uj() == 1);
}

TEST_CASE("a counter that went round counts on from its largest value") {
  FakeRoot root;
  write_package(root, 0, "262143328000");
  EnergyMeter meter(root.path());
  write_package(root, 0, "150");
  CHECK(meter.read_uj() == 1000);  // 850 to the end, 150 from 0
}

TEST_CASE("parts of a package and the whole platform are not counted beside it") {
  FakeRoot root;
  write_package(root, 0, "10");
  root.write(kPowercap + "intel-rapl:0:0/name", "core\n");
  root.write(kPowercap + "intel-rapl:0:0/energy_uj", "10\n");
  root.write(kPowercap + "intel-rapl:1/name", "psys\n");
  root.write(kPowercap + "intel-rapl:1/energy_uj", "10\n");
  EnergyMeter meter(root.path());
  CHECK(meter.source() == "rapl package-0");
  write_package(root, 0, "30");
  root.write(kPowercap + "intel-rapl:0:0/energy_uj", "25\n");
  root.write(kPowercap + "intel-rapl:1/energy_uj", "90\n");
  CHECK(meter.read_uj() == 20);
}

TEST_CASE("without a counter that can be read there is no energy, not zero") {
  FakeRoot nothing;
  EnergyMeter none(nothing.path());
  CHECK(!none.available());
  CHECK(none.source() == "none");
  CHECK(none.read_uj() == -1);

  FakeRoot empty;  // as where only root may read it
  write_package(empty, 0, "");
  CHECK(!EnergyMeter(empty.path()).available());

  FakeRoot lost;
  write_package(lost, 0, "10");
  EnergyMeter meter(lost.path());
  write_package(lost, 0, "gone");
  CHECK(meter.read_uj() == -1);

  FakeRoot unknown_range;
  write_package(unknown_range, 0, "10");
  unknown_range.write(kPowercap + "intel-rapl:0/max_energy_range_uj", "\n");
  EnergyMeter backwards(unknown_range.path());
  write_package(unknown_range, 0, "5");
  CHECK(backwards.read_uj() == -1);
}

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
