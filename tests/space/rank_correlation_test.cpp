#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "space/rank_correlation.h"

namespace edgefront {
namespace {

using Values = std::vector<double>;

TEST_CASE("equal and reversed orders give 1 and -1") {
  const Values a{1, 2, 3, 4}, same{10, 20, 40, 1000}, reversed{9, 5, 2, 1};
  CHECK(spearman(a, same) == doctest::Approx(1));
  CHECK(kendall_tau(a, same) == doctest::Approx(1));
  CHECK(spearman(a, reversed) == doctest::Approx(-1));
  CHECK(kendall_tau(a, reversed) == doctest::Approx(-1));
}

TEST_CASE("without ties Spearman is 1 - 6*sum(d^2)/(n(n^2-1))") {
  // IQ against hours of TV (the worked example of Wikipedia's article): d² sum to 194, n = 10.
  const Values iq{106, 100, 86, 101, 99, 103, 97, 113, 112, 110};
  const Values tv{7, 27, 2, 50, 28, 29, 20, 12, 6, 17};
  CHECK(spearman(iq, tv) == doctest::Approx(1.0 - 6 * 194.0 / (10 * 99)));
}

TEST_CASE("ties share their mean rank, and tau-b divides by the untied pairs") {
  // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5.
  const Values a{1, 2, 2, 3}, b{1, 2, 3, 4};
  CHECK(spearman(a, b) == doctest::Approx(4.5 / std::sqrt(4.5 * 5.0)));
  // 5 concordant pairs, one tied in a: 5/√(5·6).
  CHECK(kendall_tau(a, b) == doctest::Approx(5 / std::sqrt(30.0)));
}

TEST_CASE("a constant side or fewer than two values give 0") {
  const Values constant{2, 2, 2}, other{1, 2, 3}, one{1};
  CHECK(spearman(constant, other) == 0);
  CHECK(kendall_tau(constant, other) == 0);
  CHECK(spearman(one, one) == 0);
  CHECK(kendall_tau(one, one) == 0);
}

}  // namespace
}  // namespace edgefront
