#include "evaluators/torch/network.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/GradMode.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <cmath>
#include <mutex>

#include "evaluators/torch/tensor_ops.h"
#include "runtime/fuse.h"

namespace edgefront {
namespace {

constexpr double kStatisticsMomentum = 0.1;

/// The tensors of one layer; undefined ones are not part of it. Convolution {out, k, k, in},
/// depthwise {k, k, channels}, fully connected {out, in}.
struct LayerTensors {
  at::Tensor weights, bias, gamma, beta;
  at::Tensor mean, variance;  ///< running statistics, no gradients
  float epsilon = 1e-5f;
};

enum class Mode { kTrain, kStatistics, kJudge };

at::Tensor copy_of(const std::vector<float>& values, at::IntArrayRef sizes) {
  at::Tensor t = at::empty(sizes, at::kFloat);
  TORCH_CHECK(t.numel() == static_cast<std::int64_t>(values.size()), "weights of wrong size");
  std::copy(values.begin(), values.end(), t.data_ptr<float>());
  return t;
}

at::Tensor leaf(at::Tensor t) { return t.requires_grad_(true); }

std::vector<float> vector_of(const at::Tensor& t) {
  if (!t.defined()) return {};
  return {t.data_ptr<float>(), t.data_ptr<float>() + t.numel()};
}

std::span<float> span_of(const at::Tensor& t) {
  return {t.data_ptr<float>(), static_cast<std::size_t>(t.numel())};
}

LayerTensors make_tensors(const LayerGraph& graph, const Layer& layer, const FloatLayer& from) {
  const std::int64_t in = graph.tensors[layer.inputs[0]].shape.channels;
  const std::int64_t out = graph.tensors[layer.output].shape.channels;
  const std::int64_t k = layer.kernel_size;
  LayerTensors t;
  if (layer.op == OpKind::kFullyConnected) {
    t.weights = leaf(copy_of(from.weights, {out, in}));
    t.bias = leaf(copy_of(from.bias, {out}));
    return t;
  }
  t.weights = layer.op == OpKind::kDepthwiseConv2d ? leaf(copy_of(from.weights, {k, k, out}))
                                                   : leaf(copy_of(from.weights, {out, k, k, in}));
  t.gamma = leaf(copy_of(from.batch_norm.gamma, {out}));
  t.beta = leaf(copy_of(from.batch_norm.beta, {out}));
  t.mean = from.batch_norm.mean.empty() ? at::zeros({out}) : copy_of(from.batch_norm.mean, {out});
  t.variance =
      from.batch_norm.variance.empty() ? at::ones({out}) : copy_of(from.batch_norm.variance, {out});
  t.epsilon = from.batch_norm.epsilon;
  return t;
}

/// Pointwise ones too: oneDNN's kernels are faster than the sgemm of OpenBLAS on these shapes, and
/// channels-last follows from the order of the input's memory.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weights, int stride) {
  return at::conv2d(x.permute({0, 3, 1, 2}), weights.permute({0, 3, 1, 2}), {}, stride,
                    weights.size(1) / 2)
      .permute({0, 2, 3, 1})
      .contiguous();
}

at::Tensor image_tensor(const ImageBatch& batch, const Shape& wanted) {
  at::Tensor x =
      at::from_blob(const_cast<float*>(batch.images.data()),
                    {batch.count, batch.height, batch.width, batch.channels}, at::kFloat);
  if (batch.height == wanted.height && batch.width == wanted.width) return x;
  return at::upsample_bilinear2d(x.permute({0, 3, 1, 2}), {wanted.height, wanted.width},
                                 /*align_corners=*/false)
      .permute({0, 2, 3, 1})
      .contiguous();
}

}  // namespace

struct Network::Impl {
  LayerGraph graph;
  std::vector<Step> steps;
  std::vector<LayerTensors> layers;  ///< by index into graph.layers
  int batches_seen = 0;              ///< since reset_statistics()

  at::Tensor weighted(const Step& step, const at::Tensor& x, Mode mode);
  at::Tensor forward(const ImageBatch& batch, Mode mode);
  void follow_statistics(LayerTensors& t, const at::Tensor& mean, const at::Tensor& variance,
                         std::int64_t samples, Mode mode);
};

/// The running variance is the unbiased one, as everywhere: what is judged is not the batch.
void Network::Impl::follow_statistics(LayerTensors& t, const at::Tensor& mean,
                                      const at::Tensor& variance, std::int64_t samples, Mode mode) {
  const double share = mode == Mode::kTrain ? kStatisticsMomentum : 1.0 / (batches_seen + 1);
  const double unbiased = samples > 1 ? double(samples) / (samples - 1) : 1;
  t.mean.mul_(1 - share).add_(mean, share);
  t.variance.mul_(1 - share).add_(variance, share * unbiased);
}

/// Convolution, depthwise or fully connected with what is fused into it, but not the residual add.
at::Tensor Network::Impl::weighted(const Step& step, const at::Tensor& x, Mode mode) {
  const Layer& layer = graph.layers[step.layer];
  LayerTensors& t = layers[step.layer];
  if (layer.op == OpKind::kFullyConnected) {
    const at::Tensor y = at::linear(x.reshape({x.size(0), -1}), t.weights, t.bias);
    return torch_ops::activate(y.view({y.size(0), 1, 1, y.size(1)}), step.activation);
  }
  const at::Tensor y = layer.op == OpKind::kDepthwiseConv2d
                           ? torch_ops::depthwise(x, t.weights, layer.stride)
                           : convolution(x, t.weights, layer.stride);
  const bool fused = step.activation != Activation::kHsigmoid;
  const Activation activation = fused ? step.activation : Activation::kNone;
  at::Tensor z;
  if (mode == Mode::kJudge) {
    z = torch_ops::batch_norm_eval(y, t.gamma, t.beta, t.epsilon, activation, t.mean, t.variance);
  } else {
    at::Tensor mean, variance;
    z = torch_ops::batch_norm_train(y, t.gamma, t.beta, t.epsilon, activation, mean, variance);
    const c10::AutoGradMode no_gradients(false);
    follow_statistics(t, mean, variance, y.numel() / y.size(-1), mode);
  }
  return fused ? z : torch_ops::activate(z, step.activation);
}

at::Tensor Network::Impl::forward(const ImageBatch& batch, Mode mode) {
  std::vector<at::Tensor> tensors(graph.tensors.size());
  tensors[graph.inputs[0]] = image_tensor(batch, graph.tensors[graph.inputs[0]].shape);
  for (const Step& step : steps) {
    const at::Tensor& x = tensors[step.input];
    at::Tensor y;
    switch (graph.layers[step.layer].op) {
      case OpKind::kConv2d:
      case OpKind::kDepthwiseConv2d:
      case OpKind::kFullyConnected:
        y = weighted(step, x, mode);
        break;
      case OpKind::kAdd:
        y = torch_ops::activate(x + tensors[step.input2], step.activation);
        break;
      case OpKind::kMul:
        y = torch_ops::activate(x * tensors[step.input2], step.activation);
        break;
      case OpKind::kGlobalAveragePool:
        y = x.mean({1, 2}, /*keepdim=*/true);
        break;
      case OpKind::kRelu:
        y = torch_ops::activate(x, Activation::kRelu);
        break;
      case OpKind::kRelu6:
        y = torch_ops::activate(x, Activation::kRelu6);
        break;
      case OpKind::kHswish:
        y = torch_ops::activate(x, Activation::kHswish);
        break;
      case OpKind::kHsigmoid:
        y = torch_ops::activate(x, Activation::kHsigmoid);
        break;
      case OpKind::kQuantize:
      case OpKind::kDequantize:
        TORCH_CHECK(false, "a quantized graph cannot be trained");
    }
    tensors[step.output] = step.residual >= 0 ? y + tensors[step.residual] : y;
  }
  const at::Tensor& logits = tensors[graph.outputs[0]];
  return logits.reshape({logits.size(0), -1}).contiguous();
}

Network::Network(const LayerGraph& graph, const WeightMap& weights)
    : impl_(std::make_unique<Impl>()) {
  impl_->graph = graph;
  impl_->steps = fuse(graph);
  impl_->layers.resize(graph.layers.size());
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    if (has_weights(layer.op)) {
      impl_->layers[i] = make_tensors(graph, layer, weights.at(layer.name));
    }
  }
}

Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Network::~Network() = default;

std::unique_ptr<Network> Network::replica() const {
  auto impl = std::make_unique<Impl>(*impl_);
  for (LayerTensors& t : impl->layers) {
    for (at::Tensor* shared : {&t.weights, &t.bias, &t.gamma, &t.beta}) {
      if (shared->defined()) *shared = leaf(shared->detach());
    }
    for (at::Tensor* own : {&t.mean, &t.variance}) {
      if (own->defined()) *own = own->clone();
    }
  }
  return std::unique_ptr<Network>(new Network(std::move(impl)));
}

StepResult Network::train_step(const ImageBatch& batch, const Targets& targets) {
  for (LayerTensors& t : impl_->layers) {
    for (at::Tensor* p : {&t.weights, &t.bias, &t.gamma, &t.beta}) {
      if (p->defined()) p->mutable_grad() = at::Tensor();
    }
  }
  const c10::AutoGradMode gradients(true);
  const at::Tensor logits = impl_->forward(batch, Mode::kTrain);
  const at::Tensor wanted =
      at::from_blob(const_cast<float*>(targets.probabilities.data()), logits.sizes(), at::kFloat);
  const double temperature = targets.temperature;
  const at::Tensor loss = (wanted * at::log_softmax(logits / temperature, 1)).sum() *
                          (-temperature * temperature / batch.count);
  StepResult result{.loss = loss.item<double>(), .logits = vector_of(logits.detach())};
  if (std::isfinite(result.loss)) loss.backward();
  return result;
}

std::vector<float> Network::logits(const ImageBatch& batch) {
  const c10::AutoGradMode no_gradients(false);
  return vector_of(impl_->forward(batch, Mode::kJudge));
}

void Network::reset_statistics() { impl_->batches_seen = 0; }

void Network::add_statistics(const ImageBatch& batch) {
  const c10::AutoGradMode no_gradients(false);
  impl_->forward(batch, Mode::kStatistics);
  ++impl_->batches_seen;
}

std::vector<Parameter> Network::parameters() {
  std::vector<Parameter> out;
  for (std::size_t i = 0; i < impl_->layers.size(); ++i) {
    LayerTensors& t = impl_->layers[i];
    const Layer& layer = impl_->graph.layers[i];
    const auto add = [&](at::Tensor& value, ParameterKind kind) {
      if (!value.defined()) return;
      Parameter p{.layer = layer.name,
                  .kind = kind,
                  .convolution = layer.op != OpKind::kFullyConnected,
                  .value = span_of(value),
                  .gradient = {}};
      at::Tensor& gradient = value.mutable_grad();
      if (gradient.defined()) {
        if (!gradient.is_contiguous()) gradient = gradient.contiguous();
        p.gradient = span_of(gradient);
      }
      out.push_back(std::move(p));
    };
    add(t.weights, ParameterKind::kWeights);
    add(t.bias, ParameterKind::kBias);
    add(t.gamma, ParameterKind::kGamma);
    add(t.beta, ParameterKind::kBeta);
  }
  return out;
}

WeightMap Network::weights() const {
  WeightMap out;
  for (std::size_t i = 0; i < impl_->layers.size(); ++i) {
    const LayerTensors& t = impl_->layers[i];
    if (!t.weights.defined()) continue;
    FloatLayer& layer = out[impl_->graph.layers[i].name];
    layer.weights = vector_of(t.weights);
    layer.bias = vector_of(t.bias);
    layer.batch_norm = {.gamma = vector_of(t.gamma),
                        .beta = vector_of(t.beta),
                        .mean = vector_of(t.mean),
                        .variance = vector_of(t.variance),
                        .epsilon = t.epsilon};
  }
  return out;
}

namespace {

/// A function of the BLAS library that libtorch uses, or null.
void* blas_symbol(const char* name) {
  static void* const library = dlopen("libblas.so.3", RTLD_LAZY | RTLD_LOCAL);
  return library ? dlsym(library, name) : nullptr;
}

}  // namespace

void use_one_thread() {
  static std::once_flag once;
  std::call_once(once, [] {
    torch_ops::install_caching_allocator();
    // OpenBLAS has a pool for the whole process that serialises callers.
    if (void* set = blas_symbol("openblas_set_num_threads")) {
      reinterpret_cast<void (*)(int)>(set)(1);
    }
  });
  at::set_num_threads(1);
}

LibraryDescription describe_libraries() {
  LibraryDescription out;
  out.text = std::string("libtorch ") + TORCH_VERSION + ", ";
  if (void* config = blas_symbol("openblas_get_config")) {
    out.text += reinterpret_cast<const char* (*)()>(config)();
  } else if (at::hasMKL()) {
    out.text += "MKL";
  } else if (blas_symbol("bli_info_get_version_str")) {
    out.text += "BLIS";
  } else {
    out.text += "reference BLAS";
    out.warning =
        "libtorch runs on the reference BLAS, some 50 times slower than OpenBLAS: install "
        "libopenblas0-pthread";
  }
  return out;
}

}  // namespace edgefront
