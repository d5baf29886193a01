#include "runtime/image_input.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::GraphBuilder;

/// Input 2x3 with `channels`; pixels are normalised with mean 0.5 and deviation 0.25.
Model model_of(Precision precision, int channels) {
  GraphBuilder b;
  b.graph.outputs.push_back(b.conv(b.input({2, 3, channels}), 4, 1, 1));
  Model model = generated_model(with_precision(b.graph, precision), 1);
  model.normalization.mean.assign(static_cast<std::size_t>(channels), 0.5f);
  model.normalization.stddev.assign(static_cast<std::size_t>(channels), 0.25f);
  return model;
}

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

std::string npy(const std::string& type, const std::string& shape, const std::string& values,
                const std::string& order = "False") {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  const auto size = static_cast<char>(header.size());
  return std::string("\x93NUMPY\x01\x00", 8) + size + '\0' + header + values;
}

std::vector<float> floats_of(const std::vector<std::uint8_t>& bytes) {
  std::vector<float> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::string message_of(const std::string& file, const Model& model) {
  std::vector<std::uint8_t> out;
  const Status status = read_input(bytes_of(file), "f", model, &out);
  CHECK((status.ok() || status.code() == StatusCode::kInvalid));
  return status.message();
}

const std::string kPixels("\x00\x33\x66\x99\xcc\xff", 6);

}  // namespace

TEST_CASE("pixels from PGM, PPM, .npy and raw bytes are normalised alike") {
  const Model model = model_of(Precision::kFloat32, 1);
  for (const std::string& file :
       {"P5\n# a comment\n3 2\n255\n" + kPixels, npy("|u1", "(2, 3)", kPixels),
        npy("|u1", "(1, 2, 3, 1)", kPixels), kPixels}) {
    std::vector<std::uint8_t> out;
    REQUIRE(read_input(bytes_of(file), "f", model, &out).message() == "");
    const auto values = floats_of(out);
    REQUIRE(values.size() == 6);
    for (int i = 0; i < 6; ++i) {
      CHECK(values[i] == doctest::Approx((0.2 * i - 0.5) / 0.25).epsilon(1e-6));
    }
  }
  const Model color = model_of(Precision::kFloat32, 3);
  std::vector<std::uint8_t> out;
  REQUIRE(read_input(bytes_of("P6 3 2 255 " + kPixels + kPixels + kPixels), "f", color, &out).ok());
  CHECK(floats_of(out).size() == 18);
}

TEST_CASE("int8 inputs are quantized, float values taken as they are, int8 values too") {
  Model model = model_of(Precision::kInt8, 1);
  model.quantization[0] = {1 / 64.0f, 3};
  std::vector<std::uint8_t> out;
  REQUIRE(read_input(bytes_of(kPixels), "f", model, &out).ok());
  for (int i = 0; i < 6; ++i) {
    const double q = std::nearbyint((0.2 * i - 0.5) / 0.25 * 64) + 3;
    CHECK(static_cast<std::int8_t>(out[i]) == std::min(127.0, std::max(-128.0, q)));
  }
  const float real[6] = {-1, -0.5f, 0, 0.25f, 0.5f, 1};
  const std::string values(reinterpret_cast<const char*>(real), sizeof real);
  for (const std::string& file : {values, npy("<f4", "(2, 3, 1)", values)}) {
    REQUIRE(read_input(bytes_of(file), "f", model, &out).ok());
    for (int i = 0; i < 6; ++i) CHECK(static_cast<std::int8_t>(out[i]) == real[i] * 64 + 3);
  }
  REQUIRE(read_input(bytes_of(npy("|i1", "(2, 3, 1)", kPixels)), "f", model, &out).ok());
  CHECK(out == bytes_of(kPixels));
}

TEST_CASE("an input that does not fit says what does") {
  const Model model = model_of(Precision::kFloat32, 1);
  CHECK(message_of("", model) ==
        "f: 0 bytes; accepted are PGM, PPM, .npy, or raw 2x3x1: 6 bytes of pixels or 24 of "
        "float32");
  CHECK(message_of("P5 2 3 255 " + kPixels, model) == "f: shape 3x2x1, the model's input is 2x3x1");
  CHECK(message_of("P6 3 2 255 " + kPixels, model) == "f: shape 2x3x3, the model's input is 2x3x1");
  CHECK(message_of("P5 3 2 65535 " + kPixels, model) ==
        "f: PGM/PPM with maximum 65535, accepted is 255");
  CHECK(message_of("P5 3 2 255 xyz", model) == "f: truncated: 3 pixel bytes, 6 are needed");
  CHECK(message_of("P5 3 ", model) == "f: truncated PGM/PPM header");
  CHECK(message_of("P5 3 2 255", model) == "f: truncated PGM/PPM header");
  CHECK(message_of(npy("<f8", "(2, 3)", kPixels), model) ==
        "f: .npy of type '<f8', accepted are '|u1', '|i1' and '<f4'");
  CHECK(message_of(npy("|u1", "(3, 2)", kPixels), model) ==
        "f: shape 3x2, the model's input is 2x3x1");
  CHECK(message_of(npy("|u1", "(2, 3)", kPixels, "True"), model) ==
        "f: .npy in Fortran order, accepted is C order");
  CHECK(message_of(npy("|u1", "(2, 3)", "xy"), model) == "f: 2 bytes of values, expected 6");
  CHECK(message_of(npy("|i1", "(2, 3)", kPixels), model) ==
        "f: int8 values for a model whose input is fp32");
  const float bad[6] = {0, 0, 0, std::nanf(""), 0, 0};
  CHECK(message_of(std::string(reinterpret_cast<const char*>(bad), sizeof bad), model) ==
        "f: a value is not finite");
}

TEST_CASE("every truncation of an .npy file is refused") {
  const Model model = model_of(Precision::kFloat32, 1);
  const std::string whole = npy("|u1", "(2, 3)", kPixels);
  for (std::size_t size = 7; size < whole.size(); ++size) {
    if (size == 24) continue;  // 24 bytes would be raw floats but for the magic; refused below
    CHECK(message_of(whole.substr(0, size), model).find("f: ") == 0);
  }
  CHECK(message_of(whole.substr(0, 24), model) == "f: truncated .npy header");
}

TEST_CASE("a model with two inputs is refused") {
  GraphBuilder b;
  const std::int32_t x = b.input({1, 1, 2});
  b.graph.outputs.push_back(b.add(x, b.input({1, 1, 2})));
  CHECK(message_of("ab", generated_model(b.graph, 1)) ==
        "f: the model has 2 inputs, accepted is one");
}

}  // namespace edgefront
