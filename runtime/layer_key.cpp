// The text of layer keys, and graphs of one step for measuring them.
#include <algorithm>
#include <array>

#include "runtime/fuse.h"

namespace edgefront {
namespace {

constexpr std::array<Activation, 5> kActivations = {Activation::kNone, Activation::kRelu,
                                                    Activation::kRelu6, Activation::kHswish,
                                                    Activation::kHsigmoid};

constexpr char kBottleneckName[] = "inverted_bottleneck";

OpKind op_of(Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return OpKind::kRelu;
    case Activation::kRelu6:
      return OpKind::kRelu6;
    case Activation::kHswish:
      return OpKind::kHswish;
    case Activation::kHsigmoid:
      return OpKind::kHsigmoid;
    case Activation::kNone:
      break;
  }
  return OpKind::kRelu;
}

std::string shape_text(const Shape& s) {
  return std::to_string(s.height) + "x" + std::to_string(s.width) + "x" +
         std::to_string(s.channels);
}

/// A decimal number without sign or leading zeros, at most nine digits; advances *at.
bool parse_number(const std::string& text, std::size_t* at, std::int32_t* out) {
  const std::size_t begin = *at;
  std::int32_t value = 0;
  while (*at < text.size() && *at - begin < 9 && text[*at] >= '0' && text[*at] <= '9') {
    value = value * 10 + (text[(*at)++] - '0');
  }
  *out = value;
  return *at > begin && (text[begin] != '0' || *at == begin + 1);
}

bool parse_char(const std::string& text, std::size_t* at, char c) {
  return *at < text.size() && text[*at] == c && ++*at > 0;
}

bool parse_shape(const std::string& text, std::size_t* at, Shape* out) {
  return parse_number(text, at, &out->height) && parse_char(text, at, 'x') &&
         parse_number(text, at, &out->width) && parse_char(text, at, 'x') &&
         parse_number(text, at, &out->channels);
}

/// "input>output", of a bottleneck also "input>expanded channels>output".
bool parse_shapes(const std::string& word, LayerKey* key) {
  std::size_t at = 0;
  if (!parse_shape(word, &at, &key->input) || !parse_char(word, &at, '>')) return false;
  const bool expands = std::count(word.begin(), word.end(), '>') == 2;
  if (expands && !(key->bottleneck && parse_number(word, &at, &key->expanded) &&
                   key->expanded > 0 && parse_char(word, &at, '>'))) {
    return false;
  }
  return parse_shape(word, &at, &key->output) && at == word.size();
}

bool parse_lettered(const std::string& word, char letter, std::int32_t* out) {
  std::size_t at = 0;
  return parse_char(word, &at, letter) && parse_number(word, &at, out) && at == word.size();
}

bool parse_op(const std::string& word, LayerKey* key) {
  key->bottleneck = word == kBottleneckName;
  if (key->bottleneck) return true;  // its `op` is the default, a convolution
  for (int i = 0; i <= static_cast<int>(OpKind::kDequantize); ++i) {
    key->op = static_cast<OpKind>(i);
    if (word == op_name(key->op)) return true;
  }
  return false;
}

bool parse_precision(const std::string& word, LayerKey* key) {
  key->precision = word == "int8" ? Precision::kInt8 : Precision::kFloat32;
  return word == precision_name(key->precision);
}

bool parse_activation(const std::string& name, Activation* out) {
  for (const Activation activation : kActivations) {
    *out = activation;
    if (name == activation_name(activation)) return true;
  }
  return false;
}

/// One activation, of a bottleneck one for each of its layers; "+add" at the end.
bool parse_activations(const std::string& word, LayerKey* key) {
  const std::size_t plus = word.find("+add");
  key->residual = plus != std::string::npos && plus + 4 == word.size();
  std::string rest = key->residual ? word.substr(0, plus) : word;
  const auto take = [&rest](Activation* out) {
    const std::size_t comma = rest.find(',');
    if (comma == std::string::npos || !parse_activation(rest.substr(0, comma), out)) return false;
    rest.erase(0, comma + 1);
    return true;
  };
  if (key->expanded > 0 && !take(&key->expand_activation)) return false;
  if (key->bottleneck && !take(&key->depthwise_activation)) return false;
  return parse_activation(rest, &key->activation);
}

bool parse_kernel_set(const std::string& word, LayerKey* key) {
  std::size_t at = word.find('@');
  if (at == std::string::npos || at == 0) return false;
  key->kernel_set = word.substr(0, at++);
  const bool plain = std::all_of(key->kernel_set.begin(), key->kernel_set.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return plain && parse_number(word, &at, &key->kernel_version) && at == word.size();
}

/// The graph of one key, layer by layer.
class KeyGraph {
 public:
  LayerGraph graph;

  explicit KeyGraph(const LayerKey& key) : precision_(key.precision) {
    Precision read = key.precision;
    if (key.op == OpKind::kQuantize) read = Precision::kFloat32;
    if (key.op == OpKind::kDequantize) read = Precision::kInt8;
    graph.tensors.push_back(Tensor{key.input, read});
    graph.inputs.push_back(0);
  }
  std::int32_t first_input() const { return graph.inputs[0]; }
  std::int32_t add_input(const Shape& shape) {
    graph.inputs.push_back(add_tensor(shape));
    return graph.inputs.back();
  }
  std::int32_t add_layer(OpKind op, std::int32_t a, std::int32_t b, const Shape& out,
                         const char* name) {
    Layer layer;
    layer.op = op;
    layer.inputs = {{a, b}};
    layer.output = add_tensor(out);
    layer.precision = precision_;
    layer.name = name;
    graph.layers.push_back(std::move(layer));
    return graph.layers.back().output;
  }
  /// Of the last layer.
  void set_window(std::int32_t kernel_size, std::int32_t stride) {
    graph.layers.back().kernel_size = kernel_size;
    graph.layers.back().stride = stride;
  }
  std::int32_t add_activation(Activation activation, std::int32_t x, const char* name) {
    if (activation == Activation::kNone) return x;
    return add_layer(op_of(activation), x, -1, graph.tensors[x].shape, name);
  }

 private:
  std::int32_t add_tensor(const Shape& shape) {
    graph.tensors.push_back(Tensor{shape, precision_});
    return static_cast<std::int32_t>(graph.tensors.size()) - 1;
  }
  Precision precision_;
};

}  // namespace

std::string LayerKey::text() const {
  if (!chain.empty()) {
    std::string all;
    for (const LayerKey& key : chain) all += (all.empty() ? "" : " + ") + key.text();
    return all;
  }
  std::string text = bottleneck ? kBottleneckName : op_name(op);
  text += std::string(" ") + precision_name(precision);
  text += " " + shape_text(input) + ">";
  if (expanded > 0) text += std::to_string(expanded) + ">";
  text += shape_text(output);
  text += " k" + std::to_string(kernel_size) + " s" + std::to_string(stride) + " ";
  if (expanded > 0) text += std::string(activation_name(expand_activation)) + ",";
  if (bottleneck) text += std::string(activation_name(depthwise_activation)) + ",";
  text += std::string(activation_name(activation)) + (residual ? "+add" : "");
  text += " t" + std::to_string(threads);
  return text + " " + kernel_set + "@" + std::to_string(kernel_version);
}

Status LayerKey::parse(const std::string& text, LayerKey* out) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ' ') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  if (words.size() != 8) {
    return Status::invalid("layer key '" + text + "' has " + std::to_string(words.size()) +
                           " words, accepted is 8: op precision input>output k s activation t "
                           "kernel_set@version");
  }
  LayerKey key;
  const bool good[8] = {parse_op(words[0], &key),
                        parse_precision(words[1], &key),
                        parse_shapes(words[2], &key),
                        parse_lettered(words[3], 'k', &key.kernel_size),
                        parse_lettered(words[4], 's', &key.stride),
                        parse_activations(words[5], &key),
                        parse_lettered(words[6], 't', &key.threads),
                        parse_kernel_set(words[7], &key)};
  for (int i = 0; i < 8; ++i) {
    if (!good[i]) {
      return Status::invalid("layer key '" + text + "': word " + std::to_string(i + 1) + " '" +
                             words[i] + "' is not understood");
    }
  }
  *out = std::move(key);
  return {};
}

Status graph_of(const LayerKey& key, LayerGraph* out) {
  if (!has_weights(key.op) && (key.activation != Activation::kNone || key.residual)) {
    return Status::invalid("layer key '" + key.text() +
                           "': only convolutions and fully connected layers fuse");
  }
  KeyGraph graph(key);
  const Shape gate{1, 1, key.input.channels};
  std::int32_t second = -1;
  if (key.op == OpKind::kMul) second = graph.add_input(gate);
  if (key.op == OpKind::kAdd) second = graph.add_input(key.input);
  std::int32_t last = graph.first_input();
  if (key.bottleneck) {
    Shape shape = key.input;
    if (key.expanded > 0) {
      shape.channels = key.expanded;
      last = graph.add_layer(OpKind::kConv2d, last, -1, shape, "expand");
      last = graph.add_activation(key.expand_activation, last, "expand_activation");
    }
    shape = {key.output.height, key.output.width, shape.channels};
    last = graph.add_layer(OpKind::kDepthwiseConv2d, last, -1, shape, "depthwise");
    graph.set_window(key.kernel_size, key.stride);
    last = graph.add_activation(key.depthwise_activation, last, "depthwise_activation");
  }
  std::int32_t other = graph.first_input();  // of a bottleneck; else an input of its own
  if (key.residual && !key.bottleneck) other = graph.add_input(key.output);
  last = graph.add_layer(key.op, last, second, key.output, "layer");
  if (!key.bottleneck) graph.set_window(key.kernel_size, key.stride);
  last = graph.add_activation(key.activation, last, "activation");
  if (key.residual) last = graph.add_layer(OpKind::kAdd, last, other, key.output, "add");
  graph.graph.outputs.push_back(last);
  if (Status s = validate(graph.graph); !s.ok()) {
    return Status::invalid("layer key '" + key.text() + "': " + s.message());
  }
  *out = std::move(graph.graph);
  return {};
}

}  // namespace edgefront
