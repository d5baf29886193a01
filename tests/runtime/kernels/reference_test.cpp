// The reference kernels against sums of their own definition in int64 and exact requantization.
#include "runtime/kernels/reference/reference.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/runtime/kernels/kernel_cases.h"

namespace edgefront {
namespace {

using namespace kernel_cases;

/// rint(clamp(v)) + zp for a value that was rounded to binary32 before.
std::int32_t to_byte(double value, std::int32_t zero_point, std::int32_t qmin, std::int32_t qmax) {
  const double clamped = std::fmin(std::fmax(value, qmin - zero_point), qmax - zero_point);
  return static_cast<std::int32_t>(std::nearbyint(clamped)) + zero_point;
}

std::int32_t oracle(const CaseS8& c, std::int64_t index) {
  const auto channel = static_cast<std::size_t>(index % c.shape.out_channels);
  std::int64_t sum = c.bias[channel];
  for_taps(c.shape, index, [&](std::int64_t in, std::int64_t weight) {
    sum += std::int64_t{c.input[static_cast<std::size_t>(in)] - c.input_zero_point} *
           c.weights[static_cast<std::size_t>(weight)];
  });
  const RequantizeS8& r = c.requantize;
  // int32 → binary32 → product: each exact in double and rounded once.
  const double rounded = static_cast<float>(static_cast<double>(sum));
  const double scaled = static_cast<float>(rounded * double{c.multipliers[channel]});
  std::int32_t q = to_byte(scaled, r.zero_point, r.qmin, r.qmax);
  if (!c.table.empty()) q = c.table[static_cast<std::size_t>(q + 128)];
  if (c.residual.empty()) return q;
  const std::int32_t other = c.residual[static_cast<std::size_t>(index)];
  const double a = static_cast<float>((q - r.conv_zero_point) * double{r.conv_multiplier});
  const double b =
      static_cast<float>((other - r.residual_zero_point) * double{r.residual_multiplier});
  const double both = static_cast<float>(a + b);
  return to_byte(both, r.sum_zero_point, r.sum_qmin, r.sum_qmax);
}

const ConvKernelS8& reference_for(OpKind op) {
  if (op == OpKind::kDepthwiseConv2d) return kReferenceDepthwiseS8;
  return op == OpKind::kFullyConnected ? kReferenceFullyConnectedS8 : kReferenceConvS8;
}

TEST_CASE("reference int8 kernels equal an int64 sum with exact requantization") {
  Random random{42};
  for (int i = 0; i < 400; ++i) {
    const LayerShape shape = random_shape(random);
    const CaseS8 c =
        random_case_s8(shape, random, i % 4 == 0 ? Magnitude::kExtreme : Magnitude::kUsual);
    const std::vector<std::int8_t> actual = run_s8(c, reference_for(shape.op));
    int wrong = 0;
    for (std::size_t j = 0; j < actual.size(); ++j) {
      wrong += actual[j] != oracle(c, static_cast<std::int64_t>(j));
    }
    CHECK_MESSAGE(wrong == 0, describe(shape));
  }
}

TEST_CASE("packed bytes of the reference are its weights and biases") {
  const LayerShape conv = {OpKind::kConv2d, 5, 5, 3, 7, 3, 1};
  CHECK(kReferenceConvS8.packed_bytes(geometry(conv)) == 7 * 3 * 9 + 7 * 4);
  CHECK(kReferenceConvF32.packed_bytes(geometry(conv)) == 4 * (7 * 3 * 9 + 7));
  const LayerShape depthwise = {OpKind::kDepthwiseConv2d, 5, 5, 8, 8, 5, 2};
  CHECK(kReferenceDepthwiseS8.packed_bytes(geometry(depthwise)) == 25 * 8 + 8 * 4);
  const LayerShape fully = {OpKind::kFullyConnected, 1, 1, 20, 10, 1, 1};
  CHECK(kReferenceFullyConnectedS8.packed_bytes(geometry(fully)) == 200 + 40);
  CHECK(kReferenceFullyConnectedF32.scratch_bytes(geometry(fully)) == 0);
}

}  // namespace
}  // namespace edgefront
