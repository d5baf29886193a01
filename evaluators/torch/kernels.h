// The two operations whose libtorch versions take most of a training on a CPU, written for NHWC:
// depthwise convolution (libtorch's backward pass is many times slower than its arithmetic) and
// batch norm fused with the activation that follows. Plain arrays, single-threaded, re-entrant.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/fuse.h"

namespace edgefront::torch_kernels {

/// A batch of NHWC images and a kernel_size x kernel_size filter per channel, weights
/// [ky][kx][channel], padding kernel_size/2, kernel_size 1, 3, 5 or 7.
struct DepthwiseShape {
  std::int64_t batch = 0, height = 0, width = 0, channels = 0;
  int kernel_size = 3, stride = 1;
  std::int64_t out_height() const { return (height - 1) / stride + 1; }
  std::int64_t out_width() const { return (width - 1) / stride + 1; }
};

void depthwise_forward(const DepthwiseShape& shape, const float* input, const float* weights,
                       float* output);

/// `input_gradient` may be null; both gradients are overwritten.
void depthwise_backward(const DepthwiseShape& shape, const float* input, const float* weights,
                        const float* output_gradient, float* input_gradient,
                        float* weight_gradient);

/// Mean and biased variance of each column of the rows x channels matrix `x`.
void channel_statistics(std::span<const float> x, std::int64_t channels, std::vector<float>& mean,
                        std::vector<float>& variance);

/// What batch norm does to one channel: z = x·scale + shift.
struct NormCoefficients {
  std::vector<float> scale, shift;
};

/// y = activation(x·scale + shift); kNone, kRelu, kRelu6 and kHswish.
void norm_activation(std::span<const float> x, const NormCoefficients& coefficients,
                     Activation activation, float* y);

/// Gradients of y = activation(gamma·(x − mean)·inverse_stddev + beta), where mean and stddev are
/// those of x itself. `y_gradient` has the size of x; gamma and beta gradients are overwritten.
struct NormBackward {
  std::span<const float> x, y_gradient;
  std::span<const float> mean, inverse_stddev, gamma, beta;
  Activation activation = Activation::kNone;
};
void norm_activation_backward(const NormBackward& arguments, float* x_gradient,
                              float* gamma_gradient, float* beta_gradient);

}  // namespace edgefront::torch_kernels
