#include "space/reference_networks.h"

#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

/// Channels that a published table scales are rounded to multiples of 8, but never by more than a
/// tenth downwards (the authors' code; Howard et al. 2019 use it for squeeze-excite).
int paper_channels(int channels) {
  const int rounded = (channels + 4) / 8 * 8;
  return rounded * 10 < channels * 9 ? rounded + 8 : rounded;
}

/// Appends an inverted bottleneck; its residual stands where shapes agree.
void add_bottleneck(Architecture* network, BlockArchitecture block) {
  const auto& blocks = network->blocks;
  block.in_channels = blocks.empty() ? network->stem_channels : blocks.back().out_channels;
  block.name = "block" + std::to_string(blocks.size() + 1);
  const bool residual = block.stride == 1 && block.in_channels == block.out_channels;
  block.skip = residual ? SkipKind::kIdentity : SkipKind::kNone;
  network->blocks.push_back(std::move(block));
}

Architecture imagenet_network(int stem_channels, BlockActivation activation) {
  Architecture network;
  network.resolution = 224;
  network.input_channels = 3;
  network.classes = 1000;
  network.stem_channels = stem_channels;
  network.stem_stride = 2;
  network.stem_activation = activation;
  network.head_activation = activation;
  return network;
}

}  // namespace

LayerGraph mobilenet_v2_graph() {
  struct Row {
    int expand_ratio, channels, repeats, stride;
  };
  constexpr Row kTable[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                            {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  Architecture network = imagenet_network(32, BlockActivation::kRelu6);
  int in_channels = network.stem_channels;
  for (const Row& row : kTable) {
    for (int i = 0; i < row.repeats; ++i) {
      BlockArchitecture block;
      block.hidden_channels = in_channels * row.expand_ratio;
      block.out_channels = row.channels;
      block.stride = i == 0 ? row.stride : 1;
      add_bottleneck(&network, block);
      in_channels = row.channels;
    }
  }
  network.head_channels = 1280;
  return lower(network);
}

LayerGraph mobilenet_v3_large_graph() {
  struct Row {
    int kernel_size, hidden, channels;
    bool squeeze_excite, hswish;
    int stride;
  };
  constexpr Row kTable[] = {
      {3, 16, 16, false, false, 1}, {3, 64, 24, false, false, 2}, {3, 72, 24, false, false, 1},
      {5, 72, 40, true, false, 2},  {5, 120, 40, true, false, 1}, {5, 120, 40, true, false, 1},
      {3, 240, 80, false, true, 2}, {3, 200, 80, false, true, 1}, {3, 184, 80, false, true, 1},
      {3, 184, 80, false, true, 1}, {3, 480, 112, true, true, 1}, {3, 672, 112, true, true, 1},
      {5, 672, 160, true, true, 2}, {5, 960, 160, true, true, 1}, {5, 960, 160, true, true, 1}};
  Architecture network = imagenet_network(16, BlockActivation::kHswish);
  for (const Row& row : kTable) {
    BlockArchitecture block;
    block.hidden_channels = row.hidden;
    block.out_channels = row.channels;
    block.kernel_size = row.kernel_size;
    block.stride = row.stride;
    block.se_channels = row.squeeze_excite ? paper_channels(row.hidden / 4) : 0;
    block.activation = row.hswish ? BlockActivation::kHswish : BlockActivation::kRelu6;
    add_bottleneck(&network, block);
  }
  network.head_channels = 960;
  network.feature_units = 1280;
  LayerGraph graph = lower(network);
  // Search spaces know relu6 only; the table says relu.
  for (Layer& layer : graph.layers) {
    if (layer.op == OpKind::kRelu6) layer.op = OpKind::kRelu;
  }
  return graph;
}

std::vector<std::string> reference_network_names() {
  return {"mobilenet_v2", "mobilenet_v3_large"};
}

LayerGraph reference_network(const std::string& name) {
  if (name == "mobilenet_v2") return mobilenet_v2_graph();
  if (name == "mobilenet_v3_large") return mobilenet_v3_large_graph();
  std::string accepted;
  for (const std::string& known : reference_network_names()) {
    accepted += (accepted.empty() ? "" : ", ") + known;
  }
  throw InputError("network '" + name + "' is unknown; accepted are " + accepted);
}

}  // namespace edgefront
