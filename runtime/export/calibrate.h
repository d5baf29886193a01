// Runs the float model on the calibration images and keeps what quantization needs to know of every
// tensor.
#pragma once

#include <vector>

#include "runtime/export/histogram.h"
#include "runtime/export/quantize.h"

namespace edgefront {

struct Observations {
  std::vector<Histogram> histograms;  ///< per tensor, within its observation window
  /// Per tensor, summed over the first `summed_images` images; empty for tensors that no layer with
  /// weights reads.
  std::vector<std::vector<double>> sums;
  int summed_images = 0;
};

/// Values outside make no difference to the readers of `tensor`: hswish is 0 below −3, hsigmoid
/// constant outside [−3, 3]. So no int8 level is spent there.
Range observation_window(const LayerGraph& graph, std::int32_t tensor);

/// One pass over all images. Throws InputError, naming the layer, for a value that is not finite.
Observations observe(const Model& float_model, const CalibrationSet& calibration,
                     int summed_images);

}  // namespace edgefront
