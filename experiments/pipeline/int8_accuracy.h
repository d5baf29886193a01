// Top-1 of a deployable model on labelled images, through the interpreter.
#pragma once

#include <functional>
#include <string>

#include "evaluators/dataset.h"
#include "runtime/model.h"

namespace edgefront {

struct ModelAccuracy {
  double top1_percent = 0;
  int images = 0;
};

/// Runs every image of `images` (8-bit pixels, the model's own normalisation) and compares the
/// largest output with the label. Splits the images over `threads` interpreters; the result does
/// not depend on it. Throws InputError where image size or class count do not fit the model.
ModelAccuracy measure_accuracy(const Model& model, const ImageSet& images,
                               const std::string& kernel_set, int threads);

}  // namespace edgefront
