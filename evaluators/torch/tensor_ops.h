// The project's own differentiable operations on libtorch tensors. Logical NHWC: a tensor of shape
// {batch, height, width, channels} is contiguous. (With libtorch's NCHW view of the same memory,
// "channels last" is ambiguous for one channel and for 1x1 or depthwise weights, and silently falls
// back to the slow order.)
#pragma once

#include <ATen/ATen.h>

#include "runtime/fuse.h"

namespace edgefront::torch_ops {

/// x {n, h, w, c}, weights {k, k, c}; padding k/2.
at::Tensor depthwise(const at::Tensor& x, const at::Tensor& weights, int stride);

/// Batch norm by the statistics of x over all but the last dimension, then the activation (none,
/// relu, relu6 or hswish). Writes mean and biased variance of the batch.
at::Tensor batch_norm_train(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                            double epsilon, Activation activation, at::Tensor& mean,
                            at::Tensor& variance);

/// The same with given statistics, without gradients.
at::Tensor batch_norm_eval(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                           double epsilon, Activation activation, const at::Tensor& mean,
                           const at::Tensor& variance);

at::Tensor activate(const at::Tensor& x, Activation activation);

/// Keeps freed tensors for reuse, for the whole process: the sizes of a training repeat every step,
/// and the C library gives large blocks back to the system and fetches zeroed pages anew each time
/// (half of the training time). Call once before the first tensor.
void install_caching_allocator();

}  // namespace edgefront::torch_ops
