// The written file is read back with a reader of the protobuf wire format that knows nothing of the
// writer (field numbers from onnx.proto); that it runs is checked in ONNX Runtime by
// tests/scripts/onnx_parity_test.sh.
#include "runtime/export/onnx_writer.h"

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/export/quantize.h"
#include "runtime/file.h"
#include "space/error.h"
#include "tests/runtime/export/sample_networks.h"

using namespace edgefront;

namespace {

struct Field {
  int number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;
};

std::uint64_t varint(std::string_view* from) {
  std::uint64_t value = 0;
  for (int shift = 0; !from->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(from->front());
    from->remove_prefix(1);
    value |= std::uint64_t(byte & 127) << shift;
    if (byte < 128) break;
  }
  return value;
}

std::vector<Field> fields(std::string_view message) {
  std::vector<Field> result;
  while (!message.empty()) {
    const std::uint64_t tag = varint(&message);
    Field field;
    field.number = static_cast<int>(tag >> 3);
    std::size_t size = 0;
    switch (tag & 7) {
      case 0:
        field.value = varint(&message);
        break;
      case 1:
        size = 8;
        break;
      case 2:
        size = varint(&message);
        break;
      case 5:
        size = 4;
        break;
      default:
        FAIL("unknown wire type");
    }
    REQUIRE(size <= message.size());
    field.bytes = message.substr(0, size);
    message.remove_prefix(size);
    result.push_back(field);
  }
  return result;
}

std::string text(std::string_view message, int number) {
  for (const Field& field : fields(message)) {
    if (field.number == number) return std::string(field.bytes);
  }
  return "";
}

struct Node {
  std::string op;
  std::vector<std::string> inputs, outputs;
};

/// What a reader of the file sees.
struct Contents {
  std::uint64_t ir_version = 0, opset = 0;
  std::vector<Node> nodes;
  std::map<std::string, std::string> raw;        ///< initializer bytes by name
  std::map<std::string, std::vector<int>> dims;  ///< and their shapes
  std::vector<std::string> inputs, outputs;
  int count(const std::string& op) const {
    int n = 0;
    for (const Node& node : nodes) n += node.op == op;
    return n;
  }
};

void read_graph(std::string_view graph, Contents* contents) {
  for (const Field& field : fields(graph)) {
    if (field.number == 1) {
      Node node;
      for (const Field& part : fields(field.bytes)) {
        if (part.number == 1) node.inputs.emplace_back(part.bytes);
        if (part.number == 2) node.outputs.emplace_back(part.bytes);
        if (part.number == 4) node.op = part.bytes;
      }
      contents->nodes.push_back(node);
    } else if (field.number == 5) {
      const std::string name = text(field.bytes, 8);
      contents->raw[name] = text(field.bytes, 9);
      for (const Field& part : fields(field.bytes)) {
        if (part.number != 1) continue;
        std::string_view packed = part.bytes;
        if (packed.empty()) contents->dims[name].push_back(static_cast<int>(part.value));
        while (!packed.empty()) {
          contents->dims[name].push_back(static_cast<int>(varint(&packed)));
        }
      }
    } else if (field.number == 11) {
      contents->inputs.push_back(text(field.bytes, 1));
    } else if (field.number == 12) {
      contents->outputs.push_back(text(field.bytes, 1));
    }
  }
}

Contents written(const Model& model) {
  const std::string path = "onnx_writer_test.onnx";
  write_onnx(model, path);
  std::vector<std::uint8_t> bytes;
  REQUIRE(read_file(path, &bytes).ok());
  std::remove(path.c_str());
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Contents contents;
  for (const Field& field : fields(all)) {
    if (field.number == 1) contents.ir_version = field.value;
    if (field.number == 7) read_graph(field.bytes, &contents);
    if (field.number != 8) continue;
    for (const Field& part : fields(field.bytes)) {
      if (part.number == 2) contents.opset = part.value;
    }
  }
  return contents;
}

/// Every value is written once and before it is read.
void check_order(const Contents& contents) {
  std::set<std::string> known(contents.inputs.begin(), contents.inputs.end());
  for (const auto& entry : contents.raw) known.insert(entry.first);
  for (const Node& node : contents.nodes) {
    for (const std::string& input : node.inputs) {
      INFO(input);
      CHECK(known.count(input) == 1);
    }
    for (const std::string& output : node.outputs) CHECK(known.insert(output).second);
  }
  for (const std::string& output : contents.outputs) CHECK(known.count(output) == 1);
}

constexpr Shape kShape{12, 12, 2};

Model quantized_sample() {
  samples::NetworkBuilder generator(kShape, 3);
  return quantize(fold_batch_norm(samples::small_network(kShape, 8, 32, 10, 7)),
                  {generator.normal(kShape.elements() * 8, 1.0), 8}, {});
}

}  // namespace

TEST_CASE("a float model is written plainly, weights as OIHW") {
  const Model model = fold_batch_norm(samples::small_network(kShape, 8, 32, 10, 7));
  const Contents contents = written(model);
  check_order(contents);
  CHECK(contents.ir_version == 8);
  CHECK(contents.opset == 14);
  CHECK(contents.inputs == std::vector<std::string>{"input"});
  CHECK(contents.outputs == std::vector<std::string>{"logits"});
  CHECK(contents.count("Conv") == 13);
  CHECK(contents.count("QuantizeLinear") == 0);
  CHECK(contents.count("HardSwish") == 3);
  CHECK(contents.count("HardSigmoid") == 2);
  CHECK(contents.dims.at("stem.conv.weights") == std::vector<int>{8, 2, 3, 3});
  CHECK(contents.dims.at("block2.depthwise.weights") == std::vector<int>{24, 1, 5, 5});
  std::vector<float> stem(8 * 2 * 9), depthwise(24 * 25);
  std::memcpy(stem.data(), contents.raw.at("stem.conv.weights").data(), stem.size() * 4);
  std::memcpy(depthwise.data(), contents.raw.at("block2.depthwise.weights").data(),
              depthwise.size() * 4);
  std::map<std::string, const LayerParameters*> by_name;
  for (std::size_t i = 0; i < model.graph.layers.size(); ++i) {
    by_name[model.graph.layers[i].name] = &model.parameters[i];
  }
  // One element by hand each: out 5, in 1, row 2, column 0; and channel 7, row 3, column 4.
  CHECK(stem[((5 * 2 + 1) * 3 + 2) * 3 + 0] ==
        by_name["stem.conv"]->weights_f32[((5 * 3 + 2) * 3 + 0) * 2 + 1]);
  CHECK(depthwise[(7 * 5 + 3) * 5 + 4] ==
        by_name["block2.depthwise"]->weights_f32[(3 * 5 + 4) * 24 + 7]);
}

TEST_CASE("an int8 model carries its own weights, biases and scales") {
  const Model model = quantized_sample();
  const Contents contents = written(model);
  check_order(contents);
  // Every tensor but the five between a convolution and its relu passes through int8 once.
  CHECK(contents.count("QuantizeLinear") == static_cast<int>(model.graph.tensors.size()) - 5);
  CHECK(contents.count("DequantizeLinear") == contents.count("QuantizeLinear") + 2 * 13);
  const LayerParameters& stem = model.parameters[0];
  CHECK(contents.raw.at("stem.conv.weights.q").size() == stem.weights_s8.size());
  std::vector<std::int32_t> bias(stem.bias_s32.size());
  std::vector<float> scales(bias.size());
  std::memcpy(bias.data(), contents.raw.at("stem.conv.bias.q").data(), bias.size() * 4);
  std::memcpy(scales.data(), contents.raw.at("stem.conv.bias.scale").data(), scales.size() * 4);
  CHECK(bias == stem.bias_s32);
  for (std::size_t c = 0; c < scales.size(); ++c) {
    CHECK(scales[c] == model.quantization[0].scale * stem.weight_scales[c]);
  }
  CHECK(contents.raw.at("t0.zero_point")[0] == static_cast<char>(model.quantization[0].zero_point));
}

TEST_CASE("a folder that does not exist and a broken model are refused") {
  Model model = fold_batch_norm(samples::small_network(kShape, 8, 32, 10, 7));
  CHECK_THROWS_WITH_AS(write_onnx(model, "no/such/folder/model.onnx"),
                       doctest::Contains("no/such/folder/model.onnx"), std::runtime_error);
  model.parameters[0].weights_f32.pop_back();
  CHECK_THROWS_WITH_AS(write_onnx(model, "unused.onnx"), doctest::Contains("stem.conv"),
                       InputError);
}
