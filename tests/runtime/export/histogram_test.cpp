#include "runtime/export/histogram.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "space/random.h"

using namespace edgefront;

namespace {

std::vector<float> gaussian(int count, std::uint64_t seed) {
  RandomStream random(seed, 0);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

/// Mean squared error of rounding to the nearest of the 256 levels, value by value.
double measured_error(const std::vector<float>& values, const Range& range) {
  const TensorQuantization q = quantization_of(range);
  double sum = 0;
  for (const float value : values) {
    const double level =
        std::clamp(std::nearbyint(value / double{q.scale}) + q.zero_point, -128.0, 127.0);
    const double error = value - q.scale * (level - q.zero_point);
    sum += error * error;
  }
  return sum / static_cast<double>(values.size());
}

double deviation(const std::vector<float>& values) {
  double squares = 0;
  for (const float value : values) squares += double{value} * value;
  return std::sqrt(squares / static_cast<double>(values.size()));
}

Range chosen(const std::vector<float>& values, RangeMethod method, double tail = 1e-4) {
  Histogram histogram;
  REQUIRE(histogram.add(values));
  QuantizeOptions options;
  options.range = method;
  options.percentile_tail = tail;
  return choose_range(histogram, options);
}

}  // namespace

TEST_CASE("quantization noise without clipping is 6.02 b + 4.77 - 20 log10(x_max/sigma) dB") {
  std::vector<std::vector<float>> signals(3, std::vector<float>(200000));
  RandomStream random(5, 0);
  signals[0] = gaussian(200000, 5);
  for (float& value : signals[1]) value = static_cast<float>(random.uniform() * 2 - 1);
  for (std::size_t i = 0; i < signals[2].size(); ++i) {
    signals[2][i] = static_cast<float>(std::sin(0.1234567 * static_cast<double>(i)));
  }
  for (std::vector<float>& signal : signals) {
    const Range seen = chosen(signal, RangeMethod::kMinMax);
    const double x_max = std::max(-seen.low, seen.high), sigma = deviation(signal);
    const double snr = 10 * std::log10(sigma * sigma / measured_error(signal, {-x_max, x_max}));
    // 255 steps instead of 256 cost 0.03 dB, and the exact zero makes one end half a step short,
    // which a sine feels most.
    CHECK(std::abs(snr - (6.02 * 8 + 4.77 - 20 * std::log10(x_max / sigma))) < 0.2);
  }
}

TEST_CASE("the squared-error range is as good as the best of a search over the values themselves") {
  std::vector<float> values = gaussian(100000, 9);
  values[17] = 7;  // one outlier, which min/max would spend most levels on
  const Range range = chosen(values, RangeMethod::kMse);
  const Range all = chosen(values, RangeMethod::kMinMax);
  CHECK(all.high == 7);
  double best = measured_error(values, all);
  for (double low = -5; low < -2; low += 0.25) {
    for (double high = 2; high <= 7; high += 0.25) {
      best = std::min(best, measured_error(values, {low, high}));
    }
  }
  CHECK(measured_error(values, range) < 1.05 * best);
  CHECK(measured_error(values, range) < 0.9 * measured_error(values, all));
}

TEST_CASE("the percentile range leaves the stated share beyond each end") {
  std::vector<float> values(10000);
  std::iota(values.begin(), values.end(), -4999.5f);
  const Range range = chosen(values, RangeMethod::kPercentile, 0.01);
  CHECK(range.high == doctest::Approx(4900).epsilon(0.001));
  CHECK(range.low == doctest::Approx(-4900).epsilon(0.001));
  const Range none = chosen(values, RangeMethod::kPercentile, 0);
  CHECK(none.high == doctest::Approx(4999.5).epsilon(0.001));
}

TEST_CASE("every range contains zero and zero is exact") {
  for (const RangeMethod method :
       {RangeMethod::kMinMax, RangeMethod::kPercentile, RangeMethod::kMse}) {
    for (const std::vector<float>& values :
         {std::vector<float>{2, 3, 4}, {-5, -4}, {0, 0, 7.3f}, {-1.7f, 0.4f}, {0, 0}}) {
      const Range range = chosen(values, method);
      CHECK(range.low <= 0);
      CHECK(range.high >= 0);
      const TensorQuantization q = quantization_of(range);
      CHECK(q.scale > 0);
      CHECK(q.zero_point >= -128);
      CHECK(q.zero_point <= 127);
    }
  }
  CHECK(quantization_of({0, 0}).scale == 1.0f);
  CHECK(quantization_of({0, 6}).zero_point == -128);
  CHECK(quantization_of({-6, 0}).zero_point == 127);
}

TEST_CASE("a histogram that grew counts what one with the final range counts") {
  const std::vector<float> values = gaussian(5000, 2);
  Histogram grown, direct;
  for (const float value : values) REQUIRE(grown.add(std::span(&value, 1)));
  REQUIRE(direct.add(values));
  CHECK(grown.total() == 5000);
  CHECK(grown.bin_width() == direct.bin_width());
  CHECK(grown.min() == direct.min());
  CHECK(grown.max() == direct.max());
  CHECK(grown.counts() == direct.counts());
}

TEST_CASE("values that are not finite are refused and not counted") {
  Histogram histogram;
  CHECK_FALSE(histogram.add(std::vector<float>{1, std::nanf(""), 2}));
  CHECK_FALSE(histogram.add(std::vector<float>{-std::numeric_limits<float>::infinity()}));
  CHECK(histogram.total() == 0);
  CHECK(histogram.add(std::vector<float>{std::numeric_limits<float>::max()}));
  CHECK(histogram.max() == double{std::numeric_limits<float>::max()});
}
