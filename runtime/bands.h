// Chains of convolutions that run band by band: a few rows of each layer at a time, so that the
// tensors between them never exist as a whole. What is kept of them are rolling rows: the last ones
// that a later layer still reads. Every row is computed once, and with the bits that the layers
// give one after the other. Used for inverted bottlenecks (expand, depthwise, project), whose wide
// tensors then stay in the second-level cache, and for the first layers of a network, to save
// memory. Which steps run so is decided here, by one pure function that the layer listing, the cost
// models, the planner and the interpreter share.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/graph.h"
#include "runtime/kernels/kernels.h"

namespace edgefront {

/// Whether steps [first, last) can run as one chain: convolutions and depthwise layers, each
/// reading what the one before wrote, and nobody else but one residual add of the chain reading it;
/// residuals come from within the chain or are its input.
bool is_chain(const LayerGraph& graph, const std::vector<Step>& steps, int first, int last);

/// Steps that pass is_chain() as one. A larger chunk makes fewer calls, whose kernels run better,
/// and holds more rows; rows are whole, so a chunk may be larger than `chunk_bytes`.
Step chain_of(const std::vector<Step>& steps, int first, int last, std::int64_t chunk_bytes);

/// How one part of a chain runs.
struct BandPart {
  static constexpr std::int32_t kNone = -2;   ///< for `residual` and `held_by`
  static constexpr std::int32_t kInput = -1;  ///< `residual`: the input of the chain

  ConvGeometry geometry;
  std::int64_t row_bytes = 0;     ///< of its output
  std::int32_t chunk = 1;         ///< rows that one call of its kernel computes at most
  std::int32_t residual = kNone;  ///< part whose output it adds to its own
  std::int32_t held_by = kNone;   ///< part that adds this one's output
  std::int32_t capacity = 0;      ///< rolling rows of its output; all rows of the last part
  std::int64_t offset = 0;        ///< of the rolling rows; unused for the last part
};

struct BandPlan {
  std::vector<BandPart> parts;
  std::int64_t bytes = 0;  ///< rolling rows of all parts, a multiple of 64
};

/// Sizes for a banded step; a function of shapes and precision alone. Enough for a walk over any
/// range of the output's rows.
BandPlan plan_bands(const LayerGraph& graph, const Step& step);

/// The first input row that output row `row` of this layer reads, and the end of those that the
/// rows before `end` read; within the image.
std::int32_t first_input_row(const ConvGeometry& g, std::int32_t row);
std::int32_t input_rows_end(const ConvGeometry& g, std::int32_t end);

}  // namespace edgefront
