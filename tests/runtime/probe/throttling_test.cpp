#include "runtime/probe/throttling.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/runtime/probe/fake_root.h"

using namespace edgefront;

TEST_CASE("a machine that tells nothing of throttling is never throttled, and is not watched") {
  const FakeRoot root;
  ThrottleWatch watch(root.path(), {0, 1});
  CHECK(!watch.watches());
  CHECK(!watch.throttled_since());
}

TEST_CASE("a throttle count that grew tells of throttling once") {
  FakeRoot root;
  const std::string folder = "/sys/devices/system/cpu/cpu1/thermal_throttle/";
  root.write(folder + "core_throttle_count", "5\n");
  root.write(folder + "package_throttle_count", "7\n");
  root.write("/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "0\n");
  ThrottleWatch watch(root.path(), {1});
  CHECK(watch.watches());
  CHECK(!watch.throttled_since());  // what was before does not count
  root.write("/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "1\n");
  CHECK(!watch.throttled_since());  // another core's
  root.write(folder + "package_throttle_count", "8\n");
  CHECK(watch.throttled_since());
  CHECK(!watch.throttled_since());
}

TEST_CASE("a Raspberry Pi's under-voltage alarm and firmware flags are throttling") {
  FakeRoot root;
  const std::string alarm = "/sys/class/hwmon/hwmon1/in0_lcrit_alarm";
  const std::string firmware = "/sys/devices/platform/soc/soc:firmware/get_throttled";
  root.write("/sys/class/hwmon/hwmon1/name", "rpi_volt\n");
  root.write(alarm, "0\n");
  root.write(firmware, "50000\n");  // under-voltage and throttling some time since the boot
  ThrottleWatch watch(root.path(), {0});
  CHECK(!watch.throttled_since());
  root.write(alarm, "1\n");
  CHECK(watch.throttled_since());
  root.write(alarm, "0\n");
  root.write(firmware, "50004\n");  // throttled now
  CHECK(watch.throttled_since());
  root.write(firmware, "50000\n");
  CHECK(!watch.throttled_since());
  root.write(firmware, "d0000\n");  // the soft limit was reached, and is over
  CHECK(watch.throttled_since());
  CHECK(!watch.throttled_since());
}

TEST_CASE("a cooling device that caps the clock is throttling, a fan is not") {
  FakeRoot root;
  root.write("/sys/class/thermal/cooling_device0/type", "pwm-fan\n");
  root.write("/sys/class/thermal/cooling_device0/cur_state", "3\n");
  root.write("/sys/class/thermal/cooling_device1/type", "cpufreq-cpu0\n");
  root.write("/sys/class/thermal/cooling_device1/cur_state", "0\n");
  ThrottleWatch watch(root.path(), {0});
  CHECK(!watch.throttled_since());
  root.write("/sys/class/thermal/cooling_device1/cur_state", "2\n");
  CHECK(watch.throttled_since());
}
