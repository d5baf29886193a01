// Which precision is the faster one on this machine, layer by layer: `edgefront-probe --compare`.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "runtime/kernels/kernel_set.h"
#include "runtime/probe/probe.h"

namespace edgefront {

/// One layer in both precisions, measured together.
struct LayerComparison {
  LayerKey key;  ///< the int8 one
  LatencyStatistics int8, fp32;
};

/// int8 time over fp32 time: below 1, int8 is faster.
double time_ratio(const LayerComparison& layer);

/// "int8" or "fp32", or "-" where the 95 % intervals overlap.
const char* faster_precision(const LayerComparison& layer);

/// Layers of MobileNetV2 and MobileNetV3-Large at 224x224: first convolution, expansions,
/// depthwise 3x3 to 7x7, projections, squeeze-excite, head and classifier.
std::vector<LayerKey> common_layers();

/// The same layer as `set` runs it in `precision`. Invalid for what has no second precision
/// (quantize, dequantize) or is no layer.
Status rekey(LayerKey key, Precision precision, const KernelSet& set, LayerKey* out);

/// The layers among the jobs of `in`, and their protocol. Invalid Status with the line's number for
/// a line that is no job, a network, or a layer that has no second precision (quantize,
/// dequantize).
Status read_comparison(std::FILE* in, std::vector<LayerKey>* layers, ProtocolOptions* protocol);

/// Measures every distinct layer in int8 and fp32 with the kernels of `set`; the precision, set and
/// version of a given key are not looked at.
Status compare_precisions(const std::vector<LayerKey>& layers, const KernelSet& set,
                          const ProtocolOptions& options, const ProbeProgress& progress,
                          std::vector<LayerComparison>* out);

/// A table with a line per layer, and a last line with the geometric mean of the ratios.
std::string comparison_table(const std::vector<LayerComparison>& layers);

}  // namespace edgefront
