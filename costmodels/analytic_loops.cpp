#include "costmodels/analytic_loops.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/probe/compare.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::int64_t kBlockBytes = 18 * 1024 / 8;
constexpr int kMostUnroll = 512;
constexpr int kMostBlocksPerBank = 8;
constexpr std::int64_t kSumBytes = 4;  // partial sums of an output
constexpr std::int64_t kLargestKernel = 7;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

int dsp_of(double per_mac, int unroll_output, int unroll_input) {
  return static_cast<int>(std::ceil(per_mac * unroll_output * unroll_input));
}

/// Side of the input that `tile` output rows or columns read.
std::int64_t input_side(std::int64_t tile, const LoopNest& nest) {
  return (tile - 1) * nest.stride + nest.kernel_size;
}

bool fits(const LoopPlan& plan, const LoopNest& nest, const LoopTile& tile) {
  return input_side(tile.rows, nest) * input_side(tile.columns, nest) * plan.value_bytes <=
             plan.input_bank_bytes &&
         tile.rows * tile.columns * kSumBytes <= plan.output_bank_bytes;
}

double tile_us(const LoopAccelerator& a, const LoopPlan& plan, const LoopNest& nest,
               const LoopTile& tile) {
  const double compute_us = static_cast<double>(loop_cycles(a, plan, nest, tile)) / a.clock_mhz;
  return std::max(compute_us, loop_bytes(plan, nest, tile) / a.bandwidth_gb_s * 1e-3);
}

std::vector<LoopNest> reference_nests() {
  std::vector<LoopNest> nests;
  for (const LayerKey& key : common_layers()) {
    LayerGraph graph;
    if (!graph_of(key, &graph).ok()) continue;
    for (const Layer& layer : graph.layers) {
      if (has_weights(layer.op)) nests.push_back(loop_nest(graph, layer));
    }
  }
  return nests;
}

double reference_us(const LoopAccelerator& a, const LoopPlan& plan,
                    const std::vector<LoopNest>& nests) {
  double sum = 0;
  for (const LoopNest& nest : nests) {
    sum += tile_us(a, plan, nest, choose_tile(a, plan, nest));
  }
  return sum;
}

/// Banks as large as the memory blocks allow; not valid (no banks) where one each is too much.
/// A weight bank holds two kernels of up to 7x7 and takes one block.
LoopPlan fpga_plan(const LoopAccelerator& a, double dsp_per_mac, int value_bytes, int outputs,
                   int inputs) {
  LoopPlan plan;
  plan.unroll_output = outputs;
  plan.unroll_input = inputs;
  plan.value_bytes = value_bytes;
  plan.dsp = dsp_of(dsp_per_mac, outputs, inputs);
  if (plan.dsp > a.dsp) return plan;
  for (int per_bank = kMostBlocksPerBank; per_bank >= 1; --per_bank) {
    const int blocks = outputs * inputs + 2 * per_bank * (outputs + inputs);
    if (blocks > a.bram18) continue;
    plan.bram18 = blocks;
    plan.input_bank_bytes = plan.output_bank_bytes = per_bank * kBlockBytes;
    break;
  }
  return plan;
}

[[noreturn]] void refuse(const std::string& what) {
  throw InputError("the accelerator of the device description " + what);
}

LoopPlan asic_plan(const LoopAccelerator& a, Precision precision) {
  LoopPlan plan;
  plan.unroll_output = a.unroll_output;
  plan.unroll_input = a.unroll_input;
  plan.value_bytes = precision == Precision::kInt8 ? a.value_bytes : 4;
  plan.input_bank_bytes = a.input_buffer_bytes / a.unroll_input;
  plan.output_bank_bytes = a.output_buffer_bytes / a.unroll_output;
  LoopNest largest;
  largest.kernel_size = kLargestKernel;
  if (!fits(plan, largest, {})) {
    refuse("has buffers that do not hold a kernel of 7x7 per unrolled channel");
  }
  return plan;
}

}  // namespace

bool computes(const LoopAccelerator& accelerator, Precision precision) {
  return (precision == Precision::kInt8 ? accelerator.dsp_per_mac_int8
                                        : accelerator.dsp_per_mac_fp32) > 0;
}

LoopPlan plan_loops(const LoopAccelerator& a, Precision precision) {
  if (!a.fpga) return asic_plan(a, precision);
  const bool int8 = precision == Precision::kInt8;
  const double per_mac = int8 ? a.dsp_per_mac_int8 : a.dsp_per_mac_fp32;
  const int bytes = int8 ? a.value_bytes : 4;
  if (a.unroll_output > 0) {
    const LoopPlan plan = fpga_plan(a, per_mac, bytes, a.unroll_output, a.unroll_input);
    if (plan.input_bank_bytes == 0)
      refuse("exceeds its DSP or BRAM budget when unrolled as stated");
    return plan;
  }
  const std::vector<LoopNest> nests = reference_nests();
  LoopPlan best;
  double least = std::numeric_limits<double>::infinity();
  for (int outputs = 1; outputs <= kMostUnroll; outputs += outputs < 8    ? 1
                                                           : outputs < 64 ? 4
                                                                          : 16) {
    for (int inputs = 1; inputs <= kMostUnroll; inputs += inputs < 8 ? 1 : 4) {
      const LoopPlan plan = fpga_plan(a, per_mac, bytes, outputs, inputs);
      if (plan.input_bank_bytes == 0) break;
      const double us = reference_us(a, plan, nests);
      if (us < least) least = us, best = plan;
    }
  }
  if (best.input_bank_bytes == 0) refuse("has too few DSP slices or memory blocks for one value");
  return best;
}

std::int64_t loop_cycles(const LoopAccelerator& a, const LoopPlan& plan, const LoopNest& nest,
                         const LoopTile& tile) {
  const std::int64_t groups = ceil_div(nest.output_channels, plan.unroll_output) *
                              ceil_div(nest.input_channels, plan.unroll_input);
  const std::int64_t tiles = ceil_div(nest.rows, tile.rows) * ceil_div(nest.columns, tile.columns);
  const std::int64_t inner =
      nest.pixels() * nest.kernel_size * nest.kernel_size * a.initiation_interval;
  return groups * (inner + tiles * a.pipeline_depth);
}

double loop_bytes(const LoopPlan& plan, const LoopNest& nest, const LoopTile& tile) {
  const std::int64_t output_groups = ceil_div(nest.output_channels, plan.unroll_output);
  const std::int64_t input_groups = ceil_div(nest.input_channels, plan.unroll_input);
  const std::int64_t tile_rows = ceil_div(nest.rows, tile.rows);
  const std::int64_t tile_columns = ceil_div(nest.columns, tile.columns);
  // Over all tiles, rows and columns of input with their overlap.
  const double overlap = static_cast<double>(nest.kernel_size - nest.stride);
  const double rows =
      static_cast<double>(nest.rows * nest.stride) + static_cast<double>(tile_rows) * overlap;
  const double columns =
      static_cast<double>(nest.columns * nest.stride) + static_cast<double>(tile_columns) * overlap;
  const double channels =
      static_cast<double>(nest.depthwise ? nest.output_channels : nest.input_channels);
  const double again = nest.depthwise || input_groups == 1 ? 1 : static_cast<double>(output_groups);
  const double weights = static_cast<double>(nest.output_channels * nest.input_channels *
                                             nest.kernel_size * nest.kernel_size);
  const double tiles =
      output_groups * input_groups == 1 ? 1 : static_cast<double>(tile_rows * tile_columns);
  return plan.value_bytes * (rows * columns * channels * again + weights * tiles +
                             static_cast<double>(nest.output_channels * nest.pixels()));
}

LoopTile choose_tile(const LoopAccelerator& a, const LoopPlan& plan, const LoopNest& nest) {
  LoopTile best;
  double least = std::numeric_limits<double>::infinity();
  for (std::int64_t parts = 1;; parts *= 2) {
    const std::int64_t columns = ceil_div(nest.columns, std::min(parts, nest.columns));
    const std::int64_t input_rows =
        plan.input_bank_bytes / plan.value_bytes / input_side(columns, nest);
    const std::int64_t rows =
        std::min({nest.rows, (input_rows - nest.kernel_size) / nest.stride + 1,
                  plan.output_bank_bytes / kSumBytes / columns});
    const LoopTile tile{std::max<std::int64_t>(rows, 1), columns};
    if (fits(plan, nest, tile)) {
      const double us = tile_us(a, plan, nest, tile);
      if (us < least) least = us, best = tile;
    }
    if (parts >= nest.columns) return best;
  }
}

AnalyticTime loop_time(const LoopAccelerator& a, const LoopPlan& plan, const LayerGraph& graph,
                       const Step& step) {
  const Layer& layer = graph.layers[static_cast<std::size_t>(step.layer)];
  const StepTraffic traffic = traffic_of(graph, step);
  AnalyticTime time;
  time.overhead_us = a.overhead_us;
  const double widened = layer.precision == Precision::kInt8 ? plan.value_bytes : 1;
  double bytes = 0;
  if (has_weights(layer.op)) {
    const LoopNest nest = loop_nest(graph, layer);
    const LoopTile tile = choose_tile(a, plan, nest);
    const double cycles = static_cast<double>(loop_cycles(a, plan, nest, tile));
    time.compute_us = cycles / a.clock_mhz;
    time.utilisation =
        static_cast<double>(nest.macs()) / (cycles * plan.unroll_output * plan.unroll_input);
    bytes = loop_bytes(plan, nest, tile);
    if (step.residual >= 0) bytes += traffic.output_bytes * widened;
  } else {
    bytes = (traffic.input_bytes + traffic.output_bytes) * widened;
  }
  time.memory_us = bytes / a.bandwidth_gb_s * 1e-3;
  return time;
}

}  // namespace edgefront
