// The one latency statistic (design 5.5) and its interval.
#pragma once

#include <vector>

namespace edgefront {

/// Of one series of single-invocation times in µs. `latency_us` is the 10 %-trimmed mean (10 % cut
/// at each end); the 95 % interval is Student's t on Yuen's winsorized standard error (Yuen 1974).
struct LatencyStatistics {
  double latency_us = 0;
  double latency_low_us = 0, latency_high_us = 0;  ///< 95 % interval of the trimmed mean
  double p50_us = 0, p95_us = 0, p99_us = 0;
  int samples = 0;
  int rejected = 0;  ///< repeated because the reference kernel saw a disturbance
};

/// `samples_us` needs at least 5 finite positive values; order does not matter.
LatencyStatistics summarize(std::vector<double> samples_us, int rejected);

/// Linear-interpolated quantile of unsorted values, q in [0, 1].
double quantile(std::vector<double> values, double q);

/// Half-width of the 95 % interval as a share of the latency.
double relative_half_width(const LatencyStatistics& statistics);

/// The value that Student's t with `degrees` ≥ 1 degrees of freedom stays below with probability
/// `p` in (0, 1).
double student_t_quantile(double p, double degrees);

}  // namespace edgefront
