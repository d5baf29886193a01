// A fake machine: a clock that only moves when it is told to, and sensor files that follow a known
// power over its time.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>

#include "runtime/probe/power_meter.h"
#include "tests/runtime/probe/fake_root.h"

namespace edgefront {

class FakeMachine {
 public:
  /// `power_w(time, working)`, with what the sensor holds since its last update, goes to `show`,
  /// which writes the files; called before the time is asked for, as that comes before any reading.
  explicit FakeMachine(std::function<double(double, bool)> power_w)
      : power_w_(std::move(power_w)) {}

  /// Moves time on in steps of at most 0.1 ms; the sensor updates every `update_s`.
  void advance(double seconds, bool working) {
    constexpr double kStep = 1e-4;
    for (double left = seconds; left > 1e-12;) {
      const double step = left < kStep ? left : kStep;
      energy_uj_ += power_w_(now_s_ + step / 2, working) * step * 1e6;
      last_power_w_ = power_w_(now_s_ + step / 2, working);
      now_s_ += step;
      left -= step;
      if (now_s_ >= next_update_s_) {
        next_update_s_ += update_s;
        shown_uj_ = energy_uj_;
        shown_w_ = last_power_w_;
        updated_ = true;
      }
    }
  }
  ProbeTime time() {
    const auto now_s = [this] {
      if (show && updated_) show(*this);
      updated_ = false;
      return now_s_;
    };
    return {now_s, [this](double seconds) { advance(seconds, false); }};
  }

  double now_s() const { return now_s_; }
  double energy_uj() const { return shown_uj_; }
  double power_w() const { return shown_w_; }

  FakeRoot root;
  double update_s = 1e-3;
  std::function<void(FakeMachine&)> show;

 private:
  std::function<double(double, bool)> power_w_;
  double now_s_ = 0, next_update_s_ = 0, energy_uj_ = 0, last_power_w_ = 0;
  bool updated_ = true;
  double shown_uj_ = 0, shown_w_ = 0;
};

/// Writes a RAPL package whose counter goes round at `range_uj`.
inline void show_rapl(FakeMachine& machine, double offset_uj, double range_uj) {
  const std::string zone = "/sys/class/powercap/intel-rapl:0/";
  if (machine.now_s() == 0) {
    machine.root.write(zone + "name", "package-0\n");
    machine.root.write(zone + "max_energy_range_uj",
                       std::to_string(static_cast<std::int64_t>(range_uj)) + "\n");
  }
  const double counted = std::fmod(offset_uj + machine.energy_uj(), range_uj);
  machine.root.write(zone + "energy_uj", std::to_string(static_cast<std::int64_t>(counted)) + "\n");
}

}  // namespace edgefront
