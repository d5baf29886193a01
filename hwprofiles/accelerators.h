// Devices that nobody has at hand, by their published parameters: what the analytic cost models
// need of an NPU, a GPU, an FPGA or an ASIC. Each table of a device description fills one struct.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace edgefront {

/// [systolic]: a grid of multiply-accumulate cells, int8, weight-stationary: each cell holds one
/// weight, inputs move right, sums move down.
struct SystolicArray {
  int rows = 0, columns = 0;
  double clock_mhz = 0;
  std::int64_t sram_bytes = 0;    ///< one half for activations, the other for weights on their way
  double dma_gb_s = 0;            ///< between SRAM and memory, or the host
  bool weights_resident = false;  ///< the network's weights stay on the chip between inferences
  double overhead_us = 0;         ///< per layer
  std::string citation;
};

/// [gpu]: one kernel launch per layer.
struct EdgeGpu {
  double fp32_gops = 0, int8_gops = 0;  ///< as in [roofline]; 0: cannot
  double bandwidth_gb_s = 0;
  double launch_us = 0;
  int lanes = 0;  ///< values that are computed at once
  std::string citation;
};

/// [fpga] or [asic]: the loop nest of a convolution, unrolled over output and input channels
/// and tiled in rows and columns.
struct LoopAccelerator {
  bool fpga = true;
  double clock_mhz = 0;
  int initiation_interval = 1;  ///< cycles between two values of the unrolled loops
  int pipeline_depth = 0;       ///< cycles to fill the pipeline, once per tile
  double bandwidth_gb_s = 0;
  double overhead_us = 0;
  int unroll_output = 0, unroll_input = 0;  ///< channels at once; 0: planned (FPGA only)
  int dsp = 0, bram18 = 0;                  ///< budget: DSP slices, memory blocks of 18 Kbit
  double dsp_per_mac_int8 = 0, dsp_per_mac_fp32 = 0;  ///< 0: cannot
  /// Buffers of an ASIC, all banks together; they are refilled while they are read.
  std::int64_t input_buffer_bytes = 0, output_buffer_bytes = 0;
  int value_bytes = 1;  ///< that an int8 value takes on it
  std::string citation;
};

/// What fits on a device. 0: no limit.
struct DeviceLimits {
  std::int64_t peak_memory_bytes = 0, weights_bytes = 0;
  double power_w = 0;
};

/// Of a category: "high-end", "mid-range", "constrained", "microcontroller"; none for others.
DeviceLimits default_limits(const std::string& category);

}  // namespace edgefront
