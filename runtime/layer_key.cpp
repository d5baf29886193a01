// The text of layer keys, and graphs of one step for measuring them.
#include <algorithm>
#include <array>

#include "runtime/fuse.h"

namespace edgefront {
namespace {

constexpr std::array<Activation, 5> kActivations = {Activation::kNone, Activation::kRelu,
                                                    Activation::kRelu6, Activation::kHswish,
                                                    Activation::kHsigmoid};

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

bool parse_shapes(const std::string& word, LayerKey* key) {
  std::size_t at = 0;
  return parse_shape(word, &at, &key->input) && parse_char(word, &at, '>') &&
         parse_shape(word, &at, &key->output) && at == word.size();
}

bool parse_lettered(const std::string& word, char letter, std::int32_t* out) {
  std::size_t at = 0;
  return parse_char(word, &at, letter) && parse_number(word, &at, out) && at == word.size();
}

bool parse_op(const std::string& word, LayerKey* key) {
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

bool parse_activation(const std::string& word, LayerKey* key) {
  const std::size_t plus = word.find("+add");
  key->residual = plus != std::string::npos && plus + 4 == word.size();
  const std::string name = key->residual ? word.substr(0, plus) : word;
  for (const Activation activation : kActivations) {
    key->activation = activation;
    if (name == activation_name(activation)) return true;
  }
  return false;
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

}  // namespace

std::string LayerKey::text() const {
  std::string text = op_name(op);
  text += std::string(" ") + precision_name(precision);
  text += " " + shape_text(input) + ">" + shape_text(output);
  text += " k" + std::to_string(kernel_size) + " s" + std::to_string(stride);
  text += std::string(" ") + activation_name(activation) + (residual ? "+add" : "");
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
                        parse_activation(words[5], &key),
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
  LayerGraph graph;
  const auto add_tensor = [&](const Shape& shape, Precision precision) {
    graph.tensors.push_back(Tensor{shape, precision});
    return static_cast<std::int32_t>(graph.tensors.size()) - 1;
  };
  const auto add_layer = [&](OpKind op, std::int32_t a, std::int32_t b, const char* name) {
    Layer layer;
    layer.op = op;
    layer.inputs = {{a, b}};
    layer.output = add_tensor(key.output, key.precision);
    layer.precision = key.precision;
    layer.name = name;
    graph.layers.push_back(std::move(layer));
    return graph.layers.back().output;
  };
  if (!has_weights(key.op) && (key.activation != Activation::kNone || key.residual)) {
    return Status::invalid("layer key '" + key.text() +
                           "': only convolutions and fully connected layers fuse");
  }
  Precision read = key.precision;
  if (key.op == OpKind::kQuantize) read = Precision::kFloat32;
  if (key.op == OpKind::kDequantize) read = Precision::kInt8;
  graph.inputs.push_back(add_tensor(key.input, read));
  std::int32_t second = -1;
  if (key.op == OpKind::kAdd || key.op == OpKind::kMul) {
    const Shape gate{1, 1, key.input.channels};
    second = add_tensor(key.op == OpKind::kMul ? gate : key.input, key.precision);
    graph.inputs.push_back(second);
  }
  if (key.residual) graph.inputs.push_back(add_tensor(key.output, key.precision));
  std::int32_t last = add_layer(key.op, 0, second, "layer");
  graph.layers[0].kernel_size = key.kernel_size;
  graph.layers[0].stride = key.stride;
  if (key.activation != Activation::kNone) {
    last = add_layer(op_of(key.activation), last, -1, "activation");
  }
  if (key.residual) last = add_layer(OpKind::kAdd, last, graph.inputs.back(), "add");
  graph.outputs.push_back(last);
  if (Status s = validate(graph); !s.ok()) {
    return Status::invalid("layer key '" + key.text() + "': " + s.message());
  }
  *out = std::move(graph);
  return {};
}

}  // namespace edgefront
