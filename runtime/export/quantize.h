// Post-training static quantization to the int8 arithmetic of design 5.1.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "runtime/export/float_model.h"
#include "runtime/model.h"

namespace edgefront {

enum class RangeMethod {
  kMinMax,      ///< smallest and largest value seen
  kPercentile,  ///< cuts `percentile_tail` at each end of the histogram
  kMse,         ///< the clipping range that minimises the squared quantization error
};

struct QuantizeOptions {
  RangeMethod range = RangeMethod::kMse;
  double percentile_tail = 1e-4;
  bool bias_correction =
      true;  ///< shift biases by the mean output error of each layer, measured on
             ///< the calibration images (Nagel et al. 2019, §4.2, empirical form)
};

/// Real-valued network inputs (normalised, NHWC), one image after another.
struct CalibrationSet {
  std::vector<float> images;
  int count = 0;
};

/// `float_model` as given by fold_batch_norm. Observes every tensor on the calibration images, then
/// quantizes weights (symmetric, per output channel) and activations (asymmetric, per tensor);
/// hswish and hsigmoid become tables. Input and output tensors of the result are int8. Adds no
/// probes. Throws InputError for an empty calibration set or values that are not finite.
Model quantize(const Model& float_model, const CalibrationSet& calibration,
               const QuantizeOptions& options);

/// Quantizes real inputs with the model's input scale: q = clamp(rint(x/s) + z).
void quantize_input(const Model& model, std::span<const float> real, std::span<std::int8_t> out);

/// The input bytes (int8 or float by the model's precision) for one image of 8-bit pixels, NHWC,
/// by the model's normalisation.
std::vector<std::uint8_t> input_bytes_of_pixels(const Model& model,
                                                std::span<const std::uint8_t> pixels);

/// Records `inputs` with the outputs of the reference kernels as the model's probes.
void add_probes(Model& model, const std::vector<std::vector<std::uint8_t>>& inputs);

}  // namespace edgefront
