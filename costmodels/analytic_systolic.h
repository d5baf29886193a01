// The time of a layer on a weight-stationary systolic array, as in the first TPU (Jouppi et al.
// 2017, "In-datacenter performance analysis of a tensor processing unit"), by the mapping and the
// cycle count of SCALE-Sim (Samajdar et al. 2018, arXiv:1811.02883; 2020, ISPASS): a convolution is
// a product of kernel·kernel·input channels rows, output channels columns and one vector per
// output pixel, cut into folds of the array's size.
#pragma once

#include "costmodels/analytic_time.h"

namespace edgefront {

struct SystolicCount {
  std::int64_t cycles = 0;
  double utilisation = 0;  ///< multiply-accumulates / (cycles · cells)
};

/// A fold that uses r of R rows and c columns on T pixels takes r cycles to load its weights from
/// above, and T + R + c − 2 until the last sum has left the array below: R + r + c + T − 2, which
/// is SCALE-Sim's 2R + C + T − 2 for a full fold. Folds follow one another without overlap.
///
/// Depthwise: as many channels at once as fit on a diagonal, each with its kernel's rows and a
/// column of its own, the rest of the fold zero.
SystolicCount systolic_count(const SystolicArray& array, const LoopNest& nest);

/// Compute: the count over the clock; layers without weights run one value per column and cycle.
/// Memory: weights once, unless they are resident; activations only where input and output exceed
/// half of the SRAM, the input then once for every fold of columns.
AnalyticTime systolic_time(const SystolicArray& array, const LayerGraph& graph, const Step& step);

}  // namespace edgefront
