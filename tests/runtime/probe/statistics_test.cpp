#include "runtime/probe/statistics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace edgefront;

TEST_CASE("Student's t quantiles are those of the published tables") {
  // Abramowitz & Stegun, table 26.10 (three decimals).
  const struct {
    double p, degrees, value;
  } published[] = {{0.95, 1, 6.314},   {0.95, 2, 2.920},    {0.95, 5, 2.015},   {0.95, 10, 1.812},
                   {0.95, 30, 1.697},  {0.975, 1, 12.706},  {0.975, 2, 4.303},  {0.975, 3, 3.182},
                   {0.975, 5, 2.571},  {0.975, 10, 2.228},  {0.975, 20, 2.086}, {0.975, 30, 2.042},
                   {0.975, 60, 2.000}, {0.975, 120, 1.980}, {0.99, 4, 3.747},   {0.995, 10, 3.169},
                   {0.995, 40, 2.704}, {0.9995, 7, 5.408}};
  for (const auto& row : published) {
    CAPTURE(row.p);
    CAPTURE(row.degrees);
    CHECK(std::fabs(student_t_quantile(row.p, row.degrees) - row.value) < 6e-4);
  }
}

TEST_CASE("Student's t is symmetric and exact where it has a closed form") {
  for (const double p : {0.6, 0.9, 0.975, 0.9999}) {
    // One degree of freedom is Cauchy's distribution; two have t = (2p − 1)·√(2/(4p(1 − p))).
    const double cauchy = std::tan(std::acos(-1.0) * (p - 0.5));
    CHECK(student_t_quantile(p, 1) == doctest::Approx(cauchy).epsilon(1e-9));
    const double two = (2 * p - 1) * std::sqrt(2 / (4 * p * (1 - p)));
    CHECK(student_t_quantile(p, 2) == doctest::Approx(two).epsilon(1e-9));
    CHECK(student_t_quantile(1 - p, 7) == doctest::Approx(-student_t_quantile(p, 7)).epsilon(1e-9));
  }
  CHECK(student_t_quantile(0.5, 9) == 0);
  CHECK(student_t_quantile(0.975, 1e6) == doctest::Approx(1.959966).epsilon(1e-5));
}

TEST_CASE("the trimmed mean and its interval are those of a calculation by hand") {
  // n = 23, two cut at each end, 19 kept; interval from t(18) by numerical integration.
  const std::vector<double> times{12.1,  11.9,  12.4,  30.0,  12.0, 12.2,  11.8, 12.3,
                                  12.05, 12.15, 11.95, 12.25, 55.0, 12.1,  11.7, 12.35,
                                  12.0,  12.2,  12.1,  11.0,  12.5, 12.45, 12.02};
  const LatencyStatistics result = summarize(times, 7);
  CHECK(result.latency_us == doctest::Approx(12.148421052631576).epsilon(1e-12));
  CHECK(result.latency_low_us == doctest::Approx(12.026759808968967).epsilon(1e-9));
  CHECK(result.latency_high_us == doctest::Approx(12.270082296294186).epsilon(1e-9));
  CHECK(result.p50_us == doctest::Approx(12.1));
  CHECK(result.p95_us == doctest::Approx(28.25));
  CHECK(result.p99_us == doctest::Approx(49.5));
  CHECK(result.samples == 23);
  CHECK(result.rejected == 7);
  CHECK(relative_half_width(result) == doctest::Approx(0.12166124366 / 12.1484210526));
}

TEST_CASE("fewer than ten samples are not trimmed: the plain mean and its t interval") {
  // Mean 3, standard deviation √2.5, n = 5: 3 ± 2.7764451·√(2.5/5).
  const LatencyStatistics result = summarize({5, 1, 4, 2, 3}, 0);
  CHECK(result.latency_us == doctest::Approx(3));
  CHECK(result.latency_high_us == doctest::Approx(3 + 2.7764451052 * std::sqrt(0.5)));
}

TEST_CASE("up to a tenth of outliers at each end do not move the latency") {
  std::vector<double> times(80, 10.0);
  times.insert(times.end(), 10, 1e6);
  times.insert(times.end(), 10, 1e-3);
  const LatencyStatistics result = summarize(times, 0);
  CHECK(result.latency_us == 10.0);
  CHECK(result.latency_low_us == 10.0);
}

TEST_CASE("quantiles interpolate linearly between order statistics") {
  CHECK(quantile({3, 1, 2}, 0) == 1);
  CHECK(quantile({3, 1, 2}, 1) == 3);
  CHECK(quantile({4, 1, 3, 2}, 0.5) == doctest::Approx(2.5));
  CHECK(quantile({4, 1, 3, 2}, 0.25) == doctest::Approx(1.75));
  CHECK(quantile({7}, 0.3) == 7);
}
