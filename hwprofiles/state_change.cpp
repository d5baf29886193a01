#include "hwprofiles/state_change.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <thread>

namespace edgefront {
namespace {

constexpr int kLooks = 6;
constexpr std::chrono::milliseconds kQuietPause{20}, kPause{50};

}  // namespace

DeviceState describe_quiet_state(MeasuringDevice& device) {
  DeviceState quiet = device.state();
  if (device.remote()) return quiet;  // each look is a round trip, and boards are quiet
  for (int look = 1; look < kLooks; ++look) {
    std::this_thread::sleep_for(kQuietPause);
    quiet = quieter(quiet, device.state());
  }
  return quiet;
}

DeviceState quieter(const DeviceState& a, const DeviceState& b) {
  if (b.reference_kernel_us <= 0) return a;
  return a.reference_kernel_us <= 0 || b.reference_kernel_us < a.reference_kernel_us ? b : a;
}

std::string lasting_change(double then_us, double tolerance, int looks,
                           const std::function<double()>& now_us) {
  if (then_us <= 0) return "";
  double nearest = 0;
  for (int look = 0; look < looks; ++look) {
    const double now = now_us();
    const double change = now / then_us - 1;
    if (now <= 0 || std::abs(change) <= tolerance) return "";
    if (look > 0 && (change > 0) != (nearest > then_us)) return "";
    const bool nearer = std::abs(now - then_us) < std::abs(nearest - then_us);
    if (look == 0 || nearer) nearest = now;
  }
  char line[320];
  std::snprintf(line, sizeof line,
                "the device runs the reference kernel in %.2f us now and ran it in %.2f us when it "
                "was profiled: expect measured latencies about %.0f %% %s than predicted",
                nearest, then_us, 100 * std::abs(nearest / then_us - 1),
                nearest > then_us ? "higher" : "lower");
  return line;
}

std::string state_change(const DeviceProfile& profile, MeasuringDevice& device, double tolerance) {
  bool first = true;
  return lasting_change(profile.state.reference_kernel_us, tolerance, kLooks, [&] {
    if (!first) std::this_thread::sleep_for(kPause);
    first = false;
    return device.state().reference_kernel_us;
  });
}

std::string state_change(const DeviceProfile& profile, double tolerance) {
  MeasuringDevice here;
  return state_change(profile, here, tolerance);
}

}  // namespace edgefront
