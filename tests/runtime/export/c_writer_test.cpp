// What a written file says and refuses; that it compiles and gives the interpreter's bytes is
// checked by tests/scripts/c_export_test.sh.
#include "runtime/export/c_writer.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "runtime/export/quantize.h"
#include "runtime/file.h"
#include "runtime/memory_plan.h"
#include "space/error.h"
#include "tests/runtime/export/sample_networks.h"
#include "tests/runtime/random_graph.h"
#include "tests/runtime/sample_model.h"

using namespace edgefront;

namespace {

std::string written(const Model& model) {
  const std::string path = "c_writer_test.c";
  write_c(model, path);
  std::vector<std::uint8_t> bytes;
  REQUIRE(read_file(path, &bytes).ok());
  std::remove(path.c_str());
  return std::string(bytes.begin(), bytes.end());
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The numbers of `NAME[N] = {…}`, read by the C library.
std::vector<double> array(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(" " + name + "[");
  REQUIRE(at != std::string::npos);
  const char* next = text.c_str() + text.find('{', at) + 1;
  std::vector<double> values;
  for (;;) {
    char* end = nullptr;
    values.push_back(std::strtod(next, &end));
    if (end == next) break;
    next = end + (*end == 'f') + 1;
  }
  values.pop_back();  // of the closing brace
  return values;
}

template <typename T>
std::vector<double> doubles(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

Model quantized_sample() {
  const Shape shape{12, 12, 2};
  samples::NetworkBuilder generator(shape, 3);
  return quantize(fold_batch_norm(samples::small_network(shape, 8, 32, 10, 7)),
                  {generator.normal(shape.elements() * 8, 1.0), 8}, {});
}

/// One layer: the smallest file.
Model clamp_model() {
  test::GraphBuilder b;
  b.graph.outputs = {b.unary(OpKind::kRelu6, b.input({2, 3, 4}))};
  return generated_model(with_precision(b.graph, Precision::kInt8), 1);
}

}  // namespace

TEST_CASE("a C file carries the model's numbers, shapes and scales, and the planned arena") {
  const Model model = quantized_sample();
  const std::string text = written(model);
  CHECK(array(text, "weights_0") == doubles(model.parameters[0].weights_s8));
  CHECK(array(text, "bias_0") == doubles(model.parameters[0].bias_s32));
  CHECK(array(text, "multipliers_0") == doubles(requantize_multipliers(model, 0)));
  const KernelSet* set = nullptr;
  REQUIRE(choose_kernel_set("reference", &set).ok());
  const MemoryPlan plan = plan_memory(model.graph, fuse(model.graph), *set, 1);
  CHECK(has(text, "static int8_t arena[" + std::to_string(plan.arena_bytes) + "];"));
  const std::int32_t zero_point = model.quantization[model.graph.inputs[0]].zero_point;
  CHECK(has(text, "input 0: 12x12x2 int8 (height, width, channels), 288 bytes; scale 0."));
  CHECK(has(text, ", zero point " + std::to_string(zero_point) + "\n"));
  CHECK(has(text, "output 0: 1x1x10 int8 (height, width, channels), 10 bytes"));
}

TEST_CASE("a C file needs no library and refuses flags that break its arithmetic") {
  const std::string text = written(quantized_sample());
  CHECK(has(text, "int edgefront_invoke(const int8_t* input, int8_t* output) {"));
  CHECK(has(text, "#ifdef __FAST_MATH__\n#error"));
  CHECK(has(text, "#if FLT_EVAL_METHOD != 0\n#error"));
  CHECK(has(text, "#pragma STDC FP_CONTRACT OFF"));
  CHECK(has(text, "#include <float.h>\n#include <stdint.h>\n\n"));
  for (const char* absent : {"math.h", "stdio", "malloc", "rint(", "double"}) {
    CHECK_MESSAGE(!has(text, absent), absent);
  }
}

TEST_CASE("a C file has only the functions that its model needs") {
  const std::string text = written(clamp_model());
  CHECK(has(text, "run_clamp"));
  for (const char* absent : {"run_conv2d", "window_of", "run_add", "run_mul", "run_table"}) {
    CHECK_MESSAGE(!has(text, absent), absent);
  }
}

TEST_CASE("the same model gives the same file") {
  CHECK(written(quantized_sample()) == written(quantized_sample()));
}

TEST_CASE("a layer's name cannot leave its comment") {
  Model model = clamp_model();
  model.graph.layers[0].name = "*/ int evil; // \\\n\"";
  const std::string text = written(model);
  CHECK(has(text, "/* __ int evil_ __ ___: relu6 2x3x4 to 2x3x4 */"));
}

TEST_CASE("float32 layers and inputs, broken models and missing folders are refused by name") {
  Model model = fold_batch_norm(samples::small_network({12, 12, 2}, 8, 32, 10, 7));
  CHECK_THROWS_WITH_AS(write_c(model, "unused.c"),
                       "input 0 is fp32; accepted for C is int8 throughout", InputError);
  test::GraphBuilder b;  // int8 at both ends, float32 between
  const std::int32_t real = b.layer(OpKind::kDequantize, b.input({1, 1, 4}), -1, {1, 1, 4});
  b.graph.outputs = {b.layer(OpKind::kQuantize, real, -1, {1, 1, 4})};
  b.graph.tensors[b.graph.inputs[0]].precision = Precision::kInt8;
  b.graph.tensors[b.graph.outputs[0]].precision = Precision::kInt8;
  b.graph.layers[1].precision = Precision::kInt8;
  CHECK_THROWS_WITH_AS(write_c(generated_model(b.graph, 1), "unused.c"),
                       "layer 'layer0' (dequantize) is fp32; accepted for C is int8 throughout",
                       InputError);
  CHECK_THROWS_WITH_AS(write_c(test::sample_model(), "unused.c"), doctest::Contains("is fp32"),
                       InputError);
  model = clamp_model();
  CHECK_THROWS_WITH_AS(write_c(model, "no/such/folder/model.c"),
                       doctest::Contains("no/such/folder/model.c"), std::runtime_error);
  model.quantization[1].zero_point = 1000;
  CHECK_THROWS_WITH_AS(write_c(model, "unused.c"), doctest::Contains("zero point 1000"),
                       InputError);
  std::vector<std::uint8_t> bytes;
  CHECK(!read_file("unused.c", &bytes).ok());
}
