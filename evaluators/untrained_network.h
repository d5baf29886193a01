// Layer graphs run forward and backward with weights that nobody trained: what the scores of
// untrained networks are made of. No libtorch: plain loops in double. Every sum has one order, so
// that a score is the same on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/graph.h"

namespace edgefront {

/// Per layer of a graph, empty where it has none: convolutions {out, k, k, in}, depthwise
/// {k, k, channels}, fully connected {out, in}.
using LayerWeights = std::vector<std::vector<double>>;

/// Normal with variance 2 / fan-in (He et al. 2015, "Delving deep into rectifiers"), a random
/// stream per layer.
LayerWeights random_weights(const LayerGraph& graph, std::uint64_t seed);

/// Values of a tensor, or gradients with respect to them, of one or several images in a row, NHWC.
using TensorValues = std::vector<double>;

/// A convolution, depthwise or fully connected layer between two shapes, with its weights.
struct WeightedLayer {
  const Layer& layer;
  Shape in, out;
  const std::vector<double>& weights;
};
WeightedLayer weighted_layer(const LayerGraph& graph, std::size_t l, const LayerWeights& weights);

/// y = w · x for each of `count` images; y is overwritten.
void apply(const WeightedLayer& w, int count, const double* x, double* y);
/// dx += wᵀ · dy.
void apply_transposed(const WeightedLayer& w, int count, const double* dy, double* dx);
/// dw += dy · xᵀ, summed over the images; `dw` as the weights.
void add_weight_gradient(const WeightedLayer& w, int count, const double* x, const double* dy,
                         double* dw);

/// y = means of x over the pixels, for each of `count` images.
void average_pixels(const Shape& in, int count, const double* x, double* y);

/// One layer on a batch of `count` images; `values` by tensor, that of the output is made. Every
/// convolution is followed by batch norm with the statistics of the batch, without scale and shift;
/// 1 / standard deviation per channel go to `inverse_deviations`, if given.
void run_layer(const LayerGraph& graph, std::size_t l, const LayerWeights& weights, int count,
               std::vector<TensorValues>& values,
               std::vector<double>* inverse_deviations = nullptr);

struct LossGradient {
  double loss = 0;  ///< mean cross-entropy over the images
  LayerWeights gradients;
};

/// The gradient of the loss of a graph's first output with respect to all weights. `images`: one
/// after another; one label an image, below the number of classes.
LossGradient loss_gradient(const LayerGraph& graph, const LayerWeights& weights,
                           const TensorValues& images, std::span<const int> labels);

}  // namespace edgefront
