// c_export_cases FOLDER COUNT [MODEL.efm]: writes COUNT random int8 networks (or the one of a file)
// as network_<i>.c, case_<i>.c that includes it under a name of its own, cases.h with the table
// that tests/c_export/harness.c runs, and cases.bin: the inputs of every case, each followed by the
// outputs of our interpreter.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "runtime/export/c_writer.h"
#include "runtime/file.h"
#include "runtime/interpreter.h"
#include "runtime/model_file.h"
#include "space/error.h"
#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

constexpr int kInputs = 5;  // per case

void require(const Status& status) {
  if (!status.ok()) throw InputError(status.message());
}

/// A random network with awkward numbers: every third one has zero points at the ends, every
/// fourth one scales that push values onto the clamps or near zero.
Model random_model(int seed) {
  std::mt19937_64 random(static_cast<std::uint64_t>(seed));
  test::RandomGraph graphs(static_cast<std::uint64_t>(seed));
  const LayerGraph graph = with_precision(graphs.make(seed % 3), Precision::kInt8);
  Model model = generated_model(graph, static_cast<std::uint64_t>(seed));
  const bool ends = seed % 3 == 1, scales = seed % 4 == 2;
  std::vector<std::int32_t> root(graph.tensors.size(), -1);  // relu keeps its input's numbers
  for (const Layer& layer : graph.layers) {
    if (layer.op == OpKind::kRelu || layer.op == OpKind::kRelu6) {
      root[layer.output] = layer.inputs[0];
    }
  }
  for (std::size_t i = 0; i < root.size(); ++i) {  // ids rise, so a root is finished before
    TensorQuantization& q = model.quantization[i];
    if (root[i] >= 0) {
      q = model.quantization[root[i]];
      continue;
    }
    if (ends && random() % 2 == 0) q.zero_point = random() % 2 == 0 ? -128 : 127;
    if (scales) q.scale *= std::ldexp(1.0f, static_cast<int>(random() % 7) - 3);
  }
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    if (model.parameters[i].table.empty()) continue;
    model.parameters[i].table = unary_table(layer.op, model.quantization[layer.inputs[0]],
                                            model.quantization[layer.output]);
  }
  return model;
}

/// Both extremes, then anything.
void fill_input(std::mt19937_64& random, int sample, std::vector<std::uint8_t>* bytes) {
  for (std::uint8_t& byte : *bytes) {
    byte = static_cast<std::uint8_t>(sample == 0 ? 0x80 : sample == 1 ? 0x7f : random());
  }
}

struct Written {
  std::int64_t inputs = 0, outputs = 0;  ///< bytes of one invocation
};

Written write_case(const Model& model, int index, const std::string& folder, std::string* data) {
  const std::string name = "network_" + std::to_string(index);
  write_c(model, folder + "/" + name + ".c");
  const std::string wrapper =
      "#define edgefront_invoke " + name + "\n#include \"" + name + ".c\"\n";
  require(write_file_atomic(folder + "/case_" + std::to_string(index) + ".c", wrapper.data(),
                            wrapper.size()));
  std::unique_ptr<Interpreter> interpreter;
  require(Interpreter::load(model, {}, &interpreter));
  std::mt19937_64 random(static_cast<std::uint64_t>(index));
  Written written;
  for (int sample = 0; sample < kInputs; ++sample) {
    written = {};
    for (std::size_t i = 0; i < model.graph.inputs.size(); ++i) {
      std::vector<std::uint8_t> bytes(interpreter->input_bytes(static_cast<int>(i)));
      fill_input(random, sample, &bytes);
      std::memcpy(interpreter->input_data(static_cast<int>(i)), bytes.data(), bytes.size());
      data->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      written.inputs += static_cast<std::int64_t>(bytes.size());
    }
    interpreter->invoke();
    for (std::size_t i = 0; i < model.graph.outputs.size(); ++i) {
      const int output = static_cast<int>(i);
      data->append(static_cast<const char*>(interpreter->output_data(output)),
                   static_cast<std::size_t>(interpreter->output_bytes(output)));
      written.outputs += interpreter->output_bytes(output);
    }
  }
  return written;
}

void run(int argc, char** argv) {
  const std::string folder = argv[1];
  const int count = argc > 3 ? 1 : std::atoi(argv[2]);
  if (count < 1) throw InputError("COUNT is '" + std::string(argv[2]) + "', accepted is 1 or more");
  std::filesystem::create_directories(folder);
  std::string data, declarations, table;
  for (int i = 0; i < count; ++i) {
    Model model;
    if (argc > 3) {
      require(read_model_file(argv[3], &model));
    } else {
      model = random_model(i);
    }
    const Written written = write_case(model, i, folder, &data);
    const std::string name = "network_" + std::to_string(i);
    declarations += "int " + name + "(const int8_t* input, int8_t* output);\n";
    table += "    {" + name + ", " + std::to_string(written.inputs) + ", " +
             std::to_string(written.outputs) + "},\n";
  }
  const std::string header = "#define INPUTS_PER_CASE " + std::to_string(kInputs) + "\n" +
                             declarations + "static const struct test_case cases[] = {\n" + table +
                             "};\n";
  require(write_file_atomic(folder + "/cases.h", header.data(), header.size()));
  require(write_file_atomic(folder + "/cases.bin", data.data(), data.size()));
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: c_export_cases FOLDER COUNT [MODEL.efm]\n");
    return 2;
  }
  try {
    edgefront::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "c_export_cases: %s\n", error.what());
    return 1;
  }
  return 0;
}
