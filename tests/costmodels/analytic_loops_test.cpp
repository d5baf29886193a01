#include "costmodels/analytic_loops.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "space/error.h"

namespace edgefront {
namespace {

LoopAccelerator fpga(int dsp, int bram18) {
  LoopAccelerator a;
  a.clock_mhz = 100;
  a.bandwidth_gb_s = 4;
  a.pipeline_depth = 10;
  a.dsp = dsp;
  a.bram18 = bram18;
  a.dsp_per_mac_int8 = 1;
  a.dsp_per_mac_fp32 = 5;
  return a;
}

LoopNest nest_of(int outputs, int inputs, int side, int kernel, int stride) {
  LoopNest nest;
  nest.output_channels = outputs;
  nest.input_channels = inputs;
  nest.rows = nest.columns = side;
  nest.kernel_size = kernel;
  nest.stride = stride;
  return nest;
}

TEST_CASE("the first layer of AlexNet takes the cycles that Zhang et al. publish") {
  LoopAccelerator a = fpga(2800, 2060);
  a.pipeline_depth = 0;
  LoopPlan plan;
  plan.unroll_output = 64;
  plan.unroll_input = 7;
  CHECK(loop_cycles(a, plan, nest_of(48, 3, 55, 11, 4), {55, 55}) == 366025);
}

TEST_CASE("the published design of Zhang et al. takes the DSP slices that they report") {
  LoopAccelerator a = fpga(2800, 2060);
  a.unroll_output = 64;
  a.unroll_input = 7;
  const LoopPlan plan = plan_loops(a, Precision::kFloat32);
  CHECK(plan.dsp == 2240);
  CHECK(plan.bram18 <= 2060);
}

/// Runs the tiled loops and counts: cycles of the innermost loop and bytes that tiles load.
struct Counted {
  std::int64_t cycles = 0;
  double bytes = 0;
};
Counted count_loops(const LoopAccelerator& a, const LoopPlan& plan, const LoopNest& n,
                    const LoopTile& tile) {
  Counted counted;
  const auto groups = [](std::int64_t all, std::int64_t at_once) {
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < all; i += at_once) ++count;
    return count;
  };
  const std::int64_t m = groups(n.output_channels, plan.unroll_output);
  const std::int64_t k = groups(n.input_channels, plan.unroll_input);
  std::int64_t tiles = 0;
  for (std::int64_t r = 0; r < n.rows; r += tile.rows) {
    for (std::int64_t c = 0; c < n.columns; c += tile.columns) {
      const std::int64_t rows = std::min(tile.rows, n.rows - r);
      const std::int64_t columns = std::min(tile.columns, n.columns - c);
      ++tiles;
      for (std::int64_t group = 0; group < m * k; ++group) {
        counted.cycles += a.pipeline_depth;
        for (std::int64_t inner = 0; inner < rows * columns * n.kernel_size * n.kernel_size;
             ++inner) {
          counted.cycles += a.initiation_interval;
        }
      }
      const double patch = double((rows - 1) * n.stride + n.kernel_size) *
                           double((columns - 1) * n.stride + n.kernel_size);
      const double channels = double(n.depthwise ? n.output_channels : n.input_channels);
      counted.bytes += patch * channels * (n.depthwise || k == 1 ? 1 : double(m));
      counted.bytes += double(rows * columns * n.output_channels);
    }
  }
  counted.bytes += double(n.output_channels * n.input_channels * n.kernel_size * n.kernel_size) *
                   double(m * k == 1 ? 1 : tiles);
  counted.bytes *= plan.value_bytes;
  return counted;
}

TEST_CASE("cycles and bytes are those of the loops themselves") {
  std::mt19937_64 random(2);
  const auto draw = [&](int low, int high) {
    return low + int(random() % unsigned(high - low + 1));
  };
  for (int trial = 0; trial < 100; ++trial) {
    LoopAccelerator a = fpga(100, 100);
    a.initiation_interval = draw(1, 3);
    LoopPlan plan;
    plan.unroll_output = draw(1, 9);
    plan.unroll_input = draw(1, 9);
    plan.value_bytes = draw(1, 4);
    LoopNest nest = nest_of(draw(1, 30), draw(1, 30), draw(1, 20), 1 + 2 * draw(0, 3), draw(1, 2));
    nest.columns = draw(1, 20);
    nest.depthwise = trial % 4 == 0;
    if (nest.depthwise) nest.input_channels = 1;
    const LoopTile tile{draw(1, 20), draw(1, 20)};
    const Counted counted = count_loops(a, plan, nest, tile);
    CHECK(loop_cycles(a, plan, nest, tile) == counted.cycles);
    CHECK(loop_bytes(plan, nest, tile) == doctest::Approx(counted.bytes));
  }
}

TEST_CASE("plans keep to the DSP and BRAM budget, and tiles to their banks") {
  std::mt19937_64 random(3);
  for (const auto& [dsp, bram] : {std::pair{1, 5},
                                  {40, 30},
                                  {220, 280},
                                  {360, 432},
                                  {900, 1090},
                                  {2520, 1824},
                                  {100, 20},
                                  {16, 4000}}) {
    for (const Precision precision : {Precision::kInt8, Precision::kFloat32}) {
      if (precision == Precision::kFloat32 && dsp < 5) continue;
      const LoopAccelerator a = fpga(dsp, bram);
      const LoopPlan plan = plan_loops(a, precision);
      const int per_mac = precision == Precision::kInt8 ? 1 : 5;
      CAPTURE(dsp);
      CHECK(plan.unroll_output * plan.unroll_input * per_mac <= dsp);
      // Blocks of 18 Kbit: a weight bank each, and two halves of every input and output bank.
      const std::int64_t halves = 2 * plan.unroll_input * ((plan.input_bank_bytes + 2303) / 2304) +
                                  2 * plan.unroll_output * ((plan.output_bank_bytes + 2303) / 2304);
      CHECK(plan.unroll_output * plan.unroll_input + halves <= bram);
      CHECK(plan.dsp <= dsp);
      CHECK(plan.bram18 <= bram);
      for (int trial = 0; trial < 50; ++trial) {
        const LoopNest nest =
            nest_of(1 + int(random() % 300), 1 + int(random() % 300), 1 + int(random() % 112),
                    1 + 2 * int(random() % 4), 1 + int(random() % 2));
        const LoopTile tile = choose_tile(a, plan, nest);
        const std::int64_t height = (tile.rows - 1) * nest.stride + nest.kernel_size;
        const std::int64_t width = (tile.columns - 1) * nest.stride + nest.kernel_size;
        CHECK(height * width * plan.value_bytes <= plan.input_bank_bytes);
        CHECK(tile.rows * tile.columns * 4 <= plan.output_bank_bytes);
        CHECK(tile.rows <= nest.rows);
        CHECK(tile.columns <= nest.columns);
      }
    }
  }
}

TEST_CASE("a larger budget never gives a slower plan, and none that does not fit is made") {
  const LoopNest nest = nest_of(96, 96, 28, 1, 1);
  double before = 1e30;
  for (const int dsp : {1, 8, 64, 512}) {
    const LoopAccelerator a = fpga(dsp, 2000);
    const LoopPlan plan = plan_loops(a, Precision::kInt8);
    const double cycles = double(loop_cycles(a, plan, nest, choose_tile(a, plan, nest)));
    CHECK(cycles <= before);
    before = cycles;
  }
  CHECK_THROWS_WITH_AS(plan_loops(fpga(4, 100), Precision::kFloat32),
                       doctest::Contains("too few DSP slices"), InputError);
  LoopAccelerator stated = fpga(100, 100);
  stated.unroll_output = stated.unroll_input = 11;
  CHECK_THROWS_WITH_AS(plan_loops(stated, Precision::kInt8),
                       doctest::Contains("exceeds its DSP or BRAM budget"), InputError);
}

TEST_CASE("an ASIC's factors and buffers are those of its description") {
  LoopAccelerator a = fpga(0, 0);
  a.fpga = false;
  a.unroll_output = a.unroll_input = 16;
  a.input_buffer_bytes = a.output_buffer_bytes = 2048;
  a.value_bytes = 2;
  const LoopPlan plan = plan_loops(a, Precision::kInt8);
  CHECK(plan.input_bank_bytes == 128);
  CHECK(plan.value_bytes == 2);
  a.input_buffer_bytes = 256;
  CHECK_THROWS_WITH_AS(plan_loops(a, Precision::kInt8), doctest::Contains("kernel of 7x7"),
                       InputError);
}

}  // namespace
}  // namespace edgefront
