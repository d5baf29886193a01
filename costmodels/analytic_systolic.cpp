#include "costmodels/analytic_systolic.h"

#include <algorithm>

namespace edgefront {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// All folds of a dense product.
std::int64_t product_cycles(const SystolicArray& array, std::int64_t rows, std::int64_t columns,
                            std::int64_t pixels) {
  const std::int64_t row_folds = ceil_div(rows, array.rows);
  const std::int64_t column_folds = ceil_div(columns, array.columns);
  // Used rows and columns add up to `rows` and `columns` over the folds of the other side.
  return row_folds * column_folds * (array.rows + pixels - 2) + column_folds * rows +
         row_folds * columns;
}

std::int64_t depthwise_cycles(const SystolicArray& array, const LoopNest& nest) {
  const std::int64_t rows = nest.kernel_size * nest.kernel_size;
  if (rows > array.rows) {
    return nest.output_channels * product_cycles(array, rows, 1, nest.pixels());
  }
  const std::int64_t diagonal =
      std::min<std::int64_t>({array.rows / rows, array.columns, nest.output_channels});
  const std::int64_t folds = ceil_div(nest.output_channels, diagonal);
  return folds * (array.rows + nest.pixels() - 2) + nest.output_channels * (rows + 1);
}

}  // namespace

SystolicCount systolic_count(const SystolicArray& array, const LoopNest& nest) {
  SystolicCount count;
  count.cycles =
      nest.depthwise
          ? depthwise_cycles(array, nest)
          : product_cycles(array, nest.kernel_size * nest.kernel_size * nest.input_channels,
                           nest.output_channels, nest.pixels());
  const double cells = static_cast<double>(array.rows) * array.columns;
  count.utilisation =
      static_cast<double>(nest.macs()) / (static_cast<double>(count.cycles) * cells);
  return count;
}

AnalyticTime systolic_time(const SystolicArray& array, const LayerGraph& graph, const Step& step) {
  const Layer& layer = graph.layers[static_cast<std::size_t>(step.layer)];
  const StepTraffic traffic = traffic_of(graph, step);
  AnalyticTime time;
  time.overhead_us = array.overhead_us;
  double column_folds = 1;
  if (has_weights(layer.op)) {
    const LoopNest nest = loop_nest(graph, layer);
    const SystolicCount count = systolic_count(array, nest);
    time.compute_us = static_cast<double>(count.cycles) / array.clock_mhz;
    time.utilisation = count.utilisation;
    if (!nest.depthwise) {
      column_folds = static_cast<double>(ceil_div(nest.output_channels, array.columns));
    }
  } else {
    const double values = std::max(traffic.input_bytes, traffic.output_bytes);
    time.compute_us = values / array.columns / array.clock_mhz;
  }
  const double half = static_cast<double>(array.sram_bytes) / 2;
  double bytes = array.weights_resident ? 0 : traffic.weight_bytes;
  if (traffic.input_bytes + traffic.output_bytes > half) {
    bytes += traffic.input_bytes * (traffic.input_bytes > half ? column_folds : 1) +
             traffic.output_bytes;
  }
  time.memory_us = bytes / array.dma_gb_s * 1e-3;
  return time;
}

}  // namespace edgefront
