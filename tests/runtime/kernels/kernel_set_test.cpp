#include "runtime/kernels/kernel_set.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>

#include "tests/runtime/kernels/kernel_cases.h"

namespace edgefront {
namespace {

using namespace kernel_cases;

/// A tenth of what tests/full.sh asks for.
int random_layers() {
  const char* layers = std::getenv("EDGEFRONT_RANDOM_LAYERS");
  return layers ? std::atoi(layers) : 1200;
}

const KernelSet& reference() { return *kernel_sets().back(); }

/// Sets to compare with the reference; those that this CPU lacks are named.
std::vector<const KernelSet*> sets_to_test() {
  std::vector<const KernelSet*> sets;
  for (const KernelSet* set : kernel_sets()) {
    if (set == &reference()) continue;
    if (set->available()) {
      sets.push_back(set);
    } else {
      MESSAGE("skipped: this processor lacks the instructions of ", std::string(set->name));
    }
  }
  return sets;
}

constexpr std::int32_t kAllRows = 1 << 20;

/// Number of values that differ from the reference where the set computes `rows` at a time; 0 is a
/// pass.
int differences(const CaseS8& c, const KernelSet& set, std::int32_t rows = kAllRows) {
  const ConvGeometry g = geometry(c.shape);
  const std::vector<std::int8_t> expected = run_s8(c, kernel_s8(reference(), c.shape.op, g));
  const std::vector<std::int8_t> actual = run_s8(c, kernel_s8(set, c.shape.op, g), rows);
  int count = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) count += expected[i] != actual[i];
  return count;
}

void check_shape(const KernelSet& set, const LayerShape& shape, Random& random) {
  for (const Magnitude magnitude : {Magnitude::kUsual, Magnitude::kExtreme}) {
    const CaseS8 c = random_case_s8(shape, random, magnitude);
    INFO(std::string(set.name), ": ", describe(shape),
         std::string(magnitude == Magnitude::kExtreme ? " extreme" : ""));
    CHECK(differences(c, set) == 0);
  }
}

/// The textbook sum in double, and Σ|x·w|.
struct Exact {
  double sum, magnitude;
};

Exact exact_sum(const CaseF32& c, std::int64_t output) {
  const double bias = c.bias[static_cast<std::size_t>(output % c.shape.out_channels)];
  Exact exact{bias, std::fabs(bias)};
  for_taps(c.shape, output, [&](std::int64_t in, std::int64_t weight) {
    const double product = double{c.input[static_cast<std::size_t>(in)]} *
                           double{c.weights[static_cast<std::size_t>(weight)]};
    exact.sum += product;
    exact.magnitude += std::fabs(product);
  });
  return exact;
}

double activate(double x, ActivationF32 activation) {
  const double gate = std::fmin(std::fmax(x + 3, 0), 6) / 6;
  switch (activation) {
    case kActNoneF32:
      return x;
    case kActReluF32:
      return std::fmax(x, 0);
    case kActRelu6F32:
      return std::fmin(std::fmax(x, 0), 6);
    case kActHswishF32:
      return x * gate;
    case kActHsigmoidF32:
      return gate;
  }
  return x;
}

/// Activations have a slope of at most 1.5 and add a few roundings of their own.
void check_f32(const CaseF32& c, const KernelSet& set) {
  const std::vector<float> actual = run_f32(c, kernel_f32(set, c.shape.op, geometry(c.shape)));
  int wrong = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const Exact exact = exact_sum(c, static_cast<std::int64_t>(i));
    double bound = static_cast<double>(fan_in(c.shape) + 4) * 0x1p-24 * exact.magnitude;
    double expected = activate(exact.sum, c.activation);
    if (c.activation != kActNoneF32) bound = 1.5 * bound + 0x1p-21 * (1 + std::fabs(expected));
    if (!c.residual.empty()) {
      expected += double{c.residual[i]};
      bound += 0x1p-24 * (std::fabs(expected) + bound);
    }
    wrong += !(std::fabs(double{actual[i]} - expected) <= bound);
  }
  INFO(std::string(set.name), ": ", describe(c.shape), " activation ", int{c.activation});
  CHECK(wrong == 0);
}

TEST_CASE("every kernel set gives the reference's int8 bits on random layers") {
  for (const KernelSet* set : sets_to_test()) {
    Random random{2024};
    int wrong_layers = 0;
    for (int i = 0; i < random_layers(); ++i) {
      const LayerShape shape = random_shape(random);
      const Magnitude magnitude = i % 5 == 0 ? Magnitude::kExtreme : Magnitude::kUsual;
      const CaseS8 c = random_case_s8(shape, random, magnitude);
      const int count = differences(c, *set);
      wrong_layers += count > 0;
      if (count > 0)
        MESSAGE(std::string(set->name), ": ", describe(shape), " differs in ", count, " values");
    }
    CHECK_MESSAGE(wrong_layers == 0, std::string(set->name));
  }
}

TEST_CASE("bands of output rows give the bits of the whole layer and touch no other row") {
  for (const KernelSet* set : kernel_sets()) {
    if (!set->available()) continue;
    Random random{2025};
    for (int i = 0; i < 300; ++i) {
      const LayerShape shape = random_shape(random);
      const std::int32_t rows = random.between(1, 3);
      INFO(std::string(set->name), ": ", describe(shape), " in bands of ", rows);
      CHECK(differences(random_case_s8(shape, random, Magnitude::kUsual), *set, rows) == 0);
      const CaseF32 c = random_case_f32(shape, random);
      const ConvKernelF32& kernel = kernel_f32(*set, shape.op, geometry(shape));
      CHECK(run_f32(c, kernel, rows) == run_f32(c, kernel));
    }
  }
}

TEST_CASE("pointwise int8 is exact around every tile of channels and pixels") {
  for (const KernelSet* set : sets_to_test()) {
    Random random{7};
    for (const std::int32_t channels :
         {1, 8, 15, 16, 17, 24, 31, 33, 40, 47, 48, 63, 64, 65, 72, 81, 97, 127}) {
      for (const std::int32_t pixels :
           {1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 33, 47, 48, 49, 50}) {
        const std::int32_t depth = random.pick({1, 3, 4, 5, 8, 12, 16, 17, 32, 36, 64, 100, 132});
        check_shape(*set, {OpKind::kConv2d, 1, pixels, depth, channels, 1, 1}, random);
      }
    }
  }
}

TEST_CASE("convolutions are exact with odd sizes, stride 2 and padding wider than the image") {
  for (const KernelSet* set : sets_to_test()) {
    Random random{8};
    for (const OpKind op : {OpKind::kConv2d, OpKind::kDepthwiseConv2d}) {
      for (const std::int32_t kernel : {1, 3, 5, 7}) {
        for (const std::int32_t stride : {1, 2}) {
          for (const std::int32_t size : {1, 2, 3, 4, 5, 7, 10}) {
            const std::int32_t channels = random.pick({1, 3, 8, 15, 16, 17, 24, 33});
            const std::int32_t out = op == OpKind::kConv2d ? random.pick({1, 16, 17}) : channels;
            const std::int32_t width = random.chance(0.5) ? size : random.between(1, 11);
            check_shape(*set, {op, size, width, channels, out, kernel, stride}, random);
          }
        }
      }
    }
  }
}

TEST_CASE("depthwise rows of every width and channel count are exact") {
  for (const KernelSet* set : sets_to_test()) {
    Random random{12};
    for (const std::int32_t kernel : {1, 3, 5, 7}) {
      for (const std::int32_t stride : {1, 2}) {
        for (std::int32_t width = 1; width <= 33; ++width) {
          const std::int32_t channels = random.pick({1, 4, 7, 8, 16, 20, 24, 40, 48, 64, 72, 100});
          const std::int32_t height = random.between(1, 9);
          const LayerShape shape = {
              OpKind::kDepthwiseConv2d, height, width, channels, channels, kernel, stride};
          check_shape(*set, shape, random);
          CaseF32 c = random_case_f32(shape, random);
          c.activation = static_cast<ActivationF32>(random.between(0, 4));
          check_f32(c, *set);
        }
      }
    }
  }
}

TEST_CASE("depthwise 3x3 layers are exact around every block of channels, whole and in bands") {
  for (const KernelSet* set : sets_to_test()) {
    Random random{13};
    for (const std::int32_t channels :
         {32,  33,  47,  48,  49,  52,  63,  64,  65,  68,  80,  81,  95,  97,  112, 113, 116,
          127, 128, 129, 144, 160, 176, 191, 192, 240, 255, 256, 257, 260, 288, 319, 333}) {
      for (const std::int32_t stride : {1, 2}) {
        const LayerShape shape = {OpKind::kDepthwiseConv2d,
                                  random.between(1, 6),
                                  random.between(1, 9),
                                  channels,
                                  channels,
                                  3,
                                  stride};
        check_shape(*set, shape, random);
        const std::int32_t rows = random.between(1, 5);
        INFO(std::string(set->name), ": ", describe(shape), " in bands of ", rows);
        CHECK(differences(random_case_s8(shape, random, Magnitude::kUsual), *set, rows) == 0);
      }
    }
  }
}

TEST_CASE("long spans pass through table and residual exactly") {
  for (const KernelSet* set : sets_to_test()) {
    Random random{9};
    for (int i = 0; i < 40; ++i) {
      const LayerShape shape =
          i % 2 ? LayerShape{OpKind::kConv2d, 5, 11, 4, random.between(60, 70), 1, 1}
                : LayerShape{OpKind::kDepthwiseConv2d, 3, 17, 40, 40, 3, 1};
      check_shape(*set, shape, random);
    }
  }
}

TEST_CASE("fp32 kernels of every set stay within the rounding bound of a double sum") {
  std::vector<const KernelSet*> sets = sets_to_test();
  sets.push_back(&reference());
  for (const KernelSet* set : sets) {
    Random random{10};
    for (int i = 0; i < 300; ++i) {
      CaseF32 c = random_case_f32(random_shape(random), random);
      if (i % 3 == 0) c.activation = static_cast<ActivationF32>(random.between(0, 4));
      check_f32(c, *set);
    }
  }
}

TEST_CASE("every byte of packed weights is written") {
  for (const KernelSet* set : kernel_sets()) {
    Random random{11};
    for (int i = 0; i < 60; ++i) {
      const LayerShape shape = random_shape(random);
      const ConvGeometry g = geometry(shape);
      const CaseS8 c = random_case_s8(shape, random, Magnitude::kUsual);
      const ConvKernelS8& kernel = kernel_s8(*set, shape.op, g);
      const std::size_t bytes = static_cast<std::size_t>(kernel.packed_bytes(g));
      std::vector<std::uint8_t> a(bytes, 0x00), b(bytes, 0xff);
      kernel.pack(g, c.weights.data(), c.bias.data(), c.input_zero_point, a.data());
      kernel.pack(g, c.weights.data(), c.bias.data(), c.input_zero_point, b.data());
      CHECK_MESSAGE(a == b, std::string(set->name), ": ", describe(shape));
      const CaseF32 f = random_case_f32(shape, random);
      const ConvKernelF32& kernel_f = kernel_f32(*set, shape.op, g);
      const std::size_t bytes_f = static_cast<std::size_t>(kernel_f.packed_bytes(g));
      std::vector<std::uint8_t> x(bytes_f, 0x00), y(bytes_f, 0xff);
      kernel_f.pack(g, f.weights.data(), f.bias.data(), x.data());
      kernel_f.pack(g, f.weights.data(), f.bias.data(), y.data());
      CHECK_MESSAGE(x == y, std::string(set->name), ": ", describe(shape));
    }
  }
}

TEST_CASE("sets are listed best first and the reference, always available, is last") {
  const std::vector<const KernelSet*>& sets = kernel_sets();
  std::vector<std::string> names;
  for (const KernelSet* set : sets) names.push_back(set->name);
  CHECK(names == std::vector<std::string>{"amx", "avx512_vnni", "avx512", "avx2_vnni", "avx2",
                                          "neon_dotprod", "neon", "reference"});
  CHECK(reference().available());
  const KernelSet* best = nullptr;
  REQUIRE(choose_kernel_set("", &best).ok());
  for (const KernelSet* set : sets) {
    if (!set->available()) continue;
    CHECK(best == set);
    break;
  }
}

TEST_CASE("an unknown kernel set is refused with the accepted names") {
  const KernelSet* set = nullptr;
  const Status status = choose_kernel_set("avx1024", &set);
  CHECK(status.code() == StatusCode::kInvalid);
  CHECK(status.message().find("'avx1024' is unknown") != std::string::npos);
  CHECK(status.message().find("reference") != std::string::npos);
  CHECK(set == nullptr);
  REQUIRE(choose_kernel_set("reference", &set).ok());
  CHECK(set == &reference());
}

TEST_CASE("layers fall into pointwise, general, depthwise and fully connected kernels") {
  const KernelSet& set = *kernel_sets()[0];
  const ConvGeometry one = geometry({OpKind::kConv2d, 4, 4, 8, 8, 1, 1});
  const ConvGeometry strided = geometry({OpKind::kConv2d, 4, 4, 8, 8, 1, 2});
  const ConvGeometry three = geometry({OpKind::kConv2d, 4, 4, 8, 8, 3, 1});
  CHECK(&kernel_s8(set, OpKind::kConv2d, one) == set.pointwise_s8);
  CHECK(&kernel_s8(set, OpKind::kConv2d, strided) == set.conv_s8);
  CHECK(&kernel_f32(set, OpKind::kConv2d, three) == set.conv_f32);
  CHECK(&kernel_s8(set, OpKind::kDepthwiseConv2d, three) == set.depthwise_s8);
  CHECK(&kernel_f32(set, OpKind::kFullyConnected, one) == set.fully_connected_f32);
  KernelSet partial = set;
  partial.depthwise_s8 = nullptr;
  CHECK(&kernel_s8(partial, OpKind::kDepthwiseConv2d, three) == reference().depthwise_s8);
}

}  // namespace
}  // namespace edgefront
