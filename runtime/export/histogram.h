// What values a tensor takes, gathered in one pass over data of unknown range, and the clipping
// range that is chosen from it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/export/quantize.h"

namespace edgefront {

/// A range of real values that contains 0.
struct Range {
  double low = 0, high = 0;
};

/// Symmetric around 0; the limit is a power of two and doubles, merging bins in pairs, when a value
/// exceeds it. Zeros are counted apart: they are represented exactly whatever the range is.
class Histogram {
 public:
  static constexpr int kBins = 8192;

  /// False (and nothing counted) if a value is not finite.
  bool add(std::span<const float> values);

  std::int64_t total() const { return total_; }
  std::int64_t zeros() const { return zeros_; }
  double min() const { return min_; }  ///< of all values seen; 0 before the first
  double max() const { return max_; }
  double bin_width() const { return 2 * limit_ / kBins; }
  double bin_center(int bin) const { return -limit_ + (bin + 0.5) * bin_width(); }
  /// Without the zeros. Empty before the first value.
  const std::vector<std::int64_t>& counts() const { return counts_; }

 private:
  void grow_to(double magnitude);

  std::vector<std::int64_t> counts_;
  double limit_ = 0, min_ = 0, max_ = 0;
  std::int64_t total_ = 0, zeros_ = 0;
};

/// The clipping range for 256 levels; always contains 0 and lies within the values seen.
/// kPercentile leaves at most `percentile_tail` of all values beyond each end. kMse minimises
/// (values inside)·step²/12 + Σ(distance to the range)² over a grid of both ends.
Range choose_range(const Histogram& histogram, const QuantizeOptions& options);

/// Asymmetric int8 for a range that contains 0: scale = (high − low)/255, and the zero point that
/// makes 0 exact. An empty range gives scale 1.
TensorQuantization quantization_of(const Range& range);

}  // namespace edgefront
