#include "evaluators/torch/tensor_ops.h"

#include <c10/core/CPUAllocator.h>
#include <torch/csrc/autograd/custom_function.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <new>

#include "evaluators/torch/kernels.h"

namespace edgefront::torch_ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

std::span<const float> values(const at::Tensor& t) {
  return {t.data_ptr<float>(), static_cast<std::size_t>(t.numel())};
}

torch_kernels::DepthwiseShape shape_of(const at::Tensor& x, const at::Tensor& weights, int stride) {
  return {.batch = x.size(0),
          .height = x.size(1),
          .width = x.size(2),
          .channels = x.size(3),
          .kernel_size = static_cast<int>(weights.size(0)),
          .stride = stride};
}

struct Depthwise : Function<Depthwise> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weights, std::int64_t stride) {
    context->save_for_backward({x, weights});
    context->saved_data["stride"] = stride;
    const auto shape = shape_of(x, weights, static_cast<int>(stride));
    at::Tensor y = at::empty({shape.batch, shape.out_height(), shape.out_width(), shape.channels},
                             x.options());
    torch_kernels::depthwise_forward(shape, x.data_ptr<float>(), weights.data_ptr<float>(),
                                     y.data_ptr<float>());
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weights = saved[1], dy = gradients[0].contiguous();
    const auto shape =
        shape_of(x, weights, static_cast<int>(context->saved_data["stride"].toInt()));
    at::Tensor dx = at::empty_like(x), dw = at::empty_like(weights);
    torch_kernels::depthwise_backward(shape, x.data_ptr<float>(), weights.data_ptr<float>(),
                                      dy.data_ptr<float>(), dx.data_ptr<float>(),
                                      dw.data_ptr<float>());
    return {dx, dw, at::Tensor()};
  }
};

torch_kernels::NormCoefficients coefficients(const at::Tensor& gamma, const at::Tensor& beta,
                                             std::span<const float> mean,
                                             std::span<const float> inverse_stddev) {
  torch_kernels::NormCoefficients out;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    out.scale.push_back(values(gamma)[c] * inverse_stddev[c]);
    out.shift.push_back(values(beta)[c] - mean[c] * out.scale[c]);
  }
  return out;
}

std::vector<float> inverse_stddevs(std::span<const float> variance, double epsilon) {
  std::vector<float> out;
  for (float v : variance) out.push_back(static_cast<float>(1 / std::sqrt(v + epsilon)));
  return out;
}

at::Tensor tensor_of(const std::vector<float>& v, const at::Tensor& like) {
  at::Tensor t = at::empty({static_cast<std::int64_t>(v.size())}, like.options());
  std::copy(v.begin(), v.end(), t.data_ptr<float>());
  return t;
}

struct BatchNormActivation : Function<BatchNormActivation> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& gamma,
                            const at::Tensor& beta, const at::Tensor& mean,
                            const at::Tensor& inverse_stddev, std::int64_t activation) {
    context->save_for_backward({x, gamma, beta, mean, inverse_stddev});
    context->saved_data["activation"] = activation;
    at::Tensor y = at::empty_like(x);
    torch_kernels::norm_activation(values(x),
                                   coefficients(gamma, beta, values(mean), values(inverse_stddev)),
                                   static_cast<Activation>(activation), y.data_ptr<float>());
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor dy = gradients[0].contiguous();
    at::Tensor dx = at::empty_like(saved[0]);
    at::Tensor dgamma = at::empty_like(saved[1]), dbeta = at::empty_like(saved[2]);
    torch_kernels::norm_activation_backward(
        {.x = values(saved[0]),
         .y_gradient = values(dy),
         .mean = values(saved[3]),
         .inverse_stddev = values(saved[4]),
         .gamma = values(saved[1]),
         .beta = values(saved[2]),
         .activation = static_cast<Activation>(context->saved_data["activation"].toInt())},
        dx.data_ptr<float>(), dgamma.data_ptr<float>(), dbeta.data_ptr<float>());
    return {dx, dgamma, dbeta, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

/// Free blocks by size class (powers of two and the three quarters between), shared by all threads.
class CachingAllocator final : public at::Allocator {
 public:
  at::DataPtr allocate(std::size_t bytes) const override {
    if (bytes == 0) return {nullptr, nullptr, &release, at::Device(at::kCPU)};
    const std::size_t size = class_size(bytes);
    void* block = nullptr;
    {
      const std::lock_guard lock(mutex());
      auto& blocks = free_blocks()[size];
      if (!blocks.empty()) {
        block = blocks.back();
        blocks.pop_back();
      }
    }
    if (!block) block = std::aligned_alloc(kAlignment, size + kAlignment);
    if (!block) throw std::bad_alloc();
    // The class of a block stands in front of it.
    *static_cast<std::size_t*>(block) = size;
    void* data = static_cast<char*>(block) + kAlignment;
    return {data, data, &release, at::Device(at::kCPU)};
  }
  at::DeleterFnPtr raw_deleter() const override { return &release; }

 private:
  static constexpr std::size_t kAlignment = 64;

  static std::size_t class_size(std::size_t bytes) {
    const std::size_t power = std::bit_ceil(std::max<std::size_t>(bytes, 1024));
    const std::size_t step = power / 8;
    return (bytes + step - 1) / step * step;
  }
  static void release(void* data) {
    if (!data) return;
    void* block = static_cast<char*>(data) - kAlignment;
    const std::lock_guard lock(mutex());
    free_blocks()[*static_cast<std::size_t*>(block)].push_back(block);
  }
  // Never destroyed: libtorch frees tensors of its own after our statics are gone.
  static std::mutex& mutex() {
    static std::mutex* instance = new std::mutex;
    return *instance;
  }
  static std::map<std::size_t, std::vector<void*>>& free_blocks() {
    static auto* instance = new std::map<std::size_t, std::vector<void*>>;
    return *instance;
  }
};

}  // namespace

at::Tensor depthwise(const at::Tensor& x, const at::Tensor& weights, int stride) {
  return Depthwise::apply(x, weights, static_cast<std::int64_t>(stride));
}

at::Tensor batch_norm_train(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                            double epsilon, Activation activation, at::Tensor& mean,
                            at::Tensor& variance) {
  std::vector<float> means, variances;
  torch_kernels::channel_statistics(values(x), x.size(-1), means, variances);
  mean = tensor_of(means, x.detach());
  variance = tensor_of(variances, x.detach());
  return BatchNormActivation::apply(x, gamma, beta, mean,
                                    tensor_of(inverse_stddevs(variances, epsilon), x.detach()),
                                    static_cast<std::int64_t>(activation));
}

at::Tensor batch_norm_eval(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                           double epsilon, Activation activation, const at::Tensor& mean,
                           const at::Tensor& variance) {
  at::Tensor y = at::empty_like(x);
  torch_kernels::norm_activation(
      values(x),
      coefficients(gamma, beta, values(mean), inverse_stddevs(values(variance), epsilon)),
      activation, y.data_ptr<float>());
  return y;
}

at::Tensor activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return at::relu(x);
    case Activation::kRelu6:
      return at::hardtanh(x, 0, 6);
    case Activation::kHswish:
      return at::hardswish(x);
    case Activation::kHsigmoid:
      return at::hardsigmoid(x);
  }
  return x;
}

void install_caching_allocator() {
  static CachingAllocator allocator;
  c10::SetCPUAllocator(&allocator, /*priority=*/100);
}

}  // namespace edgefront::torch_ops
