#include "costmodels/half_width.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace edgefront;

TEST_CASE("nine errors or more give the one that nine in ten fresh ones stay below") {
  CHECK(half_width_90({9, 1, 8, 2, 7, 3, 6, 4, 5}, 2) == 9);
  std::vector<double> errors;
  for (int i = 19; i > 0; --i) errors.push_back(i);
  CHECK(half_width_90(errors, 2) == 18);  // 18 of 20 places for a fresh one lie below
}

TEST_CASE("of fewer errors the largest counts, or Student's t where it is wider") {
  CHECK(half_width_90({1, 1, 1, 1, 10}, 2) == 10);
  CHECK(half_width_90({3, 3, 3, 3}, 2) == doctest::Approx(6));
}
