// Do two samples come from the same distribution? Without assuming a shape of it.
#pragma once

#include <span>

namespace edgefront {

struct MannWhitney {
  double u = 0;  ///< pairs in which the first sample's value is larger, ties count half
  double p = 1;  ///< two-sided
  /// Chance that a value of the first sample is larger than one of the second, ties half (Vargha &
  /// Delaney 2000); 0.5: no difference.
  double effect = 0.5;
  bool exact = false;  ///< p is exact, not by the normal approximation
};

/// The U test of Mann & Whitney (1947). Exact, by their recurrence, for samples of at most 50
/// without ties; else the normal approximation with continuity correction and the variance
/// corrected for ties (Lehmann 1975, §1.4). Neither sample holds NaN; p is 1 where one is empty.
MannWhitney mann_whitney(std::span<const double> first, std::span<const double> second);

}  // namespace edgefront
