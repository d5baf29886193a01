#include "runtime/probe/statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

namespace edgefront {
namespace {

constexpr double kTrim = 0.10;  // cut at each end

// Quantile of sorted values (Hyndman & Fan 1996, type 7).
double sorted_quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const std::size_t below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double share = position - static_cast<double>(below);
  return sorted[below] + share * (sorted[above] - sorted[below]);
}

// Continued fraction of the incomplete beta function (DLMF 8.17.22), evaluated by the modified
// Lentz method. Converges fast for x < (a + 1)/(a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr double kPrecise = 1e-15;
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::fabs(d) < kTiny ? kTiny : d);
  double value = d;
  for (int m = 1; m <= 1000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double term : {even, odd}) {
      d = 1 + term * d;
      d = 1 / (std::fabs(d) < kTiny ? kTiny : d);
      c = 1 + term / c;
      if (std::fabs(c) < kTiny) c = kTiny;
      change = d * c;
      value *= change;
    }
    if (std::fabs(change - 1) < kPrecise) break;
  }
  return value;
}

// Regularised incomplete beta function I_x(a, b).
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

// P(T > t) for t ≥ 0.
double student_t_tail(double t, double degrees) {
  return 0.5 * incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

}  // namespace

double quantile(std::vector<double> values, double q) {
  assert(!values.empty() && q >= 0 && q <= 1);
  std::sort(values.begin(), values.end());
  return sorted_quantile(values, q);
}

double student_t_quantile(double p, double degrees) {
  assert(p > 0 && p < 1 && degrees >= 1);
  if (p == 0.5) return 0;
  if (p < 0.5) return -student_t_quantile(1 - p, degrees);
  // The tail is monotone: double until it is bracketed, then halve to the last bits.
  double low = 0, high = 1;
  while (student_t_tail(high, degrees) > 1 - p) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-14 * high; ++i) {
    const double middle = (low + high) / 2;
    (student_t_tail(middle, degrees) > 1 - p ? low : high) = middle;
  }
  return (low + high) / 2;
}

LatencyStatistics summarize(std::vector<double> samples_us, int rejected) {
  assert(samples_us.size() >= 5);
  std::sort(samples_us.begin(), samples_us.end());
  const std::size_t n = samples_us.size();
  const std::size_t cut = static_cast<std::size_t>(kTrim * static_cast<double>(n));
  const double kept = static_cast<double>(n - 2 * cut);

  double sum = 0;
  for (std::size_t i = cut; i < n - cut; ++i) sum += samples_us[i];
  const double trimmed = sum / kept;

  // Winsorized: what is cut off counts as the nearest value that is kept. Yuen's standard error is
  // sqrt(SSD_w / (h·(h − 1))), with h values kept and h − 1 degrees of freedom.
  const auto winsorized = [&](std::size_t i) {
    return samples_us[std::clamp(i, cut, n - cut - 1)];
  };
  double mean = 0;
  for (std::size_t i = 0; i < n; ++i) mean += winsorized(i);
  mean /= static_cast<double>(n);
  double squares = 0;
  for (std::size_t i = 0; i < n; ++i) squares += (winsorized(i) - mean) * (winsorized(i) - mean);
  const double standard_error = std::sqrt(squares / (kept * (kept - 1)));
  const double half_width = student_t_quantile(0.975, kept - 1) * standard_error;

  LatencyStatistics result;
  result.latency_us = trimmed;
  result.latency_low_us = trimmed - half_width;
  result.latency_high_us = trimmed + half_width;
  result.p50_us = sorted_quantile(samples_us, 0.50);
  result.p95_us = sorted_quantile(samples_us, 0.95);
  result.p99_us = sorted_quantile(samples_us, 0.99);
  result.samples = static_cast<int>(n);
  result.rejected = rejected;
  return result;
}

double relative_half_width(const LatencyStatistics& statistics) {
  return (statistics.latency_high_us - statistics.latency_low_us) / 2 / statistics.latency_us;
}

}  // namespace edgefront
