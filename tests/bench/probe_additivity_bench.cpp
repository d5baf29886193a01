// Do the layer entries of the probe add up to networks? Measures every layer of a list drawn from
// many random inverted-bottleneck networks, then some of the networks whole, and prints predicted
// sum against measured. Usage: probe_additivity_bench [NETWORKS] [SEED] [int8|fp32] [KERNEL_SET]
// [verbose]: layer by layer, entry against the same step inside the network.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "runtime/execution_steps.h"
#include "runtime/fuse.h"
#include "runtime/interpreter.h"
#include "runtime/probe/probe.h"
#include "runtime/probe/rounds.h"

using namespace edgefront;

namespace {

// Draws a network of 8 to 40 fused layers on 28x28 images: stem, inverted bottlenecks in three
// resolutions with kernels 3, 5, 7, expansion 2 or 6, squeeze-excite in some, and a head.
class RandomNetwork {
 public:
  explicit RandomNetwork(std::uint64_t seed) : seed_(seed) {}

  LayerGraph draw() {
    const int channels = pick({8, 16, 24});
    current_ = tensor(Shape{28, 28, pick({1, 3})});
    graph_.inputs = {current_};
    weighted(OpKind::kConv2d, channels, 3, pick({1, 2}), OpKind::kRelu6);
    for (const int factor : {1, 2, 4}) {
      const int width = channels * factor;
      const int depth = pick({1, 2, 3});
      for (int i = 0; i < depth; ++i) block(width, i == 0 && factor > 1 ? 2 : 1);
    }
    weighted(OpKind::kConv2d, pick({64, 128}), 1, 1, OpKind::kRelu6);
    layer(OpKind::kGlobalAveragePool, current_, -1, Shape{1, 1, shape().channels});
    weighted(OpKind::kFullyConnected, 10, 1, 1, OpKind::kConv2d);
    graph_.outputs = {current_};
    return graph_;
  }

 private:
  int pick(std::vector<int> choices) {
    return choices[stream_value(seed_, draws_++) % choices.size()];
  }
  std::int32_t tensor(const Shape& shape) {
    graph_.tensors.push_back({shape, Precision::kFloat32});
    return static_cast<std::int32_t>(graph_.tensors.size()) - 1;
  }
  Shape shape() const { return graph_.tensors[static_cast<std::size_t>(current_)].shape; }

  void layer(OpKind op, std::int32_t a, std::int32_t b, const Shape& out, int kernel = 1,
             int stride = 1) {
    Layer one;
    one.op = op;
    one.inputs = {{a, b}};
    one.output = tensor(out);
    one.kernel_size = kernel;
    one.stride = stride;
    one.block = block_;
    one.name = "layer" + std::to_string(graph_.layers.size());
    graph_.layers.push_back(one);
    current_ = one.output;
  }

  // A layer with weights and, unless it is kConv2d, the activation behind it.
  void weighted(OpKind op, int out, int kernel, int stride, OpKind activation) {
    Shape to = shape();
    to.channels = out;
    if (op != OpKind::kFullyConnected) {
      to.height = (to.height - 1) / stride + 1;
      to.width = (to.width - 1) / stride + 1;
    }
    layer(op, current_, -1, to, kernel, stride);
    if (activation != OpKind::kConv2d) layer(activation, current_, -1, to);
  }

  void block(int width, int stride) {
    ++block_;
    const std::int32_t input = current_;
    const Shape from = shape();
    const OpKind activation = pick({0, 1}) == 0 ? OpKind::kRelu6 : OpKind::kHswish;
    const int wide = from.channels * pick({2, 6});
    weighted(OpKind::kConv2d, wide, 1, 1, activation);
    weighted(OpKind::kDepthwiseConv2d, wide, pick({3, 5, 7}), stride, activation);
    if (pick({0, 0, 1}) == 1) {
      const std::int32_t image = current_;
      layer(OpKind::kGlobalAveragePool, image, -1, Shape{1, 1, wide});
      weighted(OpKind::kFullyConnected, std::max(8, wide / 4), 1, 1, OpKind::kRelu);
      weighted(OpKind::kFullyConnected, wide, 1, 1, OpKind::kHsigmoid);
      layer(OpKind::kMul, image, current_, graph_.tensors[static_cast<std::size_t>(image)].shape);
    }
    weighted(OpKind::kConv2d, width, 1, 1, OpKind::kConv2d);
    if (stride == 1 && from.channels == width) layer(OpKind::kAdd, current_, input, from);
  }

  std::uint64_t seed_, draws_ = 0;
  LayerGraph graph_;
  std::int32_t current_ = -1, block_ = 0;
};

void check(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.message().c_str());
  std::exit(1);
}

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// What is measured: networks, and the distinct layers of them and of four times as many others.
struct Drawn {
  std::vector<LayerKey> keys;
  std::vector<Model> models;
  std::vector<std::vector<std::string>> layers_of;  // of the models, as keys
};

Drawn draw(int networks, std::uint64_t seed, Precision precision, const KernelSet& set) {
  Drawn drawn;
  std::map<std::string, LayerKey> distinct;
  for (int i = 0; i < 5 * networks; ++i) {
    const LayerGraph graph = with_precision(RandomNetwork(stream_value(seed, i)).draw(), precision);
    check(validate(graph));
    std::vector<std::string> texts;
    for (const Step& step : execution_steps(graph, set)) {
      const LayerKey key = key_of(graph, step, set, 1);
      texts.push_back(key.text());
      distinct[key.text()] = key;
    }
    if (i >= networks) continue;
    drawn.models.push_back(generated_model(graph, stream_value(seed, i)));
    drawn.layers_of.push_back(texts);
  }
  for (const auto& one : distinct) drawn.keys.push_back(one.second);
  return drawn;
}

std::map<std::string, double> measure_entries(const std::vector<LayerKey>& keys,
                                              const ProtocolOptions& options) {
  const double start = seconds();
  std::vector<LayerMeasurement> measured;
  check(measure_layers(keys, options, nullptr, &measured));
  std::map<std::string, double> entry;
  double samples = 0, rejected = 0;
  int wide = 0;
  for (const LayerMeasurement& one : measured) {
    entry[one.key.text()] = one.statistics.latency_us;
    samples += one.statistics.samples;
    rejected += one.statistics.rejected;
    wide += relative_half_width(one.statistics) > options.relative_half_width ? 1 : 0;
  }
  std::printf("%zu layers in %.1f s, %.0f samples and %.0f repeats each, %d not within 3 %%\n",
              keys.size(), seconds() - start, samples / keys.size(), rejected / keys.size(), wide);
  return entry;
}

std::vector<NetworkMeasurement> measure_whole(const std::vector<Model>& models,
                                              const KernelSet& set,
                                              const ProtocolOptions& options) {
  const double start = seconds();
  std::vector<const Model*> views;
  std::vector<std::string> names;
  for (const Model& model : models) {
    views.push_back(&model);
    names.push_back(std::to_string(names.size()));
  }
  std::vector<NetworkMeasurement> whole;
  check(measure_networks(views, names, set.name, 1, options, nullptr, &whole));
  std::printf("%zu networks in %.1f s\n", models.size(), seconds() - start);
  return whole;
}

void print_comparison(const std::vector<std::vector<std::string>>& layers_of,
                      const std::map<std::string, double>& entry,
                      const std::vector<NetworkMeasurement>& whole, bool layer_by_layer) {
  double log_sum = 0, log_squares = 0, worst = 0;
  std::printf("layers  sum_us  steps_us  measured_us  sum/measured  steps/measured\n");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    double sum = 0, steps = 0;
    for (const std::string& text : layers_of[i]) sum += entry.at(text);
    for (const double us : whole[i].step_latency_us) steps += us;
    for (std::size_t k = 0; layer_by_layer && k < layers_of[i].size(); ++k) {
      std::printf("  %-80s %8.3f %8.3f\n", layers_of[i][k].c_str(), entry.at(layers_of[i][k]),
                  whole[i].step_latency_us[k]);
    }
    const double us = whole[i].statistics.latency_us;
    const double ratio = std::log(sum / us);
    log_sum += ratio;
    log_squares += ratio * ratio;
    worst = std::max(worst, std::fabs(sum / us - 1));
    std::printf("%6zu %8.2f %8.2f %8.2f %8.3f %8.3f\n", layers_of[i].size(), sum, steps, us,
                sum / us, steps / us);
  }
  const auto networks = static_cast<double>(whole.size());
  const double mean = log_sum / networks;
  std::printf("sum/measured: geometric mean %.3f, spread %.3f, worst %.1f %%\n", std::exp(mean),
              std::sqrt(std::max(0.0, log_squares / networks - mean * mean)), 100 * worst);
}

}  // namespace

int main(int argc, char** argv) {
  const int networks = argc > 1 ? std::atoi(argv[1]) : 20;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const Precision precision =
      argc > 3 && std::string(argv[3]) == "fp32" ? Precision::kFloat32 : Precision::kInt8;
  const KernelSet* set = nullptr;
  check(choose_kernel_set(argc > 4 ? argv[4] : "", &set));
  const Drawn drawn = draw(networks, seed, precision, *set);
  ProtocolOptions options;
  options.seed = seed;
  const std::map<std::string, double> entry = measure_entries(drawn.keys, options);
  const auto whole = measure_whole(drawn.models, *set, options);
  print_comparison(drawn.layers_of, entry, whole, argc > 5);
  return 0;
}
