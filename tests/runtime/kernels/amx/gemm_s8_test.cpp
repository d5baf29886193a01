// The AMX kernel is compared with the reference on emulated tiles, so that its packing, its tails
// and all that follows the products are checked on processors without AMX too. Where the processor
// has it, kernel_set_test.cpp runs the same layers on the real tiles.
#include <doctest/doctest.h>

#include <cstdlib>

#include "runtime/kernels/layouts/amx_layout.h"
#include "runtime/kernels/layouts/convolution.h"
#include "tests/runtime/kernels/amx/emulated_gemm.h"
#include "tests/runtime/kernels/kernel_cases.h"

namespace edgefront {
namespace {

using namespace kernel_cases;

const KernelSet& set_named(const std::string& name) {
  for (const KernelSet* set : kernel_sets()) {
    if (set->name == name) return *set;
  }
  throw std::runtime_error("no kernel set " + name);
}

/// False, aloud, where even the emulation has instructions that this processor lacks.
bool can_emulate() {
  const bool can = set_named("avx512").available();
  if (!can) MESSAGE("skipped: the kernel on emulated tiles still needs AVX-512");
  return can;
}

void run_matrix(const ConvArgsS8& args) { run_matrix_s8(args, emulated_amx_gemm_s8); }
void run_convolution(const ConvArgsS8& args) { run_convolution_s8(args, emulated_amx_gemm_s8); }

/// The set's kernel with the tiles replaced.
ConvKernelS8 emulated(const LayerShape& shape) {
  ConvKernelS8 kernel = kernel_s8(set_named("amx"), shape.op, geometry(shape));
  const bool matrix =
      shape.op == OpKind::kFullyConnected || (shape.kernel == 1 && shape.stride == 1);
  kernel.run = matrix ? run_matrix : run_convolution;
  return kernel;
}

int differences(const LayerShape& shape, Random& random, Magnitude magnitude,
                std::int32_t rows = 1 << 20) {
  const CaseS8 c = random_case_s8(shape, random, magnitude);
  const KernelSet& reference = *kernel_sets().back();
  const auto expected = run_s8(c, kernel_s8(reference, shape.op, geometry(shape)));
  const auto actual = run_s8(c, emulated(shape), rows);
  int count = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) count += expected[i] != actual[i];
  return count;
}

int random_layers() {
  const char* layers = std::getenv("EDGEFRONT_RANDOM_LAYERS");
  return layers ? std::atoi(layers) : 1200;
}

}  // namespace

TEST_CASE("the AMX kernel on emulated tiles gives the reference's bits on random layers") {
  if (!can_emulate()) return;
  Random random{2026};
  int wrong_layers = 0, layers = 0;
  while (layers < random_layers()) {
    const LayerShape shape = random_shape(random);
    if (shape.op == OpKind::kDepthwiseConv2d) continue;
    const Magnitude magnitude = layers % 5 == 0 ? Magnitude::kExtreme : Magnitude::kUsual;
    const std::int32_t rows = layers % 3 == 0 ? random.between(1, 3) : 1 << 20;
    const int count = differences(shape, random, magnitude, rows);
    if (count > 0) MESSAGE(describe(shape), " differs in ", count, " values");
    wrong_layers += count > 0;
    ++layers;
  }
  CHECK(wrong_layers == 0);
  CHECK(emulated_tile_counts().faults == 0);
}

TEST_CASE("the AMX kernel is exact around every tile of inputs, channels and pixels") {
  if (!can_emulate()) return;
  Random random{2027};
  for (const std::int32_t depth : {1, 2, 3, 4, 5, 60, 63, 64, 65, 68, 127, 128, 132, 200, 960}) {
    for (const std::int32_t channels : {1, 15, 16, 17, 31, 32, 33, 49}) {
      const std::int32_t pixels =
          random.pick({1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 80, 96, 97});
      const LayerShape shape{OpKind::kConv2d, 1, pixels, depth, channels, 1, 1};
      INFO(describe(shape));
      CHECK(differences(shape, random, Magnitude::kUsual) == 0);
      CHECK(differences(shape, random, Magnitude::kExtreme) == 0);
    }
  }
  CHECK(emulated_tile_counts().faults == 0);
}

TEST_CASE("one run of the AMX kernel configures its tiles at most twice") {
  if (!can_emulate()) return;
  Random random{2028};
  const std::pair<std::int32_t, int> pixels_and_configurations[] = {{32, 1},  {48, 1}, {49, 2},
                                                                    {320, 1}, {16, 1}, {7, 1}};
  for (const auto& [pixels, configurations] : pixels_and_configurations) {
    const std::int64_t before = emulated_tile_counts().configurations;
    const LayerShape shape{OpKind::kConv2d, 1, pixels, 96, 80, 1, 1};
    CHECK(differences(shape, random, Magnitude::kUsual) == 0);
    CHECK(emulated_tile_counts().configurations - before == configurations);
  }
}

TEST_CASE("blocks of inputs are as few as tiles allow, equal, and only the last is padded") {
  for (std::int32_t depth = 1; depth < 5000; ++depth) {
    const AmxDepth d = amx_depth(depth);
    const std::int64_t padded = std::int64_t{d.blocks} * d.block;
    const bool fits = d.block % 4 == 0 && d.block >= 4 && d.block <= 64 && padded >= depth;
    const bool few = d.blocks == (depth + 63) / 64;
    const bool last_has_inputs = padded - d.block < depth;
    const AmxDepth rounded = amx_depth((depth + 3) / 4 * 4);
    CHECK_MESSAGE((fits && few && last_has_inputs), depth);
    CHECK((rounded.blocks == d.blocks && rounded.block == d.block));
  }
}

}  // namespace edgefront
