// How a step is cut so that several threads compute it: bands of rows, runs of pixels, channels or
// values. A slice computes the same sums in the same order as the whole step, so results do not
// depend on the number of threads.
#pragma once

#include <cstdint>

#include "runtime/fuse.h"
#include "runtime/graph.h"
#include "runtime/kernels/kernel_set.h"

namespace edgefront {

/// A step is cut where its work is at least this for each thread; about 1 µs of a core with 512-bit
/// vectors, while a meeting of two threads takes 0.2 µs. A multiply-accumulate of a dense layer
/// counts 1 in int8 and 4 in fp32, one of a depthwise layer 8; a value that another operator reads
/// or writes 16. A banded step's work is that of its parts.
constexpr std::int64_t kMinSliceWork = 200'000;

/// `threads` for a step worth cutting, else 1. A fixed rule: what a table says of a layer with so
/// many threads must be what runs.
int step_slices(const LayerGraph& graph, const Step& step, int threads);

/// The layer that slice `index` of `slices` runs. A fully connected layer gives each slice some of
/// its channels, from `first_channel` on, with weights of their own; a pointwise layer becomes one
/// column of pixels; others stay as they are.
struct SliceGeometry {
  ConvGeometry geometry;
  std::int32_t first_channel = 0;
};
SliceGeometry slice_geometry(OpKind op, const ConvGeometry& whole, int index, int slices);

/// Values [begin, end) of `count`, for slice `index` of `slices`; multiples of `unit` but for the
/// last end.
struct Share {
  std::int64_t begin, end;
};
Share share_of(std::int64_t count, std::int64_t unit, int index, int slices);

}  // namespace edgefront
