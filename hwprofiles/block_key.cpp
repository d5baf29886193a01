#include "hwprofiles/block_key.h"

#include <array>
#include <charconv>
#include <sstream>

#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::array<const char*, 6> kKindNames{"conv", "mbconv", "pool", "fc", "pool_fc", "skip"};

std::string shape_text(const Shape& s) {
  return std::to_string(s.height) + "x" + std::to_string(s.width) + "x" +
         std::to_string(s.channels);
}

/// Words after kind and shapes: letters, then a number.
struct Field {
  const char* letters;
  std::int32_t BlockKey::*value;
  std::int32_t absent;  ///< the value without a word
};
constexpr std::array<Field, 8> kFields{{{"m", &BlockKey::middle, 0},
                                        {"k", &BlockKey::kernel_size, 0},
                                        {"s", &BlockKey::stride, 0},
                                        {"g", &BlockKey::groups, 1},
                                        {"se", &BlockKey::squeeze_excite, -1},
                                        {"hs", &BlockKey::hswish, -1},
                                        {"add", &BlockKey::residual, -1},
                                        {"r", &BlockKey::resolution, 0}}};

bool read_number(const char*& at, const char* end, std::int32_t* out) {
  const auto result = std::from_chars(at, end, *out);
  if (result.ec != std::errc{} || *out < 0) return false;
  at = result.ptr;
  return true;
}

bool read_shape(const char*& at, const char* end, Shape* out) {
  const auto times = [&] { return at < end && *at++ == 'x'; };
  return read_number(at, end, &out->height) && times() && read_number(at, end, &out->width) &&
         times() && read_number(at, end, &out->channels);
}

bool read_shapes(const std::string& word, BlockKey* key) {
  const char *at = word.data(), *end = at + word.size();
  return read_shape(at, end, &key->input) && at < end && *at++ == '>' &&
         read_shape(at, end, &key->output) && at == end;
}

bool read_field(const std::string& word, BlockKey* key) {
  const std::size_t digits = word.find_first_of("0123456789");
  if (digits == std::string::npos) return false;
  for (const Field& field : kFields) {
    if (word.compare(0, digits, field.letters) != 0) continue;
    const char *at = word.data() + digits, *end = word.data() + word.size();
    return read_number(at, end, &(key->*field.value)) && at == end;
  }
  return false;
}

/// The layers of one block, and what they have in common.
struct BlockLayers {
  const LayerGraph& graph;
  std::vector<const Layer*> layers;

  const Shape& input() const { return graph.tensors[layers.front()->inputs[0]].shape; }
  const Shape& output() const { return graph.tensors[layers.back()->output].shape; }
  std::size_t count(OpKind op) const {
    std::size_t n = 0;
    for (const Layer* layer : layers) n += layer->op == op;
    return n;
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw InputError("block of layer " + layers.front()->name + ": " + what +
                     "; no published table has such blocks");
  }
};

BlockKey mbconv_key(const BlockLayers& block) {
  BlockKey key;
  key.kind = BlockKind::kMbconv;
  key.input = block.input();
  key.output = block.output();
  key.squeeze_excite = block.count(OpKind::kMul) > 0;
  key.residual = block.count(OpKind::kAdd) > 0;
  key.hswish = block.count(OpKind::kHswish) > 0;
  const bool expands = block.layers.front()->op == OpKind::kConv2d;
  if (block.count(OpKind::kConv2d) > (expands ? 2u : 1u)) block.refuse("it has a projection skip");
  for (const Layer* layer : block.layers) {
    if (layer->op != OpKind::kDepthwiseConv2d) continue;
    key.kernel_size = layer->kernel_size;
    key.stride = layer->stride;
    if (expands) key.middle = block.graph.tensors[layer->output].shape.channels;
  }
  return key;
}

/// Stem and head: a key per layer with weights and per pool.
void add_single_keys(const BlockLayers& block, std::vector<BlockKey>* keys) {
  if (block.count(OpKind::kAdd) > 0) block.refuse("it is dense and adds its input");
  for (std::size_t i = 0; i < block.layers.size(); ++i) {
    const Layer& layer = *block.layers[i];
    BlockKey key;
    key.input = block.graph.tensors[layer.inputs[0]].shape;
    key.output = block.graph.tensors[layer.output].shape;
    if (layer.op == OpKind::kConv2d) {
      key.kind = BlockKind::kConv;
      key.kernel_size = layer.kernel_size;
      key.stride = layer.stride;
    } else if (layer.op == OpKind::kGlobalAveragePool) {
      key.kind = BlockKind::kPool;
    } else if (layer.op == OpKind::kFullyConnected) {
      key.kind = BlockKind::kFullyConnected;
    } else {
      continue;  // activations belong to the layer before
    }
    const bool last = i + 1 == block.layers.size();
    key.hswish = !last && block.layers[i + 1]->op == OpKind::kHswish;
    keys->push_back(key);
  }
}

}  // namespace

std::string BlockKey::text() const {
  std::string text = kKindNames[static_cast<std::size_t>(kind)];
  text += " " + shape_text(input) + ">" + shape_text(output);
  for (const Field& field : kFields) {
    const std::int32_t value = this->*field.value;
    if (value != field.absent) text += std::string(" ") + field.letters + std::to_string(value);
  }
  return text;
}

BlockKey BlockKey::parse(const std::string& text) {
  std::istringstream in(text);
  std::string kind, shapes;
  in >> kind >> shapes;
  BlockKey key;
  key.kernel_size = key.stride = 0;
  const auto fail = [&](const std::string& word) {
    throw InputError("block key \"" + text + "\": \"" + word + "\" is not understood");
  };
  std::size_t k = 0;
  while (k < kKindNames.size() && kind != kKindNames[k]) ++k;
  if (k == kKindNames.size()) fail(kind);
  key.kind = static_cast<BlockKind>(k);
  if (!read_shapes(shapes, &key)) fail(shapes);
  for (std::string word; in >> word;) {
    if (!read_field(word, &key)) fail(word);
  }
  if (key.text() != text) fail(text);  // order, repetition, blanks
  return key;
}

std::vector<std::vector<BlockKey>> keys_by_block(const LayerGraph& graph, int input_resolution) {
  std::vector<std::vector<BlockKey>> blocks;
  for (std::size_t first = 0; first < graph.layers.size();) {
    BlockLayers block{graph, {}};
    std::size_t next = first;
    while (next < graph.layers.size() && graph.layers[next].block == graph.layers[first].block) {
      block.layers.push_back(&graph.layers[next++]);
    }
    first = next;
    std::vector<BlockKey>& keys = blocks.emplace_back();
    if (block.count(OpKind::kDepthwiseConv2d) > 0) {
      keys.push_back(mbconv_key(block));
    } else {
      add_single_keys(block, &keys);
    }
    for (BlockKey& key : keys) key.resolution = input_resolution;
  }
  return blocks;
}

std::vector<BlockKey> block_keys(const LayerGraph& graph) {
  std::vector<BlockKey> all;
  const int resolution = graph.tensors[graph.inputs.front()].shape.height;
  for (const auto& keys : keys_by_block(graph, resolution)) {
    all.insert(all.end(), keys.begin(), keys.end());
  }
  return all;
}

}  // namespace edgefront
