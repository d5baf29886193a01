// What a profile tells of each network besides layers and memory: the spread of its times, the
// power it takes and how fast it stays on a hot device. Small functions of the cost so far.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "costmodels/cost_model.h"
#include "hwprofiles/device_profile.h"

namespace edgefront {

/// P95 latency over the latency at full clock after 30 minutes of one inference after the other, by
/// the power that these take: the thermal model (thermal.h) as a table, as a search asks for
/// millions.
class SustainedSlowdown {
 public:
  explicit SustainedSlowdown(const ThermalConstants& constants);
  /// 1 where the device does not throttle.
  double at(double power_w) const;

 private:
  double first_w_ = 0, stride_w_ = 1;
  std::vector<double> values_;
};

struct DeviceTerms {
  /// Median of P95 over latency of the whole networks of a setting; absent without any.
  std::optional<double> p95_ratio;
  double idle_w = 0;  ///< what measured energies leave out
  std::optional<SustainedSlowdown> slowdown;
  double load_w = 1;      ///< power that heats the device where the network's is not known
  bool in_watts = false;  ///< false: no sensor told the power of the thermal constants
};

DeviceTerms device_terms(const DeviceProfile& profile, const std::string& space_digest,
                         Precision precision, int threads, const std::string& kernel_set);

/// Fills latency_p95_us, latency_sustained_us and power_w of `cost`, whose latency and energy must
/// stand; what the profile does not tell stays absent.
void add_device_terms(const DeviceTerms& terms, NetworkCost& cost);

/// Watts and joules do not add: the mean power of one inference per period is its energy over the
/// period, and idle power for all of it where the energy is above idle. A period shorter than the
/// latency is the latency.
double mean_power_w(double energy_uj, double latency_us, double period_us, double idle_w);

}  // namespace edgefront
