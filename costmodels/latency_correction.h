// From the sum of a network's layers to its latency with an interval: the one place where that is
// done, for one network (table_cost_model.cpp) and for a million (compiled_costs.cpp).
#pragma once

#include <algorithm>

#include "costmodels/cost_model.h"
#include "costmodels/roofline.h"
#include "hwprofiles/device_profile.h"

namespace edgefront {

/// The name among a calibration's terms of what a MiB of packed weights adds to its layer, in µs
/// before the slope.
inline constexpr char kUsPerWeightMib[] = "us_per_weight_mib";

/// Of one block or network. Added up block by block, so that a table of blocks gives the same bits.
struct LatencySums {
  double us = 0;           ///< all layers
  double analytic_us = 0;  ///< those that the roofline stood in for
  double measured_uj = 0;  ///< energies that a sensor told; NaN where one layer's was not
};

/// What a device's sums are corrected by. As it is: nothing was calibrated.
struct LatencyCorrection {
  double slope = 1, intercept_us = 0;
  double relative_half_width = 0.35;  ///< the range by which plain sums were seen to miss
  bool calibrated = false;
  double us_per_weight_mib = 0;  ///< is in the sums already (table_us)
};

/// `calibration` may be null.
inline LatencyCorrection correction_of(const Calibration* calibration) {
  if (calibration == nullptr) return {};
  const auto term = calibration->terms.find(kUsPerWeightMib);
  return {calibration->slope, calibration->intercept_us, calibration->relative_half_width_90, true,
          term != calibration->terms.end() ? term->second : 0};
}

/// A negative correction must not make anything free.
constexpr double kSmallestShareOfSum = 0.1;

/// A layer's time in the sum: that of the table, and what its weights add.
inline double table_us(const LatencyCorrection& correction, double entry_us, double weights_mib) {
  return std::max(entry_us + correction.us_per_weight_mib * weights_mib,
                  kSmallestShareOfSum * entry_us);
}

inline double corrected_us(const LatencyCorrection& correction, double sum_us) {
  return std::max(correction.slope * sum_us + correction.intercept_us,
                  kSmallestShareOfSum * sum_us);
}

/// Fills latency, interval, analytic share and `calibrated` of `cost`.
inline void correct_latency(const LatencyCorrection& correction, const LatencySums& sums,
                            NetworkCost& cost) {
  cost.calibrated = correction.calibrated;
  cost.latency_us = corrected_us(correction, sums.us);
  cost.analytic_share = sums.us > 0 ? sums.analytic_us / sums.us : 0;
  const double analytic_us = cost.analytic_share * cost.latency_us;
  const double table_us = cost.latency_us - analytic_us;
  const double half_width = correction.relative_half_width;
  cost.latency_low_us = table_us * std::max(1 - half_width, 0.0) + analytic_us * kRooflineLow;
  cost.latency_high_us = table_us * (1 + half_width) + analytic_us * kRooflineHigh;
}

}  // namespace edgefront
