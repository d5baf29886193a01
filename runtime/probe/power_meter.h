// Energy over time from a power source, and what work takes above the idle machine. Time is given
// by the caller, so that tests need none.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "runtime/probe/power_source.h"
#include "runtime/status.h"

namespace edgefront {

/// The sensor as of one of its updates.
struct PowerUpdate {
  double time_s = 0;
  double energy_uj = 0;  ///< since the meter was started
};

/// Follows one source. Counters and gauges are differenced from reading to reading, so that any
/// number of wrap-arounds is understood as long as each lies between two readings; power is
/// integrated by trapezoids.
class PowerMeter {
 public:
  explicit PowerMeter(PowerSource source);
  /// Forgets all updates and reads once.
  Status start(double now_s);
  /// Reads where that is due, poll_interval_s() after the last reading. `*updated` tells whether
  /// there is a new update: a counter that stands still gives none.
  Status poll(double now_s, bool* updated);
  /// The first one is the origin: a counter's first step, or the first power that was read.
  const std::vector<PowerUpdate>& updates() const { return updates_; }
  const PowerSource& source() const { return source_; }
  /// Power is read once per update of the sensor. Slow counters are read more often, as the time of
  /// their steps matters; fast ones less often, as reading takes the machine's time.
  double poll_interval_s() const;

 private:
  bool read(std::vector<double>* values) const;
  bool counts() const;

  PowerSource source_;
  std::vector<double> last_;  // per channel
  double last_read_s_ = 0, energy_uj_ = 0;
  std::vector<PowerUpdate> updates_;
};

/// Mean power between the first and the last update with its 95 % interval, by the method of batch
/// means (ten batches; neighbouring updates are not independent, batches nearly are).
struct PowerEstimate {
  double power_w = 0, low_w = 0, high_w = 0;
  double standard_error_w = 0;  ///< with 9 degrees of freedom
  double seconds = 0;
  int updates = 0;
};
/// Needs 20 updates whose times rise.
PowerEstimate mean_power(const std::vector<PowerUpdate>& updates);

/// The time, and what is done while nothing is done; a fake one in tests.
struct ProbeTime {
  std::function<double()> now_s;
  std::function<void(double)> sleep_s;
};
ProbeTime real_time();

struct EnergyOptions {
  int min_updates = 100;    ///< of the sensor, per window
  double max_seconds = 60;  ///< per window; a sensor too slow for that is an error
  int max_rejected = 5;     ///< windows spoilt by throttling that are repeated
};

/// Work as a window of at least `min_updates` measured it. Intervals are 95 %.
struct EnergyMeasurement {
  double energy_uj = 0, energy_low_uj = 0, energy_high_uj = 0;  ///< per piece of work, above idle
  double power_w = 0;                                           ///< while working, idle included
  double idle_w = 0;                                            ///< what was subtracted
  double latency_us = 0;  ///< mean of what the pieces of work said that they took
  int updates = 0;
  int rejected = 0;  ///< windows repeated because the machine was throttled meanwhile
};

/// Power of the machine that does nothing. Environment error where the sensor fails or stands
/// still.
Status measure_idle(PowerMeter* meter, const ProbeTime& time, const EnergyOptions& options,
                    PowerEstimate* out);

/// Repeats `work` until the sensor has updated often enough; each call returns the time of one
/// piece of work in µs, which may leave out what is not part of it but takes the same power (the
/// writing of inputs). `throttled_since` tells whether the
/// machine was throttled since it was last asked; may be empty.
Status measure_energy(PowerMeter* meter, const ProbeTime& time, const EnergyOptions& options,
                      const PowerEstimate& idle, const std::function<double()>& work,
                      const std::function<bool()>& throttled_since, EnergyMeasurement* out);

}  // namespace edgefront
