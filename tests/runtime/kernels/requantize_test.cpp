#include "runtime/kernels/requantize.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/runtime/kernels/kernel_cases.h"

namespace edgefront {
namespace {

using kernel_cases::Random;

/// Round half to even without the floating-point environment.
double round_half_even(double x) {
  const double below = std::floor(x);
  const double fraction = x - below;
  if (fraction != 0.5) return fraction < 0.5 ? below : below + 1;
  return std::fmod(below, 2) == 0 ? below : below + 1;
}

/// Every binary32 operation as: exact in double (24-bit products fit in 53), then one rounding.
std::int32_t oracle(std::int32_t accumulator, float multiplier, std::int32_t zero_point,
                    std::int32_t qmin, std::int32_t qmax) {
  const double value = static_cast<float>(static_cast<double>(accumulator));
  const double scaled = static_cast<float>(value * static_cast<double>(multiplier));
  const double clamped = std::clamp(scaled, static_cast<double>(qmin - zero_point),
                                    static_cast<double>(qmax - zero_point));
  return static_cast<std::int32_t>(round_half_even(clamped)) + zero_point;
}

TEST_CASE("requantization equals exact arithmetic rounded once per operation") {
  Random random{1};
  int wrong = 0;
  for (int i = 0; i < 200000; ++i) {
    const int bits = random.between(1, 31);
    const auto accumulator =
        static_cast<std::int32_t>(random.next() >> (64 - bits)) * (random.chance(0.5) ? 1 : -1);
    const float multiplier = static_cast<float>(std::ldexp(0.5 + random.unit() / 2, 8 - bits));
    const std::int32_t zero_point = random.between(-128, 127);
    const std::int32_t qmin = random.between(-128, 127);
    const std::int32_t qmax = random.between(qmin, 127);
    wrong += requantize(accumulator, multiplier, zero_point, qmin, qmax) !=
             oracle(accumulator, multiplier, zero_point, qmin, qmax);
  }
  CHECK(wrong == 0);
}

TEST_CASE("ties round to even on both sides of zero") {
  const float half = 0.5f;
  const std::int32_t expected[] = {-4, -3, -2, -2, -2, -1, 0, 0, 0, 1, 2, 2, 2, 3, 4};
  for (int accumulator = -7; accumulator <= 7; ++accumulator) {
    CHECK(requantize(accumulator, half, 0, -128, 127) == expected[accumulator + 7]);
  }
}

TEST_CASE("the clamp comes before the conversion, so no accumulator is too large") {
  const std::int32_t largest = std::numeric_limits<std::int32_t>::max();
  const std::int32_t smallest = std::numeric_limits<std::int32_t>::min();
  for (const float multiplier : {1.0f, 1e30f, std::numeric_limits<float>::infinity()}) {
    CHECK(requantize(largest, multiplier, -128, -128, 127) == 127);
    CHECK(requantize(smallest, multiplier, 127, -128, 127) == -128);
    CHECK(requantize(largest, multiplier, 3, -5, 6) == 6);
    CHECK(requantize(smallest, multiplier, 3, -5, 6) == -5);
  }
}

TEST_CASE("relu6 as a clamp equals clamping the unclamped result") {
  Random random{2};
  for (int i = 0; i < 20000; ++i) {
    const std::int32_t accumulator = random.between(-40000, 40000);
    const std::int32_t zero_point = random.between(-128, 100);
    const std::int32_t top = random.between(zero_point, 127);
    const std::int32_t wide = requantize(accumulator, 0.01f, zero_point, -128, 127);
    const std::int32_t fused = requantize(accumulator, 0.01f, zero_point, zero_point, top);
    REQUIRE(fused == std::clamp(wide, zero_point, top));
  }
}

TEST_CASE("a residual sum rounds both products and the sum, each once") {
  Random random{3};
  int wrong = 0;
  for (int i = 0; i < 100000; ++i) {
    const auto a = static_cast<std::int8_t>(random.between(-128, 127));
    const auto b = static_cast<std::int8_t>(random.between(-128, 127));
    const std::int32_t za = random.between(-128, 127), zb = random.between(-128, 127);
    const std::int32_t zero_point = random.between(-128, 127);
    const auto ma = static_cast<float>(random.unit() * 2);
    const auto mb = static_cast<float>(random.unit() * 2);
    const double scaled_a = static_cast<float>((a - za) * static_cast<double>(ma));
    const double scaled_b = static_cast<float>((b - zb) * static_cast<double>(mb));
    const double sum = static_cast<float>(scaled_a + scaled_b);
    const double low = -128 - zero_point, high = 127 - zero_point;
    const int expected = static_cast<int>(round_half_even(std::clamp(sum, low, high))) + zero_point;
    wrong += requantize_sum(a, za, ma, b, zb, mb, zero_point, -128, 127) != expected;
  }
  CHECK(wrong == 0);
}

TEST_CASE("the table is indexed from q = -128") {
  std::int8_t table[256];
  for (int i = 0; i < 256; ++i) table[i] = static_cast<std::int8_t>(127 - i);
  CHECK(table_lookup(table, -128) == 127);
  CHECK(table_lookup(table, 0) == -1);
  CHECK(table_lookup(table, 127) == -128);
}

}  // namespace
}  // namespace edgefront
