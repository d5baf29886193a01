#include "runtime/kernels/elementwise.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "runtime/kernels/kernel_set.h"
#include "tests/runtime/kernels/kernel_cases.h"

namespace edgefront {
namespace {

using namespace kernel_cases;

const std::int64_t kCounts[] = {1, 2, 15, 16, 17, 31, 32, 33, 100};

std::int32_t to_byte(double value, std::int32_t zero_point, std::int32_t qmin, std::int32_t qmax) {
  const double clamped = std::fmin(std::fmax(value, qmin - zero_point), qmax - zero_point);
  return static_cast<std::int32_t>(std::nearbyint(clamped)) + zero_point;
}

double rounded(double x) { return static_cast<float>(x); }

void fill(GuardedBuffer& buffer, std::int64_t count, Random& random) {
  for (std::int64_t i = 0; i < count; ++i) {
    buffer.as<std::int8_t>()[i] = static_cast<std::int8_t>(random.between(-128, 127));
  }
}

TEST_CASE("add rounds two products and one sum") {
  Random random{1};
  for (const std::int64_t count : kCounts) {
    GuardedBuffer a(count, 1), b(count, 1), y(count, 1);
    fill(a, count, random);
    fill(b, count, random);
    AddArgsS8 args = {};
    args.a = a.as<std::int8_t>();
    args.b = b.as<std::int8_t>();
    args.output = y.as<std::int8_t>();
    args.count = count;
    args.a_zero_point = random.pick({-128, 5, 127});
    args.b_zero_point = random.between(-128, 127);
    args.output_zero_point = random.pick({-128, -3, 127});
    args.a_multiplier = static_cast<float>(random.unit() * 2);
    args.b_multiplier = static_cast<float>(random.unit() * 2);
    args.qmin = -100;
    args.qmax = 127;
    add_s8(args);
    for (std::int64_t i = 0; i < count; ++i) {
      const double scaled_a = rounded((args.a[i] - args.a_zero_point) * double{args.a_multiplier});
      const double scaled_b = rounded((args.b[i] - args.b_zero_point) * double{args.b_multiplier});
      CHECK(args.output[i] ==
            to_byte(rounded(scaled_a + scaled_b), args.output_zero_point, args.qmin, args.qmax));
    }
    CHECK(y.intact());
  }
}

TEST_CASE("mul multiplies by a gate per channel or by a whole tensor") {
  Random random{2};
  for (const std::int32_t full : {0, 1}) {
    for (const std::int64_t channels : kCounts) {
      const std::int64_t pixels = 5, count = pixels * channels;
      GuardedBuffer a(count, 1), b(full ? count : channels, 1), y(count, 1);
      fill(a, count, random);
      fill(b, full ? count : channels, random);
      const MulArgsS8 args = {a.as<std::int8_t>(),
                              b.as<std::int8_t>(),
                              y.as<std::int8_t>(),
                              pixels,
                              static_cast<std::int32_t>(channels),
                              full,
                              -7,
                              127,
                              11,
                              0.0123f,
                              -128,
                              120};
      mul_s8(args);
      for (std::int64_t i = 0; i < count; ++i) {
        const double product = (args.a[i] + 7) * (args.b[full ? i : i % channels] - 127);
        CHECK(args.output[i] == to_byte(rounded(product * double{0.0123f}), 11, -128, 120));
      }
      CHECK(y.intact());
    }
  }
}

TEST_CASE("global average pool sums in int32 and rounds once") {
  Random random{3};
  for (const std::int64_t channels : kCounts) {
    const std::int64_t pixels = 49;
    GuardedBuffer x(pixels * channels, 1), y(channels, 1);
    fill(x, pixels * channels, random);
    const PoolArgsS8 args = {x.as<std::int8_t>(),
                             y.as<std::int8_t>(),
                             pixels,
                             static_cast<std::int32_t>(channels),
                             17,
                             -20,
                             1.7f / 49,
                             -128,
                             127};
    global_average_pool_s8(args);
    for (std::int64_t c = 0; c < channels; ++c) {
      std::int64_t sum = 0;
      for (std::int64_t p = 0; p < pixels; ++p) sum += args.input[p * channels + c] - 17;
      const double scaled = rounded(static_cast<double>(sum) * double{args.multiplier});
      CHECK(args.output[c] == to_byte(scaled, -20, -128, 127));
    }
    CHECK(y.intact());
  }
}

TEST_CASE("table and clamp run in place") {
  Random random{4};
  std::int8_t table[256];
  for (int i = 0; i < 256; ++i) table[i] = static_cast<std::int8_t>(random.between(-128, 127));
  for (const std::int64_t count : kCounts) {
    GuardedBuffer x(count, 1);
    fill(x, count, random);
    std::int8_t* values = x.as<std::int8_t>();
    const std::vector<std::int8_t> before(values, values + count);
    table_s8(values, values, count, table);
    for (std::int64_t i = 0; i < count; ++i) {
      CHECK(values[i] == table[before[static_cast<std::size_t>(i)] + 128]);
    }
    const std::vector<std::int8_t> looked_up(values, values + count);
    clamp_s8(values, values, count, -10, 20);
    for (std::int64_t i = 0; i < count; ++i) {
      CHECK(values[i] == std::clamp<int>(looked_up[static_cast<std::size_t>(i)], -10, 20));
    }
    CHECK(x.intact());
  }
}

TEST_CASE("quantize rounds half to even and saturates, dequantize inverts it on the grid") {
  const float scale = 0.25f;
  for (const std::int64_t count : kCounts) {
    GuardedBuffer x(4 * count, 4), q(count, 1), back(4 * count, 4);
    float* input = x.as<float>();
    for (std::int64_t i = 0; i < count; ++i) {
      input[i] = static_cast<float>(i - count / 2) * 1.125f * (i % 3 == 0 ? 20.0f : 1.0f);
    }
    quantize_s8(input, q.as<std::int8_t>(), count, scale, 9);
    dequantize_s8(q.as<std::int8_t>(), back.as<float>(), count, scale, 9);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int32_t expected = to_byte(double{input[i]} / double{scale}, 9, -128, 127);
      CHECK(q.as<std::int8_t>()[i] == expected);
      CHECK(back.as<float>()[i] == static_cast<float>(expected - 9) * scale);
    }
    CHECK(q.intact());
    CHECK(back.intact());
  }
}

TEST_CASE("fp32 activations follow their formulas and keep within the tensor") {
  for (const std::int64_t count : kCounts) {
    GuardedBuffer x(4 * count, 4), y(4 * count, 4);
    float* input = x.as<float>();
    float* output = y.as<float>();
    for (std::int64_t i = 0; i < count; ++i) input[i] = static_cast<float>(i - count / 2) * 0.37f;
    const auto check = [&](auto function, auto formula) {
      function(input, output, count);
      for (std::int64_t i = 0; i < count; ++i) {
        CHECK(double{output[i]} == doctest::Approx(formula(double{input[i]})).epsilon(1e-6));
      }
      CHECK(y.intact());
    };
    const auto six = [](double v) { return std::clamp(v, 0.0, 6.0); };
    check(relu_f32, [](double v) { return std::max(v, 0.0); });
    check(relu6_f32, six);
    check(hsigmoid_f32, [&](double v) { return six(v + 3) / 6; });
    check(hswish_f32, [&](double v) { return v * six(v + 3) / 6; });
  }
}

TEST_CASE("fp32 add, mul and pool follow their formulas") {
  Random random{5};
  for (const std::int64_t channels : kCounts) {
    const std::int64_t pixels = 3, count = pixels * channels;
    GuardedBuffer a(4 * count, 4), b(4 * count, 4), y(4 * count, 4), pooled(4 * channels, 4);
    for (std::int64_t i = 0; i < count; ++i) {
      a.as<float>()[i] = static_cast<float>(random.unit() - 0.5);
      b.as<float>()[i] = static_cast<float>(random.unit() - 0.5);
    }
    const float *x = a.as<float>(), *z = b.as<float>();
    float* out = y.as<float>();
    add_f32(x, z, out, count);
    for (std::int64_t i = 0; i < count; ++i) CHECK(out[i] == x[i] + z[i]);
    mul_f32(x, z, out, pixels, static_cast<std::int32_t>(channels), 0);
    for (std::int64_t i = 0; i < count; ++i) CHECK(out[i] == x[i] * z[i % channels]);
    mul_f32(x, z, out, pixels, static_cast<std::int32_t>(channels), 1);
    for (std::int64_t i = 0; i < count; ++i) CHECK(out[i] == x[i] * z[i]);
    global_average_pool_f32(x, pooled.as<float>(), pixels, static_cast<std::int32_t>(channels));
    for (std::int64_t c = 0; c < channels; ++c) {
      const double mean =
          (double{x[c]} + double{x[channels + c]} + double{x[2 * channels + c]}) / 3;
      CHECK(std::fabs(double{pooled.as<float>()[c]} - mean) < 1e-6);
    }
    CHECK(y.intact());
    CHECK(pooled.intact());
  }
}

/// `run(a, b, output)` on buffers of its own and with the output in the place of a, of b, of both.
template <typename T, typename Run>
void check_in_place(std::int64_t count, const std::vector<T>& a, const std::vector<T>& b,
                    const Run& run) {
  std::vector<T> apart(static_cast<std::size_t>(count)), over_a = a, over_b = b;
  run(a.data(), b.data(), apart.data());
  run(over_a.data(), b.data(), over_a.data());
  CHECK(over_a == apart);
  run(a.data(), over_b.data(), over_b.data());
  CHECK(over_b == apart);
  std::vector<T> squared(static_cast<std::size_t>(count)), over_both = a;
  run(a.data(), a.data(), squared.data());
  run(over_both.data(), over_both.data(), over_both.data());
  CHECK(over_both == squared);
}

/// What every set of this CPU runs, the portable functions among them.
std::vector<const ElementwiseKernels*> operators_of_this_cpu() {
  std::vector<const ElementwiseKernels*> rows;
  for (const KernelSet* set : kernel_sets()) {
    if (set->available()) rows.push_back(&elementwise_kernels(*set));
  }
  return rows;
}

TEST_CASE("add, mul and unary operators of every set give the same bytes over their operands") {
  for (const ElementwiseKernels* row : operators_of_this_cpu()) {
    const ElementwiseKernels& k = *row;
    Random random{7};
    for (const std::int64_t count : {1, 2, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129, 300}) {
      std::vector<std::int8_t> a, b;
      std::vector<float> x, y;
      for (std::int64_t i = 0; i < count; ++i) {
        a.push_back(static_cast<std::int8_t>(random.between(-128, 127)));
        b.push_back(static_cast<std::int8_t>(random.between(-128, 127)));
        x.push_back(static_cast<float>(8 * random.unit() - 4));
        y.push_back(static_cast<float>(8 * random.unit() - 4));
      }
      check_in_place(count, a, b,
                     [&](const std::int8_t* p, const std::int8_t* q, std::int8_t* out) {
                       k.add_s8({p, q, out, count, 3, -5, 7, 0.75f, 0.5f, -128, 127});
                     });
      for (const std::int32_t full : {0, 1}) {
        // As one pixel both forms multiply value by value.
        const auto channels = static_cast<std::int32_t>(count);
        check_in_place(count, a, b,
                       [&](const std::int8_t* p, const std::int8_t* q, std::int8_t* out) {
                         k.mul_s8({p, q, out, 1, channels, full, 3, -5, 7, 0.01f, -128, 127});
                       });
        check_in_place(count, x, y, [&](const float* p, const float* q, float* out) {
          k.mul_f32(p, q, out, 1, channels, full);
        });
      }
      check_in_place(count, x, y, [&](const float* p, const float* q, float* out) {
        k.add_f32(p, q, out, count);
      });
      for (const auto unary : {k.relu_f32, k.relu6_f32, k.hswish_f32, k.hsigmoid_f32}) {
        std::vector<float> apart(x.size()), over = x;
        unary(x.data(), apart.data(), count);
        unary(over.data(), over.data(), count);
        CHECK(over == apart);
      }
    }
  }
}

TEST_CASE("a gate per channel scales many pixels in place, with every set") {
  for (const ElementwiseKernels* row : operators_of_this_cpu()) {
    Random random{8};
    for (const std::int32_t channels : {1, 15, 16, 17, 40, 63, 64, 65, 120, 130}) {
      const std::int64_t count = 5 * channels;
      std::vector<std::int8_t> a, gate;
      std::vector<float> x, factors;
      for (std::int64_t i = 0; i < count; ++i) {
        a.push_back(static_cast<std::int8_t>(random.between(-128, 127)));
        x.push_back(static_cast<float>(8 * random.unit() - 4));
        if (i >= channels) continue;
        gate.push_back(static_cast<std::int8_t>(random.between(-128, 127)));
        factors.push_back(static_cast<float>(random.unit()));
      }
      std::vector<std::int8_t> apart(a.size()), over = a;
      row->mul_s8(
          {a.data(), gate.data(), apart.data(), 5, channels, 0, 1, -2, 3, 0.01f, -128, 127});
      row->mul_s8(
          {over.data(), gate.data(), over.data(), 5, channels, 0, 1, -2, 3, 0.01f, -128, 127});
      CHECK(over == apart);
      std::vector<float> apart_f32(x.size()), over_f32 = x;
      row->mul_f32(x.data(), factors.data(), apart_f32.data(), 5, channels, 0);
      row->mul_f32(over_f32.data(), factors.data(), over_f32.data(), 5, channels, 0);
      CHECK(over_f32 == apart_f32);
    }
  }
}

/// The sets of this CPU with rows of their own.
std::vector<const KernelSet*> sets_with_operators() {
  std::vector<const KernelSet*> sets;
  for (const KernelSet* set : kernel_sets()) {
    if (set->elementwise && set->available()) sets.push_back(set);
  }
  return sets;
}

/// Runs `operation(kernels, output)` with the portable functions and with the set's; true if both
/// write the same bytes and leave the guards intact. `output` starts with the bytes of `initial`.
template <typename Operation>
bool same_bytes(const KernelSet& set, const std::vector<std::int8_t>& initial,
                const Operation& operation) {
  const std::int64_t bytes = static_cast<std::int64_t>(initial.size());
  GuardedBuffer expected(bytes, 1), actual(bytes, 1);
  std::memcpy(expected.as<void>(), initial.data(), initial.size());
  std::memcpy(actual.as<void>(), initial.data(), initial.size());
  operation(kPortableElementwise, expected.as<std::int8_t>());
  operation(elementwise_kernels(set), actual.as<std::int8_t>());
  return std::memcmp(expected.as<void>(), actual.as<void>(), initial.size()) == 0 &&
         expected.intact() && actual.intact();
}

std::vector<std::int8_t> random_bytes(std::int64_t count, Random& random) {
  std::vector<std::int8_t> bytes(static_cast<std::size_t>(count));
  for (std::int8_t& q : bytes) q = static_cast<std::int8_t>(random.between(-128, 127));
  return bytes;
}

const std::int64_t kSetCounts[] = {1,  3,  7,  8,  9,  15, 16,  17,  24,  31,  32,  33,
                                   40, 47, 63, 64, 65, 72, 100, 127, 129, 255, 300, 1000};

TEST_CASE("add, mul, table and clamp of every set give the portable bits, also in place") {
  for (const KernelSet* set : sets_with_operators()) {
    INFO(std::string(set->name));
    Random random{21};
    for (const std::int64_t count : kSetCounts) {
      GuardedBuffer a(count, 1), b(count, 1), table(256, 1);
      fill(a, count, random);
      fill(b, count, random);
      fill(table, 256, random);
      const std::vector<std::int8_t> first(a.as<std::int8_t>(), a.as<std::int8_t>() + count);
      const float scale = static_cast<float>(random.unit() * (random.chance(0.1) ? 1e30 : 2));
      const std::int32_t zero_a = random.pick({-128, 5, 127}), zero_y = random.pick({-128, 3, 127});
      const std::int32_t qmin = random.between(-128, 0), qmax = random.between(0, 127);
      for (const bool in_place : {false, true}) {
        const auto add = [&](const ElementwiseKernels& kernels, std::int8_t* y) {
          kernels.add_s8({in_place ? y : a.as<std::int8_t>(), b.as<std::int8_t>(), y, count, zero_a,
                          -9, zero_y, scale, 0.7f, qmin, qmax});
        };
        CHECK(same_bytes(*set, first, add));
        const auto mul = [&](const ElementwiseKernels& kernels, std::int8_t* y) {
          kernels.mul_s8({in_place ? y : a.as<std::int8_t>(), b.as<std::int8_t>(), y, 1,
                          static_cast<std::int32_t>(count), 1, zero_a, -9, zero_y, scale / 100,
                          qmin, qmax});
        };
        CHECK(same_bytes(*set, first, mul));
        const auto look_up = [&](const ElementwiseKernels& kernels, std::int8_t* y) {
          const std::int8_t* x = in_place ? y : a.as<std::int8_t>();
          kernels.table_s8(x, y, count, table.as<std::int8_t>());
        };
        CHECK(same_bytes(*set, first, look_up));
        const auto clamp = [&](const ElementwiseKernels& kernels, std::int8_t* y) {
          kernels.clamp_s8(in_place ? y : a.as<std::int8_t>(), y, count, qmin, qmax);
        };
        CHECK(same_bytes(*set, first, clamp));
      }
    }
  }
}

TEST_CASE("gates and pooling of every set give the portable bits for any channels and pixels") {
  for (const KernelSet* set : sets_with_operators()) {
    INFO(std::string(set->name));
    Random random{22};
    for (const std::int64_t channels : kSetCounts) {
      for (const std::int64_t pixels : {1, 4, 49, 129, 300}) {
        if (channels * pixels > 30000) continue;
        const std::int64_t count = channels * pixels;
        GuardedBuffer a(count, 1), gate(channels, 1);
        fill(a, count, random);
        fill(gate, channels, random);
        if (random.chance(0.3)) std::memset(a.as<void>(), 0x80, static_cast<std::size_t>(count));
        const std::int32_t c = static_cast<std::int32_t>(channels);
        const std::int32_t zero = random.pick({-128, 0, 127});
        // −128 is the zero point of every hsigmoid; the last multiplier takes products out of
        // int32.
        for (const std::int32_t zero_of_gate : {-128, -100}) {
          const float multipliers[] = {0.004f, 0.5f, 300.0f, 40000.0f};
          const float multiplier = multipliers[random.between(0, 3)];
          const std::int32_t zero_y = random.pick({-128, -20, 127}), low = random.pick({-128, -7});
          CHECK(same_bytes(*set, random_bytes(count, random),
                           [&](const ElementwiseKernels& kernels, std::int8_t* y) {
                             kernels.mul_s8({a.as<std::int8_t>(), gate.as<std::int8_t>(), y, pixels,
                                             c, 0, zero, zero_of_gate, zero_y, multiplier, low,
                                             low == -7 ? 100 : 127});
                           }));
        }
        CHECK(same_bytes(*set, random_bytes(channels, random),
                         [&](const ElementwiseKernels& kernels, std::int8_t* y) {
                           kernels.global_average_pool_s8({a.as<std::int8_t>(), y, pixels, c, zero,
                                                           -20, 1.7f / static_cast<float>(pixels),
                                                           -128, 127});
                         }));
      }
    }
  }
}

TEST_CASE("fp32 operators and conversions of every set give the portable bits") {
  for (const KernelSet* set : sets_with_operators()) {
    INFO(std::string(set->name));
    Random random{23};
    for (const std::int64_t count : kSetCounts) {
      const std::int64_t pixels = 5, channels = count;
      GuardedBuffer a(4 * pixels * channels, 4), b(4 * pixels * channels, 4), q(count, 1);
      for (std::int64_t i = 0; i < pixels * channels; ++i) {
        a.as<float>()[i] = static_cast<float>(20 * random.unit() - 10);
        b.as<float>()[i] = static_cast<float>(4 * random.unit() - 2);
      }
      a.as<float>()[random.between(0, static_cast<std::int32_t>(count) - 1)] =
          random.chance(0.5) ? 1e20f : std::nanf("");
      fill(q, count, random);
      const float *x = a.as<float>(), *z = b.as<float>();
      const std::int32_t c = static_cast<std::int32_t>(channels);
      const auto check = [&](std::int64_t bytes, const auto& operation) {
        CHECK(same_bytes(*set, random_bytes(bytes, random),
                         [&](const ElementwiseKernels& kernels, std::int8_t* y) {
                           operation(kernels, reinterpret_cast<float*>(y));
                         }));
      };
      using Kernels = ElementwiseKernels;
      check(4 * count, [&](const Kernels& k, float* y) { k.add_f32(x, z, y, count); });
      for (const std::int32_t full : {0, 1}) {
        check(4 * pixels * channels,
              [&](const Kernels& k, float* y) { k.mul_f32(x, z, y, pixels, c, full); });
      }
      check(4 * channels,
            [&](const Kernels& k, float* y) { k.global_average_pool_f32(x, y, pixels, c); });
      check(4 * count, [&](const Kernels& k, float* y) { k.relu_f32(x, y, count); });
      check(4 * count, [&](const Kernels& k, float* y) { k.relu6_f32(x, y, count); });
      check(4 * count, [&](const Kernels& k, float* y) { k.hswish_f32(x, y, count); });
      check(4 * count, [&](const Kernels& k, float* y) { k.hsigmoid_f32(x, y, count); });
      check(count, [&](const Kernels& k, float* y) {
        k.quantize_s8(x, reinterpret_cast<std::int8_t*>(y), count, 0.05f, -7);
      });
      check(4 * count, [&](const Kernels& k, float* y) {
        k.dequantize_s8(q.as<std::int8_t>(), y, count, 0.05f, -7);
      });
    }
  }
}

}  // namespace
}  // namespace edgefront
