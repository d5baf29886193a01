#include "experiments/commands/clock_levels.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace edgefront;

namespace {

constexpr double kNoBudget = std::numeric_limits<double>::infinity();

DeviceProfile board() {
  DeviceProfile profile;
  profile.frequency_points = {{600'000, -1, 300, 1, 0.5}, {1'200'000, -1, 150, 3, 0.5}};
  return profile;
}

}  // namespace

TEST_CASE("latencies belong to the level nearest to the profile's clock, else the highest") {
  DeviceProfile profile = board();
  CHECK(measured_level(profile) == 1);
  profile.state.clock_mhz = 700;
  CHECK(measured_level(profile) == 0);
}

TEST_CASE("levels are listed with the best, the fastest and the slowest that hold") {
  const DeviceProfile profile = board();
  CHECK(clock_level_lines(DeviceProfile(), 100, 0, kNoBudget).empty());
  const auto lines = clock_level_lines(profile, 100, 0, kNoBudget);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "  600 MHz: 200.0 us, 200.0 uJ, 1.000 W");
  CHECK(lines[1] == "  1200 MHz: 100.0 us, 300.0 uJ, 3.000 W");
  CHECK(lines[2] ==
        "clock levels: least energy at 600 MHz (200.0 uJ); race to idle at 1200 MHz (300.0 uJ), "
        "slow and steady at 600 MHz (200.0 uJ)");
  const auto tight = clock_level_lines(profile, 100, 0, 150);
  CHECK(tight[0] == "  600 MHz: 200.0 us, 200.0 uJ, 1.000 W  (too slow)");
  CHECK(tight[2].find("least energy at 1200 MHz") != std::string::npos);
  CHECK(clock_level_lines(profile, 100, 0, 50).back() ==
        "clock levels: none holds the budget and the period");
}

TEST_CASE("levels of unknown power say so") {
  DeviceProfile profile = board();
  profile.frequency_points[0].power_w = -1;
  const auto lines = clock_level_lines(profile, 100, 0, kNoBudget);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("600 MHz: its power is unknown") != std::string::npos);
}
