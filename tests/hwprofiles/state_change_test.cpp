#include "hwprofiles/state_change.h"

#include <doctest/doctest.h>

#include <vector>

namespace edgefront {
namespace {

/// lasting_change against 10 µs within 5 %, over the looks given.
std::string change_over(const std::vector<double>& looks, int* taken = nullptr) {
  std::size_t next = 0;
  std::string line =
      lasting_change(10, 0.05, static_cast<int>(looks.size()), [&] { return looks.at(next++); });
  if (taken != nullptr) *taken = static_cast<int>(next);
  return line;
}

TEST_CASE("a moment's load is no change, and the look that shows it is the last") {
  int taken = 0;
  CHECK(change_over({30, 12, 10.2, 30}, &taken).empty());
  CHECK(taken == 3);
  CHECK(change_over({9.8, 30}, &taken).empty());
  CHECK(taken == 1);
  CHECK(change_over({30, 8, 30}).empty());  // neither slower nor faster all the time
}

TEST_CASE("a lasting change has the size of the look nearest to the profile") {
  CHECK(change_over({30, 12, 20}) ==
        "the device runs the reference kernel in 12.00 us now and ran it in 10.00 us when it was "
        "profiled: expect measured latencies about 20 % higher than predicted");
  CHECK(change_over({5, 8, 7}).find("about 20 % lower than predicted") != std::string::npos);
}

TEST_CASE("what is not known is no change") {
  CHECK(lasting_change(-1, 0.05, 3, [] { return 5.0; }).empty());
  CHECK(change_over({-1, 30}).empty());
}

TEST_CASE("the quieter of two states has the faster reference kernel, where it has one") {
  const auto state = [](double reference_kernel_us, double load) {
    DeviceState s;
    s.reference_kernel_us = reference_kernel_us;
    s.load_1min = load;
    return s;
  };
  CHECK(quieter(state(5, 1), state(4, 2)).load_1min == 2);
  CHECK(quieter(state(4, 1), state(5, 2)).load_1min == 1);
  CHECK(quieter(state(4, 1), state(-1, 2)).load_1min == 1);
  CHECK(quieter(state(-1, 1), state(5, 2)).load_1min == 2);
}

TEST_CASE("this machine is compared with its profile") {
  DeviceProfile profile;
  CHECK(state_change(profile).empty());  // the profile does not know
  profile.state.reference_kernel_us = 1e-6;
  CHECK(state_change(profile).find("higher than predicted") != std::string::npos);
  profile.state.reference_kernel_us = 1e9;
  CHECK(state_change(profile, 2.0).empty());
  MeasuringDevice here;
  CHECK(describe_quiet_state(here).reference_kernel_us > 0);
}

}  // namespace
}  // namespace edgefront
