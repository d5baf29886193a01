#include "runtime/model_file.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "runtime/file.h"
#include "tests/runtime/sample_model.h"

namespace edgefront {
namespace {

using test::GraphBuilder;
using test::RandomGraph;
using test::sample_model;

const std::string kFixture = EDGEFRONT_SOURCE_DIR "/tests/runtime/fixtures/version1.efm";

std::vector<std::uint8_t> fixture() {
  std::vector<std::uint8_t> bytes;
  const Status status = read_file(kFixture, &bytes);
  REQUIRE_MESSAGE(status.ok(), status.message());
  return bytes;
}

std::string message_of(const std::vector<std::uint8_t>& bytes) {
  Model model;
  const Status status = decode_model(bytes.data(), bytes.size(), "m.efm", &model);
  CHECK((status.ok() || status.code() == StatusCode::kInvalid));
  return status.message();
}

/// Makes the digest in the header that of the bytes, as docs/efm_format.md describes it.
void redigest(std::vector<std::uint8_t>& file) {
  std::vector<std::uint8_t> others(file.begin(), file.begin() + 16);
  others.insert(others.end(), file.begin() + 32, file.end());
  const std::string hex = digest_hex(others.data(), others.size());
  for (int i = 0; i < 16; ++i) {
    file[16 + i] = static_cast<std::uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
}

void put_u64(std::vector<std::uint8_t>& file, std::size_t at, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) file[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void run_if_loadable(const std::vector<std::uint8_t>& file) {
  Model model;
  if (!decode_model(file.data(), file.size(), "m.efm", &model).ok()) return;
  CHECK(validate(model).message() == "");
  InterpreterOptions options;
  options.kernel_set = "reference";
  std::unique_ptr<Interpreter> interpreter;
  if (live_set_bound(model.graph, fuse(model.graph)) > (1 << 20)) return;
  REQUIRE(Interpreter::load(model, options, &interpreter).ok());
  interpreter->invoke();
}

}  // namespace

TEST_CASE("the fixture of version 1 loads, says what was written and gives its probes' bytes") {
  Model model;
  REQUIRE(read_model_file(kFixture, &model).message() == "");
  CHECK(model.graph.layers.size() == 16);
  CHECK(model.graph.layers[1].name == "layer1");
  CHECK(model.graph.layers[1].kernel_size == 3);
  CHECK(model.graph.layers[1].block == 0);
  CHECK(model.graph.layers[3].op == OpKind::kDepthwiseConv2d);
  CHECK(model.graph.layers[3].block == 1);
  CHECK(model.graph.tensors[0].precision == Precision::kFloat32);
  CHECK(model.graph.tensors[1].precision == Precision::kInt8);
  CHECK(model.quantization[1].scale == 0.05f);
  CHECK(model.graph.outputs == test::sample_graph().outputs);
  CHECK(model.parameters[4].table.size() == 256);
  CHECK(model.normalization.mean == std::vector<float>{0.25f, 0.5f});
  CHECK(model.normalization.stddev == std::vector<float>{0.5f, 0.25f});
  CHECK(model.class_names[2] == "ber\xc3\xa9t");
  CHECK(model.metadata[1].second == "two\nlines");
  CHECK(model.kernel_set == "reference");
  REQUIRE(model.probes.size() == 1);
  std::unique_ptr<Interpreter> interpreter;
  InterpreterOptions options;
  options.kernel_set = "reference";
  REQUIRE(Interpreter::load(model, options, &interpreter).ok());
  std::memcpy(interpreter->input_data(), model.probes[0].input.data(), 4 * 4 * 2 * 4);
  interpreter->invoke();
  CHECK(std::memcmp(interpreter->output_data(0), model.probes[0].expected.data(), 12) == 0);
  CHECK(std::memcmp(interpreter->output_data(1), model.probes[0].expected.data() + 12, 3) == 0);
}

TEST_CASE("what is read and written again has the same bytes") {
  Model model;
  const auto bytes = fixture();
  REQUIRE(decode_model(bytes.data(), bytes.size(), "m.efm", &model).ok());
  CHECK(encode_model(model) == bytes);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    LayerGraph graph = RandomGraph(seed).make(static_cast<int>(seed % 3));
    if (seed % 2 == 0) graph = with_precision(graph, Precision::kInt8);
    const auto first = encode_model(generated_model(graph, seed));
    REQUIRE(decode_model(first.data(), first.size(), "m.efm", &model).message() == "");
    CHECK(encode_model(model) == first);
    CHECK(model.graph.layers.size() == graph.layers.size());
  }
}

TEST_CASE("paths of blocks and patches are kept, and unknown ones refused") {
  GraphBuilder b;
  std::int32_t x = b.conv(b.input({6, 6, 3}), 8, 3, 1);
  for (int i = 0; i < 2; ++i) {
    ++b.block;
    x = b.conv(b.depthwise(b.conv(x, 16, 1, 1), 3, 1), 8, 1, 1);
  }
  b.graph.outputs.push_back(x);
  Model model = generated_model(b.graph, 1);
  model.block_choices = {{1, BlockPath::kLayers}, {2, BlockPath::kBanded}};
  model.patch_layers = 3;
  std::vector<std::uint8_t> bytes = encode_model(model);
  Model read;
  REQUIRE(decode_model(bytes.data(), bytes.size(), "m.efm", &read).message() == "");
  REQUIRE(read.block_choices.size() == 2);
  CHECK(read.block_choices[0].block == 1);
  CHECK(read.block_choices[0].path == BlockPath::kLayers);
  CHECK(read.block_choices[1].path == BlockPath::kBanded);
  CHECK(read.patch_layers == 3);
  CHECK(encode_model(read) == bytes);
  const auto message = [&model] {
    const std::vector<std::uint8_t> wrong = encode_model(model);
    Model ignored;
    return decode_model(wrong.data(), wrong.size(), "m.efm", &ignored).message();
  };
  model.block_choices[1].block = 7;
  CHECK(message().find("block choice for block 7: accepted is") != std::string::npos);
  model.block_choices[1].block = 1;
  CHECK(message().find("block choice for block 1: accepted is") != std::string::npos);
  model.block_choices.clear();
  model.patch_layers = 1000;
  CHECK(message().find("patch_layers 1000: accepted is") != std::string::npos);
}

TEST_CASE("every flipped byte and every truncation is refused with one line") {
  const auto bytes = fixture();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const std::uint8_t flip : {0x01, 0x80, 0xff}) {
      auto changed = bytes;
      changed[at] ^= flip;
      const std::string message = message_of(changed);
      CHECK(message.find("m.efm: ") == 0);
      CHECK(message.find('\n') == std::string::npos);
    }
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(message_of({bytes.begin(), bytes.begin() + size}).find("m.efm: truncated: ") == 0);
  }
  auto longer = bytes;
  longer.push_back(0);
  CHECK(message_of(longer).find("m.efm: too long: its header says") == 0);
}

TEST_CASE("a flipped byte behind a right digest is refused or is another model that runs") {
  const auto bytes = fixture();
  int accepted = 0;
  for (std::size_t at = 32; at < bytes.size(); ++at) {
    for (const std::uint8_t flip : {0x01, 0x10, 0x80, 0xff}) {
      auto changed = bytes;
      changed[at] ^= flip;
      redigest(changed);
      accepted += message_of(changed).empty();
      run_if_loadable(changed);
    }
  }
  CHECK(accepted > 100);  // weights, for instance: the digest is what guards them
}

TEST_CASE("each field of the header is checked by itself") {
  const auto bytes = fixture();
  CHECK(message_of({}) == "m.efm: truncated: 0 bytes, the header alone has 64");
  auto changed = bytes;
  changed[0] = 'X';
  CHECK(message_of(changed) == "m.efm: not an .efm file (it does not begin with EFM1)");
  changed = bytes;
  changed[4] = 2;
  CHECK(message_of(changed) == "m.efm: .efm version 2, accepted is 1");
  changed = bytes;
  changed[70] ^= 1;
  CHECK(message_of(changed) == "m.efm: corrupt: the digest in its header is not that of its bytes");
  changed = bytes;
  put_u64(changed, 32, std::uint64_t{1} << 63);
  redigest(changed);
  CHECK(message_of(changed).find("which do not fit its length") != std::string::npos);
  changed = bytes;
  put_u64(changed, 40, ~std::uint64_t{0});
  redigest(changed);
  CHECK(message_of(changed).find("which do not fit its length") != std::string::npos);
}

TEST_CASE("a signature may stand behind the payload") {
  auto file = fixture();
  file.insert(file.end(), 96, 0x5a);
  put_u64(file, 8, file.size());
  put_u64(file, 40, 96);
  redigest(file);
  CHECK(message_of(file) == "");
}

TEST_CASE("a payload that is no FlatBuffers message, or no model, says so") {
  auto file = fixture();
  file.resize(64 + 128, 0xff);
  std::fill(file.begin() + 64, file.end(), 0xff);
  put_u64(file, 8, file.size());
  put_u64(file, 32, 128);
  redigest(file);
  CHECK(message_of(file) == "m.efm: its payload is no valid FlatBuffers message");

  Model model = sample_model();
  model.parameters[1].weights_s8[0] = -128;
  CHECK(message_of(encode_model(model)) ==
        "m.efm: layer 'layer1' (conv2d): a weight is -128, accepted are -127 to 127");
  model = sample_model();
  model.graph.layers[1].name = "bell\a";
  CHECK(message_of(encode_model(model)) ==
        "m.efm: a layer's name is longer than 256 bytes or has control characters");
  model = sample_model();
  model.probes.resize(5000);
  CHECK(message_of(encode_model(model)) == "m.efm: 5000 probes, accepted are at most 4096");
  model = sample_model();
  model.graph.layers[1].op = static_cast<OpKind>(12);
  CHECK(message_of(encode_model(model)) ==
        "m.efm: layer 'layer1': operator 12, accepted are 0 to 11");
  model = sample_model();
  model.graph.layers[1].precision = static_cast<Precision>(2);
  CHECK(message_of(encode_model(model)) == "m.efm: precision 2, accepted are 0 and 1");
}

TEST_CASE("files are written whole, and an unreadable model is not written") {
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("edgefront_model_" + std::to_string(::getpid()) + ".efm"))
                               .string();
  Model model = sample_model();
  REQUIRE(write_model_file(model, path).message() == "");
  Model read;
  REQUIRE(read_model_file(path, &read).message() == "");
  CHECK(encode_model(read) == encode_model(model));
  model.metadata.push_back({"tab\t", ""});
  CHECK(write_model_file(model, path).message() ==
        path + ": a metadata name is longer than 256 bytes or has control characters");
  model = sample_model();
  model.quantization.pop_back();
  CHECK(write_model_file(model, path).message().find(path + ": model has 16 quantizations") == 0);
  CHECK(read_model_file(path, &read).ok());
  std::filesystem::remove(path);
  CHECK(read_model_file(path, &read).message() ==
        path + ": cannot open: No such file or directory");
}

}  // namespace edgefront
