#include "tests/bench/peers/networks.h"

#include <algorithm>
#include <cmath>

#include "runtime/export/quantize.h"
#include "space/error.h"
#include "space/lower.h"
#include "space/random.h"
#include "space/reference_networks.h"
#include "space/search_space.h"

namespace edgefront::peers {
namespace {

constexpr std::uint64_t kSeed = 11;
constexpr int kCalibrationImages = 4;

/// A reference architecture of a shipped space.
struct Shipped {
  const char* name;
  const char* space;
  const char* reference;
};
constexpr Shipped kShipped[] = {
    {"fashion_small_v2_like", "fashion_small", "mobilenet_v2_like"},
    {"fashion_small_v3_like", "fashion_small", "mobilenet_v3_like"},
    {"cifar_v3_like", "cifar", "mobilenet_v3_like"},
};

LayerGraph graph_of(const std::string& name) {
  for (const Shipped& shipped : kShipped) {
    if (name != shipped.name) continue;
    const SearchSpace space = load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/" +
                                         std::string(shipped.space) + ".toml");
    return lower(decode(space, space.references.at(shipped.reference)));
  }
  return reference_network(name);
}

/// Without training a deep network amplifies what engines round differently. Residual branches at
/// half of He's scale keep it below a share of the output range that still shows every mistake.
void calm(Model* model) {
  for (std::size_t i = 0; i < model->graph.layers.size(); ++i) {
    if (model->graph.layers[i].name.find(".project") == std::string::npos) continue;
    for (float& weight : model->parameters[i].weights_f32) weight *= 0.5f;
  }
}

/// Quantization that every engine can express: values that are never negative keep zero point −128
/// (0 as uint8), all others get 0. Biases and tables follow.
void use_plain_zero_points(Model* model) {
  std::vector<TensorQuantization> plain = model->quantization;
  for (TensorQuantization& q : plain) {
    if (q.zero_point == -128) continue;
    const float low = q.scale * static_cast<float>(-128 - q.zero_point);
    const float high = q.scale * static_cast<float>(127 - q.zero_point);
    q = {std::max(-low, high) / 127, 0};
  }
  for (std::size_t i = 0; i < model->graph.layers.size(); ++i) {
    const Layer& layer = model->graph.layers[i];
    LayerParameters& p = model->parameters[i];
    const float change = model->quantization[layer.inputs[0]].scale / plain[layer.inputs[0]].scale;
    for (std::int32_t& bias : p.bias_s32) {
      bias = static_cast<std::int32_t>(std::nearbyint(static_cast<float>(bias) * change));
    }
    if (!p.table.empty()) {
      p.table = unary_table(layer.op, plain[layer.inputs[0]], plain[layer.output]);
    }
  }
  model->quantization = std::move(plain);
}

void expect_ours(Precision precision, Network* network) {
  const EngineOrReason ours = make_ours(*network, {precision, 1, "", ""});
  ours.engine->write_input();
  ours.engine->run();
  (precision == Precision::kInt8 ? network->expected_int8 : network->expected_fp32) =
      ours.engine->output();
}

}  // namespace

double allowed_difference(Precision precision) {
  return precision == Precision::kInt8 ? 0.03 : 1e-4;
}

double difference(const Network& network, Precision precision, const std::vector<float>& output) {
  const std::vector<float>& expected = network.expected(precision);
  if (output.size() != expected.size()) return INFINITY;
  const auto [low, high] = std::minmax_element(expected.begin(), expected.end());
  double largest = 0;
  for (std::size_t i = 0; i < output.size(); ++i) {
    const double d = std::fabs(double(output[i]) - expected[i]);
    if (!(d <= largest)) largest = std::isnan(d) ? INFINITY : d;
  }
  return largest / (double(*high) - *low);
}

std::vector<std::string> network_names() {
  std::vector<std::string> names = reference_network_names();
  for (const Shipped& shipped : kShipped) names.emplace_back(shipped.name);
  return names;
}

Network make_network(const std::string& name) {
  Network network;
  network.name = name;
  const LayerGraph graph = graph_of(name);
  network.fp32 = generated_model(graph, kSeed);
  calm(&network.fp32);
  const auto size = std::size_t(graph.tensors[graph.inputs[0]].shape.elements());
  RandomStream random(kSeed, 0);
  CalibrationSet calibration;
  calibration.count = kCalibrationImages;
  for (std::size_t i = 0; i < size * kCalibrationImages; ++i) {
    calibration.images.push_back(static_cast<float>(4 * random.uniform() - 2));
  }
  network.input.assign(calibration.images.begin(), calibration.images.begin() + long(size));
  // Nothing is clipped: a range that cuts outliers is cut differently where engines round.
  QuantizeOptions options;
  options.range = RangeMethod::kMinMax;
  options.bias_correction = false;
  network.int8 = quantize(network.fp32, calibration, options);
  use_plain_zero_points(&network.int8);
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    expect_ours(precision, &network);
  }
  return network;
}

}  // namespace edgefront::peers
