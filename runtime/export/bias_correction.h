// Empirical bias correction after Nagel et al. 2019, "Data-free quantization through weight
// equalization and bias correction", §4.2 and appendix: layer by layer, the mean over the
// calibration images of the quantized layer's output (its inputs come from the quantized, already
// corrected layers before it) is moved to that of the float layer, per output channel.
#pragma once

#include <vector>

#include "runtime/export/calibrate.h"
#include "runtime/export/quantize.h"

namespace edgefront {

/// Mean over output positions, per channel, of a layer with weights before its activation and any
/// clamping. Such a layer is linear, so the mean over images needs only the mean input image.
std::vector<double> mean_outputs(const LayerGraph& graph, const Layer& layer,
                                 const std::vector<double>& mean_input,
                                 const std::vector<double>& weights,
                                 const std::vector<double>& bias);

/// How many images correction can keep in memory (all live int8 tensors of all images at once,
/// 256 MiB); at least 1.
int correction_images(const LayerGraph& graph, int available);

/// `observations.summed_images` images are used.
void correct_biases(const Model& float_model, const CalibrationSet& calibration,
                    const Observations& observations, Model* quantized);

}  // namespace edgefront
