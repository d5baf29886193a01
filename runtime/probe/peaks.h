// Loops that do nothing but arithmetic, or nothing but loads, in the instructions of a kernel set:
// what the roofs of a machine are measured with (roofs.h). Each instruction set is asked for by
// function attributes, so that these files need no flags.
#pragma once

#include <cstdint>
#include <vector>

namespace edgefront {

struct PeakLoops {
  const char* kernel_set;
  /// Multiply-accumulates on registers, as the set's kernels do them, in enough independent chains
  /// to hide their latency; the returned number of operations is 2 for each of them.
  std::int64_t (*fp32)(std::int64_t rounds);
  std::int64_t (*int8)(std::int64_t rounds);
  /// Reads all of `bytes`, a multiple of 1024; `data` is aligned to 64 bytes. The result depends on
  /// every byte.
  std::uint64_t (*read)(const void* data, std::int64_t bytes);
};

/// The loops for the sets of this program's architecture family; "reference" is last and plain C++.
const std::vector<PeakLoops>& peak_loops();

/// Those of peaks_x86.cpp and peaks_arm.cpp; empty on other machines.
std::vector<PeakLoops> x86_peak_loops();
std::vector<PeakLoops> arm_peak_loops();

}  // namespace edgefront
