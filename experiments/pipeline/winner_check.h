// After a search under a latency budget: its winners are measured on the device, by a probe that is
// started anew for each round, and who is over the budget is dropped (budget_check.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "experiments/pipeline/budget_check.h"
#include "hwprofiles/device_profile.h"
#include "hwprofiles/measuring_device.h"

namespace edgefront {

struct WinnerCheckOptions {
  /// A command that speaks the lines of the probe, e.g. "ssh pi@board ./edgefront-probe -".
  std::string probe;
  double pause_s = 2;  ///< between rounds, so that they meet the machine in different states
  /// Of the machine when it was profiled; −1: unknown. Filled by check_winners. A round after which
  /// the machine is more than 5 % slower is repeated once.
  double reference_kernel_us = -1;
  std::function<void(const std::string&)> note = {};  ///< lines for people
  std::function<void(const std::string& stage, std::int64_t done, std::int64_t total)> progress =
      {};
};

/// The probe that lies beside the running program, as a command; empty where none does.
std::string probe_beside_program();

/// True where what `probe` starts is the device that `profile` was measured on; else `why` says
/// what differs. Throws EnvironmentError where no probe answers.
bool is_profiled_device(const std::string& probe, const DeviceProfile& profile, std::string* why);

/// One round: starts a probe, waits for a quiet moment, calls `time_all` with the protocol of 200
/// invocations, and repeats that where the machine was disturbed meanwhile.
using TimeAll =
    std::function<std::vector<LatencyStatistics>(MeasuringDevice&, const ProtocolOptions&)>;
BudgetRound measure_round(const WinnerCheckOptions& options, int round, const TimeAll& time_all);

/// The same for networks, interleaved.
BudgetRound measure_round(const WinnerCheckOptions& options,
                          const std::vector<MeasuringDevice::Network>& networks,
                          const std::string& kernel_set, int threads, int round);

struct WinnerCheck {
  bool checked = false;  ///< false: no latency budget, or the device is not at hand
  int kept = 0, dropped = 0;
};

/// Checks the members of a run's front that were not measured yet, and writes front.json and
/// front.csv. Of an experiment with budgets on several devices the first is checked. Throws
/// InputError, and EnvironmentError (no probe, a cut line): then the front is as it was.
WinnerCheck check_winners(const std::string& run_folder, const WinnerCheckOptions& options);

}  // namespace edgefront
