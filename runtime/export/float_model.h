// What training hands over: a layer graph in float32 and the weights of every layer by its name,
// batch norm not yet folded. All that follows (fold, calibrate, quantize, write) needs no libtorch.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/graph.h"
#include "runtime/model.h"

namespace edgefront {

/// y = gamma·(x − mean)/sqrt(variance + epsilon) + beta, per output channel.
struct BatchNorm {
  std::vector<float> gamma, beta, mean, variance;
  float epsilon = 1e-5f;
};

/// Layouts as in runtime/kernels/kernels.h: conv [out][ky][kx][in], depthwise [ky][kx][channel],
/// fully connected [out][in].
struct FloatLayer {
  std::vector<float> weights;
  std::vector<float> bias;  ///< empty where batch norm follows
  BatchNorm batch_norm;     ///< vectors empty: none
};

struct FloatModel {
  LayerGraph graph;                          ///< float32
  std::map<std::string, FloatLayer> layers;  ///< by Layer::name; exactly those with weights
  InputNormalization normalization;
  std::vector<std::string> class_names;
};

/// Folds batch norm into weights and bias; the result runs on the interpreter in float32. Throws
/// InputError that names the layer where sizes do not fit or a variance is negative or not finite.
Model fold_batch_norm(const FloatModel& model);

}  // namespace edgefront
