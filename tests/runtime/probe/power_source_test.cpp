#include "runtime/probe/power_source.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/runtime/probe/fake_root.h"

using namespace edgefront;

namespace {

const std::string kPackage = "/sys/class/powercap/intel-rapl:0/";
const std::string kHwmon = "/sys/class/hwmon/hwmon0/";
const std::string kBattery = "/sys/class/power_supply/BAT1/";

void write_rapl(FakeRoot& root) {
  root.write(kPackage + "name", "package-0\n");
  root.write(kPackage + "max_energy_range_uj", "262143328850\n");
  root.write(kPackage + "energy_uj", "1000\n");
}

double value_of(const PowerSource& source) {
  REQUIRE(source.channels.size() == 1);
  double value = 0;
  REQUIRE(read_channel(source.channels[0], &value));
  return value;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a machine without sensors says that it has none") {
  const FakeRoot root;
  const PowerSearch search = find_power_source(root.path());
  CHECK(search.access == SensorAccess::kAbsent);
  CHECK(search.source.name() == "none");
  CHECK(contains(search.note, "no power sensor"));
}

TEST_CASE("counters that only root may read are told apart from absent ones, with the remedy") {
  FakeRoot root;
  write_rapl(root);
  const std::string file = root.path() + kPackage + "energy_uj";
  // As somebody else where the tests run as root, whom no permission stops.
  const bool super = geteuid() == 0;
  REQUIRE(chmod(root.path().c_str(), 0755) == 0);
  REQUIRE(chmod(file.c_str(), 0) == 0);
  if (super) REQUIRE(seteuid(65534) == 0);
  const PowerSearch search = find_power_source(root.path());
  if (super) REQUIRE(seteuid(0) == 0);
  CHECK(search.access == SensorAccess::kUnreadable);
  CHECK(search.source.channels.empty());
  CHECK(search.note ==
        file + ": Permission denied; run as root, or once as root: chmod a+r " + file);
}

TEST_CASE("a sensor that has no number is unreadable, not absent") {
  FakeRoot root;
  write_rapl(root);
  root.write(kPackage + "energy_uj", "\n");
  CHECK(find_power_source(root.path()).access == SensorAccess::kUnreadable);
  std::filesystem::remove(root.path() + kPackage + "energy_uj");
  std::filesystem::create_directory(root.path() + kPackage + "energy_uj");  // reading it fails
  const PowerSearch search = find_power_source(root.path());
  CHECK(search.access == SensorAccess::kUnreadable);
  CHECK(contains(search.note, "Is a directory"));
}

TEST_CASE("a worse sensor stands in for an unreadable better one, and the note says which") {
  FakeRoot root;
  write_rapl(root);
  root.write(kPackage + "energy_uj", "\n");
  root.write(kHwmon + "name", "ina226\n");
  root.write(kHwmon + "power1_input", "2500000\n");
  const PowerSearch search = find_power_source(root.path());
  CHECK(search.access == SensorAccess::kReadable);
  CHECK(search.source.name() == "hwmon power1");
  CHECK(value_of(search.source) == doctest::Approx(2.5));
  CHECK(contains(search.note, "energy_uj"));
}

TEST_CASE("packages are read, but neither their parts nor the platform beside them") {
  FakeRoot root;
  write_rapl(root);
  root.write("/sys/class/powercap/intel-rapl:0:0/name", "core\n");
  root.write("/sys/class/powercap/intel-rapl:0:0/energy_uj", "7\n");
  root.write("/sys/class/powercap/intel-rapl:1/name", "psys\n");
  root.write("/sys/class/powercap/intel-rapl:1/energy_uj", "7\n");
  const PowerSearch search = find_power_source(root.path());
  CHECK(search.source.name() == "rapl package-0");
  CHECK(search.source.channels[0].range_uj == 262143328850);
  CHECK(search.note.empty());
}

TEST_CASE("rails without a total are added, disabled ones left out") {
  FakeRoot root;
  root.write(kHwmon + "name", "ina3221\n");
  root.write(kHwmon + "update_interval", "5\n");
  for (const char* n : {"1", "2", "3"}) {
    root.write(kHwmon + "in" + n + "_label", std::string("RAIL") + n + "\n");
    root.write(kHwmon + "in" + n + "_input", "12000\n");
    root.write(kHwmon + "curr" + n + "_input", "500\n");
  }
  root.write(kHwmon + "in3_enable", "0\n");
  const PowerSearch search = find_power_source(root.path());
  CHECK(search.source.name() == "ina3221 RAIL1+RAIL2");
  CHECK(search.source.update_interval_s == doctest::Approx(0.005));
  double value = 0;
  REQUIRE(read_channel(search.source.channels[0], &value));
  CHECK(value == doctest::Approx(6));
}

TEST_CASE("a graphics card's meter is not the machine's, nor is a fan controller's voltage") {
  FakeRoot root;
  root.write(kHwmon + "name", "amdgpu\n");
  root.write(kHwmon + "power1_average", "9000000\n");
  root.write("/sys/class/hwmon/hwmon1/name", "nct6775\n");
  root.write("/sys/class/hwmon/hwmon1/in1_input", "1000\n");
  root.write("/sys/class/hwmon/hwmon1/curr1_input", "1000\n");
  CHECK(find_power_source(root.path()).access == SensorAccess::kAbsent);
}

TEST_CASE("a battery is read while it discharges, by power, current, energy or charge") {
  FakeRoot root;
  root.write(kBattery + "type", "Battery\n");
  root.write(kBattery + "status", "Discharging\n");
  root.write(kBattery + "charge_now", "2000000\n");   // 2 Ah
  root.write(kBattery + "voltage_now", "4000000\n");  // 4 V
  const auto source = [&] { return find_power_source(root.path()).source; };
  CHECK(source().channels.at(0).kind == ChannelKind::kGauge);
  CHECK(value_of(source()) == doctest::Approx(8 * 3600e6));  // 8 Wh in µJ
  root.write(kBattery + "energy_now", "8000000\n");
  CHECK(value_of(source()) == doctest::Approx(8 * 3600e6));
  root.write(kBattery + "current_now", "-500000\n");  // some drivers: negative while discharging
  CHECK(source().channels.at(0).kind == ChannelKind::kPower);
  CHECK(value_of(source()) == doctest::Approx(2));
  root.write(kBattery + "power_now", "2100000\n");
  CHECK(value_of(source()) == doctest::Approx(2.1));
  root.write(kBattery + "status", "Charging\n");
  const PowerSearch charging = find_power_source(root.path());
  CHECK(charging.access == SensorAccess::kUnreadable);
  CHECK(contains(charging.note, "unplug the charger"));
}
