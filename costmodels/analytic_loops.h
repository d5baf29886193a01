// The time of a layer on an accelerator that unrolls the loops of a convolution over output and
// input channels and tiles them in rows and columns, with double buffers: C. Zhang et al. 2015,
// "Optimizing FPGA-based accelerator design for deep convolutional neural networks" (FPGA'15).
// DianNao (T. Chen et al. 2014) is the same loop nest as an ASIC.
#pragma once

#include "costmodels/analytic_time.h"

namespace edgefront {

/// The hardware that all layers share. Each of the `unroll_input` input banks, `unroll_output`
/// output banks and unroll_output · unroll_input weight banks of an FPGA has two halves that take
/// turns.
struct LoopPlan {
  int unroll_output = 0, unroll_input = 0;
  std::int64_t input_bank_bytes = 0, output_bank_bytes = 0;  ///< of one half, or an ASIC's bank
  int dsp = 0, bram18 = 0;                                   ///< what it takes; 0 for an ASIC
  int value_bytes = 1;
};

/// Whether the accelerator has multipliers of this precision.
bool computes(const LoopAccelerator& accelerator, Precision precision);

/// FPGA without unrolling factors: of all that keep to the DSP and BRAM budget, the plan with the
/// least time on the layers of MobileNetV2 and V3 that `edgefront-probe --compare` takes, of equal
/// ones the smaller. Else the description's factors. Throws InputError where nothing fits.
LoopPlan plan_loops(const LoopAccelerator& accelerator, Precision precision);

/// Rows and columns of the output that are computed at a time.
struct LoopTile {
  std::int64_t rows = 1, columns = 1;
};

/// ⌈M/Tm⌉·⌈N/Tn⌉·(pixels·K·K·II + tiles·depth), M and N being output and input channels.
std::int64_t loop_cycles(const LoopAccelerator& accelerator, const LoopPlan& plan,
                         const LoopNest& nest, const LoopTile& tile);

/// Bytes to and from memory: an input tile once for each of the ⌈M/Tm⌉ groups of outputs (once
/// where ⌈N/Tn⌉ is 1), the weights once for each tile (once where one tile of them is all), outputs
/// once.
double loop_bytes(const LoopPlan& plan, const LoopNest& nest, const LoopTile& tile);

/// The fastest tile whose halves fit in the banks.
LoopTile choose_tile(const LoopAccelerator& accelerator, const LoopPlan& plan,
                     const LoopNest& nest);

/// Layers without weights take the time of their traffic.
AnalyticTime loop_time(const LoopAccelerator& accelerator, const LoopPlan& plan,
                       const LayerGraph& graph, const Step& step);

}  // namespace edgefront
