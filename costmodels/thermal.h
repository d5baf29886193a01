// Temperature under a load, and what a hot device does to latency: dT/dt = (T_ambient + R·P(t) −
// T)/τ, one thermal resistance and one time constant (Skadron et al. 2004, "Temperature-aware
// microarchitecture", reduced to one node), with a clock that falls where it is hot.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hwprofiles/device_profile.h"
#include "runtime/probe/soak.h"

namespace edgefront {

/// Clock over full clock: linear between the points of the curve, 1 below the first, and the last
/// one's above it. Without a curve always 1.
double frequency_factor(const ThermalConstants& constants, double temperature_c);

/// Power that holds from `time_s` to the next step's time.
struct PowerStep {
  double time_s = 0;
  double power_w = 0;
};

/// Temperature at each of `times_s`, which rise from the first step's time on, for a machine that
/// has `start_c` at the first step. The power is what the trace says, throttled or not. Runge and
/// Kutta's fourth order with steps of at most τ/50.
std::vector<double> temperatures(const ThermalConstants& constants, double start_c,
                                 std::span<const PowerStep> trace, std::span<const double> times_s);

/// Inference after inference without a pause. Throttling takes the part above idle down in
/// proportion to the clock: the voltage is taken to stay, which errs to the hot side.
struct ContinuousLoad {
  double power_w = 0;  ///< at full clock
  double idle_w = 0;   ///< of it what stays at any clock
};

/// Temperature after `seconds` under the load, throttled as the curve says.
double temperature_under_load(const ThermalConstants& constants, const ContinuousLoad& load,
                              double start_c, double seconds);

/// When a machine at `start_c` reaches throttle_c under the load; infinite if it never does.
double time_to_throttle_s(const ThermalConstants& constants, const ContinuousLoad& load,
                          double start_c);
/// When an idle machine at `start_c` has cooled to recover_c; infinite if it never does.
double recovery_time_s(const ThermalConstants& constants, double idle_w, double start_c);

/// P95 latency under the load, from the temperature of the idle machine on.
struct SustainedLatency {
  double minute1_us = 0, minute5_us = 0, minute30_us = 0;
  double time_to_throttle_s = 0;  ///< infinite: never
  double recovery_s = 0;          ///< after 30 minutes under the load; infinite: never
};
SustainedLatency sustained_latency(const ThermalConstants& constants, const ContinuousLoad& load,
                                   double p95_us);

/// One line of a heating trace.
struct ThermalSample {
  double time_s = 0;
  double temperature_c = 0;
  double power_w = 0;  ///< mean since the sample before; in units of the load's power where no
                       ///< sensor is, and R then is the rise that this load causes
};

/// Ambient temperature, R and τ of the trace by least squares: linear for a given τ, which is
/// searched for (variable projection, Golub and Pereyra 1973). A trace of one power only is taken
/// to begin at rest. Throws InputError for fewer than 10 samples, times that do not rise, and
/// traces that no time constant fits.
ThermalConstants fit_thermal(std::span<const ThermalSample> trace);

/// The temperature of a machine and the latency of one fixed network on it.
struct ClockSample {
  double temperature_c = 0;
  double latency_us = 0;
};

/// Curve, throttle_c and recover_c from a trace's heating and cooling parts: full clock is the
/// median latency of the coolest fifth of the heating part, and less than 0.97 of it is throttling.
/// An empty curve, where the two temperatures mean nothing, if the machine never throttled.
void fit_throttling(std::span<const ClockSample> heating, std::span<const ClockSample> cooling,
                    ThermalConstants& constants);

/// All constants of a soak (`edgefront-probe --soak`). `power_source` names what told its power;
/// where it is empty, the load counts as 1 in place of watts. Throws InputError for a soak without
/// temperatures or without one of its phases.
ThermalConstants thermal_of_soak(std::span<const SoakSample> soak, const std::string& power_source);

}  // namespace edgefront
