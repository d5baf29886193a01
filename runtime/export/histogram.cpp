#include "runtime/export/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgefront {
namespace {

/// Prefix sums of n, n·x and n·x² over the bins, so that the cost of a range takes constant time.
class ClippingCost {
 public:
  explicit ClippingCost(const Histogram& histogram) : histogram_(histogram) {
    const std::vector<std::int64_t>& counts = histogram.counts();
    sum0_.assign(counts.size() + 1, 0);
    sum1_ = sum2_ = sum0_;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const double x = histogram.bin_center(static_cast<int>(i));
      const double n = static_cast<double>(counts[i]);
      sum0_[i + 1] = sum0_[i] + n;
      sum1_[i + 1] = sum1_[i] + n * x;
      sum2_[i + 1] = sum2_[i] + n * x * x;
    }
  }

  double operator()(const Range& range) const {
    const int below = bins_below(range.low), inside_end = bins_below(range.high);
    const int end = static_cast<int>(sum0_.size()) - 1;
    const double step = (range.high - range.low) / 255;
    return (sum0_[inside_end] - sum0_[below]) * step * step / 12 + distance(0, below, range.low) +
           distance(inside_end, end, range.high);
  }

 private:
  int bins_below(double x) const {
    const double position = (x - histogram_.bin_center(0)) / histogram_.bin_width() + 0.5;
    return static_cast<int>(std::clamp(position, 0.0, double{Histogram::kBins}));
  }
  double distance(int first, int last, double x) const {
    const double n = sum0_[last] - sum0_[first];
    const double sum = sum1_[last] - sum1_[first];
    const double squares = sum2_[last] - sum2_[first];
    return std::max(0.0, squares - 2 * x * sum + n * x * x);
  }

  const Histogram& histogram_;
  std::vector<double> sum0_, sum1_, sum2_;
};

Range mse_range(const Histogram& histogram, const Range& seen) {
  constexpr int kSteps = 128;
  const ClippingCost cost(histogram);
  Range best = seen;
  double best_cost = cost(seen);
  for (int i = seen.low < 0 ? 1 : kSteps; i <= kSteps; ++i) {
    for (int j = seen.high > 0 ? 1 : kSteps; j <= kSteps; ++j) {
      const Range range{seen.low * i / kSteps, seen.high * j / kSteps};
      const double c = cost(range);
      if (c < best_cost) {
        best_cost = c;
        best = range;
      }
    }
  }
  return best;
}

Range percentile_range(const Histogram& histogram, const Range& seen, double tail) {
  const std::vector<std::int64_t>& counts = histogram.counts();
  const double allowed = tail * static_cast<double>(histogram.total());
  const double half = histogram.bin_width() / 2;
  Range range{0, 0};
  std::int64_t beyond = 0;
  for (int i = Histogram::kBins - 1; i >= Histogram::kBins / 2; --i) {
    beyond += counts[i];
    if (static_cast<double>(beyond) > allowed) {
      range.high = std::min(seen.high, histogram.bin_center(i) + half);
      break;
    }
  }
  beyond = 0;
  for (int i = 0; i < Histogram::kBins / 2; ++i) {
    beyond += counts[i];
    if (static_cast<double>(beyond) > allowed) {
      range.low = std::max(seen.low, histogram.bin_center(i) - half);
      break;
    }
  }
  return range;
}

}  // namespace

bool Histogram::add(std::span<const float> values) {
  if (values.empty()) return true;
  float low = values[0], high = values[0];
  bool finite = true;
  for (const float value : values) {
    finite &= std::abs(value) <= std::numeric_limits<float>::max();
    low = value < low ? value : low;
    high = value > high ? value : high;
  }
  if (!finite) return false;
  min_ = total_ == 0 ? low : std::min(min_, double{low});
  max_ = total_ == 0 ? high : std::max(max_, double{high});
  grow_to(std::max(std::abs(double{low}), std::abs(double{high})));
  const double per_unit = kBins / (2 * limit_);
  std::int64_t zeros = 0;
  for (const float value : values) {
    if (value == 0) {
      ++zeros;
      continue;
    }
    const int bin = static_cast<int>((value + limit_) * per_unit);
    ++counts_[std::min(bin, kBins - 1)];
  }
  zeros_ += zeros;
  total_ += static_cast<std::int64_t>(values.size());
  return true;
}

void Histogram::grow_to(double magnitude) {
  if (counts_.empty()) {
    counts_.assign(kBins, 0);
    limit_ = std::ldexp(1.0, -20);
  }
  while (magnitude > limit_) {
    std::vector<std::int64_t> merged(kBins, 0);
    for (int i = 0; i < kBins; ++i) merged[kBins / 4 + i / 2] += counts_[i];
    counts_.swap(merged);
    limit_ *= 2;
  }
}

Range choose_range(const Histogram& histogram, const QuantizeOptions& options) {
  const Range seen{std::min(0.0, histogram.min()), std::max(0.0, histogram.max())};
  if (histogram.total() == histogram.zeros()) return {0, 0};
  switch (options.range) {
    case RangeMethod::kMinMax:
      return seen;
    case RangeMethod::kPercentile:
      return percentile_range(histogram, seen, options.percentile_tail);
    case RangeMethod::kMse:
      return mse_range(histogram, seen);
  }
  return seen;
}

TensorQuantization quantization_of(const Range& range) {
  const float scale = static_cast<float>((range.high - range.low) / 255);
  // Subnormal scales would make multipliers infinite; such a tensor is zero for all purposes.
  if (!(scale >= 1e-30f)) return {1.0f, 0};
  const double zero = std::nearbyint(-128 - range.low / double{scale});
  return {scale, static_cast<std::int32_t>(std::clamp(zero, -128.0, 127.0))};
}

}  // namespace edgefront
