#include "runtime/interpreter.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "tests/runtime/naive_forward.h"
#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::GraphBuilder;
using test::NaiveForward;
using test::RandomGraph;

std::unique_ptr<Interpreter> load(const Model& model, const std::string& set, bool fuse,
                                  BlockPath path = BlockPath::kRule) {
  InterpreterOptions options;
  options.kernel_set = set;
  options.fuse = fuse;
  options.path = path;
  std::unique_ptr<Interpreter> interpreter;
  const Status status = Interpreter::load(model, options, &interpreter);
  REQUIRE_MESSAGE(status.ok(), status.message());
  return interpreter;
}

/// Real values of a float32 tensor or stored integers of an int8 one.
std::vector<double> values_of(const Tensor& tensor, const void* data) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < tensor.shape.elements(); ++i) {
    values.push_back(tensor.precision == Precision::kInt8 ? static_cast<const std::int8_t*>(data)[i]
                                                          : static_cast<const float*>(data)[i]);
  }
  return values;
}

void write_random_inputs(Interpreter& interpreter, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < static_cast<int>(interpreter.graph().inputs.size()); ++i) {
    const Tensor& tensor = interpreter.graph().tensors[interpreter.graph().inputs[i]];
    for (std::int64_t k = 0; k < tensor.shape.elements(); ++k) {
      const auto byte = static_cast<std::int8_t>(random());
      if (tensor.precision == Precision::kInt8) {
        static_cast<std::int8_t*>(interpreter.input_data(i))[k] = byte;
      } else {
        static_cast<float*>(interpreter.input_data(i))[k] = byte / 40.0f;
      }
    }
  }
}

std::vector<std::vector<double>> outputs_of(const Interpreter& interpreter) {
  std::vector<std::vector<double>> outputs;
  for (int i = 0; i < static_cast<int>(interpreter.graph().outputs.size()); ++i) {
    const Tensor& tensor = interpreter.graph().tensors[interpreter.graph().outputs[i]];
    outputs.push_back(values_of(tensor, interpreter.output_data(i)));
  }
  return outputs;
}

std::vector<std::vector<double>> run(const Model& model, const std::string& set, bool fuse,
                                     std::uint64_t seed) {
  const auto interpreter = load(model, set, fuse);
  write_random_inputs(*interpreter, seed);
  interpreter->invoke();
  return outputs_of(*interpreter);
}

std::vector<std::vector<double>> run_naively(const Model& model, std::uint64_t seed) {
  const auto interpreter = load(model, "reference", false);
  write_random_inputs(*interpreter, seed);
  NaiveForward naive(model);
  for (int i = 0; i < static_cast<int>(model.graph.inputs.size()); ++i) {
    const std::int32_t id = model.graph.inputs[i];
    naive.values[id] = values_of(model.graph.tensors[id], interpreter->input_data(i));
  }
  naive.run();
  std::vector<std::vector<double>> outputs;
  for (const std::int32_t id : model.graph.outputs) outputs.push_back(naive.values[id]);
  return outputs;
}

/// Largest difference, relative to the largest value.
double relative_difference(const std::vector<std::vector<double>>& a,
                           const std::vector<std::vector<double>>& b) {
  double difference = 0, largest = 1e-6;
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].size() == b[i].size());
    for (std::size_t k = 0; k < a[i].size(); ++k) {
      difference = std::max(difference, std::abs(a[i][k] - b[i][k]));
      largest = std::max(largest, std::abs(a[i][k]));
    }
  }
  return difference / largest;
}

/// Says once what is skipped, however often it is asked.
const std::vector<std::string>& available_sets() {
  static const std::vector<std::string> available = [] {
    std::vector<std::string> sets;
    for (const KernelSet* set : kernel_sets()) {
      if (set->available()) {
        sets.push_back(set->name);
      } else {
        MESSAGE("skipped: this CPU lacks kernel set ", std::string(set->name));
      }
    }
    return sets;
  }();
  return available;
}

/// float input -> int8 convolution -> float head.
LayerGraph mixed_graph() {
  GraphBuilder b;
  std::int32_t x = b.conv(b.input({7, 5, 3}), 9, 3, 1);
  x = b.layer(OpKind::kQuantize, x, -1, b.shape(x));
  x = b.unary(OpKind::kRelu6, b.conv(x, 12, 1, 1));
  x = b.unary(OpKind::kHswish, b.depthwise(x, 3, 2));
  x = b.layer(OpKind::kDequantize, x, -1, b.shape(x));
  b.graph.outputs.push_back(b.fully_connected(b.pool(x), 4));
  for (std::size_t i = 1; i < 6; ++i) {
    b.graph.layers[i].precision = Precision::kInt8;
    b.graph.tensors[b.graph.layers[i].output].precision = Precision::kInt8;
  }
  return b.graph;
}

}  // namespace

TEST_CASE("int8 networks give the bits of the naive forward, fused or not, on every kernel set") {
  const auto sets = available_sets();
  int fused_adds = 0, varied = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    RandomGraph random(seed);
    const int exits = static_cast<int>(seed % 3);
    const LayerGraph graph = seed % 2 == 0 ? random.make(exits) : random.make_untidy(exits);
    const Model model = generated_model(with_precision(graph, Precision::kInt8), seed);
    CAPTURE(seed);
    const auto expected = run_naively(model, seed);
    CHECK(run(model, "reference", false, seed) == expected);
    for (const std::string& set : sets) {
      CAPTURE(set);
      CHECK(run(model, set, true, seed) == expected);
    }
    for (const Step& step : fuse(model.graph)) fused_adds += step.add_layer >= 0;
    varied += std::abs(expected[0][0] - expected[0][1]) > 0;
  }
  // The comparison means something: adds were fused, and outputs neither saturate nor vanish.
  CHECK(fused_adds > 100);
  CHECK(varied > 450);
}

TEST_CASE("fp32 networks agree with a double forward, fused or not, on every kernel set") {
  const auto sets = available_sets();
  for (std::uint64_t seed = 1000; seed < 1500; ++seed) {
    RandomGraph random(seed);
    const int exits = static_cast<int>(seed % 2);
    const LayerGraph graph = seed % 4 == 0 ? random.make(exits) : random.make_untidy(exits);
    const Model model = generated_model(graph, seed);
    CAPTURE(seed);
    const auto expected = run_naively(model, seed);
    CHECK(relative_difference(expected, run(model, "reference", false, seed)) < 1e-5);
    for (const std::string& set : sets) {
      CAPTURE(set);
      CHECK(relative_difference(expected, run(model, set, true, seed)) < 1e-5);
    }
  }
}

TEST_CASE("precision may change within a network through quantize and dequantize") {
  const Model model = generated_model(mixed_graph(), 5);
  const auto expected = run_naively(model, 3);
  for (const std::string& set : available_sets()) {
    CAPTURE(set);
    // A last bit of the float convolution may move one quantized value by one step.
    CHECK(relative_difference(expected, run(model, set, true, 3)) < 0.02);
  }
}

TEST_CASE("running a model's layers up to k and then the rest gives the whole") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const LayerGraph graph = RandomGraph(seed).make(static_cast<int>(seed % 3));
    const Model model = generated_model(with_precision(graph, Precision::kInt8), seed);
    const int layers = static_cast<int>(graph.layers.size());
    const int cut = 1 + static_cast<int>(seed * 7) % (layers - 1);
    CAPTURE(seed);
    Model part[2];
    std::vector<std::int32_t> tensor_of[2];
    LayerGraph ignored;
    for (int i = 0; i < 2; ++i) {
      const int first = i == 0 ? 0 : cut, last = i == 0 ? cut : layers;
      REQUIRE(extract_range(model, first, last, &part[i]).ok());
      REQUIRE(extract_range(graph, first, last, &ignored, &tensor_of[i]).ok());
    }
    const auto whole = load(model, "", true);
    const auto head = load(part[0], "", true);
    const auto tail = load(part[1], "", true);
    write_random_inputs(*whole, seed);
    write_random_inputs(*head, seed);
    // The border carries the network's own input too, where the rest reads it.
    std::vector<std::vector<double>> known(graph.tensors.size());
    known[graph.inputs[0]] = values_of(model.graph.tensors[graph.inputs[0]], head->input_data());
    whole->invoke();
    head->invoke();
    const auto head_outputs = outputs_of(*head);
    for (std::size_t i = 0; i < head_outputs.size(); ++i) {
      known[tensor_of[0][part[0].graph.outputs[i]]] = head_outputs[i];
    }
    for (std::size_t i = 0; i < part[1].graph.inputs.size(); ++i) {
      const auto& values = known[tensor_of[1][part[1].graph.inputs[i]]];
      REQUIRE(static_cast<std::int64_t>(values.size()) == tail->input_bytes(static_cast<int>(i)));
      auto* to = static_cast<std::int8_t*>(tail->input_data(static_cast<int>(i)));
      for (std::size_t k = 0; k < values.size(); ++k) to[k] = static_cast<std::int8_t>(values[k]);
    }
    tail->invoke();
    const auto tail_outputs = outputs_of(*tail);
    for (std::size_t i = 0; i < tail_outputs.size(); ++i) {
      known[tensor_of[1][part[1].graph.outputs[i]]] = tail_outputs[i];
    }
    const auto expected = outputs_of(*whole);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(known[graph.outputs[i]] == expected[i]);
    }
  }
}

TEST_CASE("steps run in ranges and timed give the same bytes") {
  const LayerGraph graph = RandomGraph(17).make(1);
  const Model model = generated_model(with_precision(graph, Precision::kInt8), 17);
  const auto interpreter = load(model, "", true);
  write_random_inputs(*interpreter, 4);
  interpreter->invoke();
  const auto expected = outputs_of(*interpreter);
  const int steps = static_cast<int>(interpreter->steps().size());
  write_random_inputs(*interpreter, 4);
  interpreter->invoke_range(0, steps / 2);
  interpreter->invoke_range(steps / 2, steps);
  CHECK(outputs_of(*interpreter) == expected);
  constexpr std::uint64_t kUnwritten = ~std::uint64_t{0};
  std::vector<std::uint64_t> ticks(interpreter->steps().size(), kUnwritten);
  write_random_inputs(*interpreter, 4);
  interpreter->invoke_timed(ticks.data());
  CHECK(outputs_of(*interpreter) == expected);
  // A short step may see no tick: the counter of AArch64 may run at less than 20 MHz.
  std::uint64_t sum = 0;
  for (const std::uint64_t t : ticks) {
    CHECK(t != kUnwritten);
    sum += t;
  }
  CHECK(sum > 0);
}

TEST_CASE("what is planned is what is allocated, for every kernel set of this machine") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const LayerGraph graph = RandomGraph(seed).make(static_cast<int>(seed % 2));
    for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
      const Model model = generated_model(with_precision(graph, precision), seed);
      for (const std::string& set : available_sets()) {
        const auto interpreter = load(model, set, true);
        const MemoryPlan plan =
            plan_memory(model.graph, fuse(model.graph), interpreter->kernel_set(), 1);
        CHECK(interpreter->allocated_arena_bytes() == plan.arena_bytes);
        CHECK(interpreter->allocated_packed_bytes() == plan.packed_bytes);
      }
    }
  }
}

TEST_CASE("tensors have addresses in the arena unless they were fused away") {
  GraphBuilder b;
  const std::int32_t x = b.input({4, 4, 8});
  const std::int32_t y = b.conv(x, 8, 1, 1);
  const std::int32_t z = b.unary(OpKind::kRelu6, y);
  b.graph.outputs.push_back(z);
  const auto interpreter = load(generated_model(b.graph, 1), "", true);
  CHECK(interpreter->tensor_data(x) == interpreter->input_data());
  CHECK(interpreter->tensor_data(y) == nullptr);
  CHECK(interpreter->tensor_data(z) == interpreter->output_data());
  CHECK(reinterpret_cast<std::uintptr_t>(interpreter->tensor_data(z)) % 64 == 0);
  REQUIRE(interpreter->steps().size() == 1);
  const std::string set = interpreter->kernel_set().name;
  CHECK(interpreter->key(0).text() ==
        "conv2d fp32 4x4x8>4x4x8 k1 s1 relu6 t1 " + set + "@" +
            std::to_string(interpreter->kernel_set().pointwise_version));
}

TEST_CASE(
    "the kernel set is the option's, else the model's, else the best, and the notice says why") {
  GraphBuilder b;
  b.graph.outputs.push_back(b.conv(b.input({2, 2, 8}), 8, 1, 1));
  Model model = generated_model(b.graph, 1);
  // The environment would override the model's choice; this test is about the rest.
  if (!forced_kernel_set().empty()) return;
  model.kernel_set = "reference";
  auto interpreter = load(model, "", true);
  CHECK(std::string(interpreter->kernel_set().name) == "reference");
  CHECK(interpreter->notice() == "");
  model.kernel_set = "made_up";
  interpreter = load(model, "", true);
  const KernelSet* best = nullptr;
  REQUIRE(choose_kernel_set("", &best).ok());
  CHECK(&interpreter->kernel_set() == best);
  CHECK(interpreter->notice().find("in place of the model's 'made_up'") != std::string::npos);
  interpreter = load(model, "reference", true);
  CHECK(interpreter->notice() ==
        "kernel set 'reference' (asked for by name) runs in place of the model's 'made_up'");
}

TEST_CASE("stored paths of blocks count with the model's kernel set, else the rule with a notice") {
  if (!forced_kernel_set().empty()) return;
  GraphBuilder b;
  const std::int32_t x = b.input({6, 6, 8});
  b.graph.outputs.push_back(b.conv(b.depthwise(b.conv(x, 24, 1, 1), 3, 1), 8, 1, 1));
  Model model = generated_model(b.graph, 1);
  model.block_choices = {{0, BlockPath::kBanded}};
  for (const char* set : {"", "reference"}) {
    model.kernel_set = set;
    const auto interpreter = load(model, "reference", true);
    CHECK(interpreter->steps().size() == 1);
    CHECK(interpreter->notice() == "");
  }
  model.kernel_set = "made_up";
  const auto interpreter = load(model, "reference", true);
  CHECK(interpreter->steps().size() == 3);
  CHECK(interpreter->notice().find("; its fixed rule says which blocks run in bands") !=
        std::string::npos);
}

TEST_CASE("load refuses what it cannot run") {
  GraphBuilder b;
  b.graph.outputs.push_back(b.conv(b.input({2, 2, 8}), 8, 1, 1));
  Model model = generated_model(b.graph, 1);
  std::unique_ptr<Interpreter> interpreter;
  InterpreterOptions options;
  options.threads = 1000;
  CHECK(Interpreter::load(model, options, &interpreter).message().find("threads 1000: this ") == 0);
  options.threads = 1;
  options.kernel_set = "made_up";
  const Status unknown = Interpreter::load(model, options, &interpreter);
  CHECK(unknown.code() == StatusCode::kInvalid);
  CHECK(unknown.message().find("made_up") != std::string::npos);
  model.parameters[0].bias_f32.pop_back();
  options.kernel_set = "";
  CHECK(Interpreter::load(model, options, &interpreter).message() ==
        "layer 'layer0' (conv2d): bias_f32 has 7 values, expected 8");
  CHECK(interpreter == nullptr);
}

}  // namespace edgefront
