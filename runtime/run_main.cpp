// edgefront-run: one model, one input, the five best classes; or the model's own probes.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "runtime/file.h"
#include "runtime/image_input.h"
#include "runtime/interpreter.h"
#include "runtime/model_file.h"

namespace edgefront {
namespace {

enum ExitCode { kDone = 0, kBug = 1, kBadInput = 2, kSurroundings = 3 };

constexpr char kHelp[] =
    "Usage: edgefront-run MODEL.efm INPUT | --self-test\n"
    "\n"
    "  edgefront-run MODEL.efm INPUT        prints the five best classes of every output\n"
    "  edgefront-run MODEL.efm --self-test  replays the model's probe inputs: int8 outputs must\n"
    "                                       agree to the byte, float32 ones within 1e-4\n"
    "\n"
    "  INPUT      PGM or PPM (P5, P6, maximum 255); .npy with uint8 pixels, float32 normalised\n"
    "             values or int8 tensor values; or raw NHWC bytes (pixels, or float32)\n"
    "  --kernels NAME  kernel set (default: EDGEFRONT_KERNELS, else the model's choice where this\n"
    "             CPU has it, else the best)\n"
    "  --threads N  threads that run the network together (default 1), at most one per CPU\n"
    "  --help     this text\n"
    "\n"
    "Exit codes: 0 done, 1 a bug (a probe disagrees), 2 wrong, missing or corrupt input,\n"
    "3 the surroundings failed.\n";

struct Arguments {
  std::string model, input, kernels;
  int threads = 1;
  bool self_test = false, help = false;
};

Status parse(int argc, char** argv, Arguments* out) {
  std::vector<std::string> positional;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--help" || word == "-h") {
      out->help = true;
    } else if (word == "--self-test") {
      out->self_test = true;
    } else if (word == "--kernels") {
      if (++i == argc || *argv[i] == '\0') return Status::invalid("--kernels needs a name");
      if (!out->kernels.empty()) return Status::invalid("--kernels stands twice");
      out->kernels = argv[i];
    } else if (word == "--threads") {
      char* end = nullptr;
      const long threads = ++i < argc ? std::strtol(argv[i], &end, 10) : 0;
      if (threads < 1 || threads > 1024 || *end != '\0') {
        return Status::invalid("--threads needs a whole number from 1 to 1024");
      }
      out->threads = static_cast<int>(threads);
    } else if (word.size() > 1 && word[0] == '-') {
      return Status::invalid("unknown option " + word +
                             ", accepted are --self-test, --kernels, --threads and --help");
    } else {
      positional.push_back(word);
    }
  }
  if (out->help) return {};
  const std::size_t wanted = out->self_test ? 1 : 2;
  if (positional.size() != wanted) {
    return Status::invalid("expected MODEL.efm and either INPUT or --self-test (see --help)");
  }
  out->model = positional[0];
  if (!out->self_test) out->input = positional[1];
  return {};
}

int report(const Status& status) {
  std::fprintf(stderr, "edgefront-run: %s\n", status.message().c_str());
  return status.code() == StatusCode::kEnvironment ? kSurroundings : kBadInput;
}

/// Real values of the i-th output.
std::vector<float> real_output(const Interpreter& interpreter, const Model& model, int i) {
  const std::int32_t id = model.graph.outputs[static_cast<std::size_t>(i)];
  const TensorQuantization& q = model.quantization[id];
  std::vector<float> real(static_cast<std::size_t>(model.graph.tensors[id].shape.elements()));
  if (model.graph.tensors[id].precision == Precision::kFloat32) {
    std::memcpy(real.data(), interpreter.output_data(i), real.size() * sizeof(float));
    return real;
  }
  const auto* values = static_cast<const std::int8_t*>(interpreter.output_data(i));
  for (std::size_t k = 0; k < real.size(); ++k) {
    real[k] = static_cast<float>(values[k] - q.zero_point) * q.scale;
  }
  return real;
}

void print_best(const Interpreter& interpreter, const Model& model, int output) {
  const std::vector<float> real = real_output(interpreter, model, output);
  std::vector<std::size_t> order(real.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t shown = std::min<std::size_t>(5, order.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
      [&](std::size_t a, std::size_t b) { return real[a] != real[b] ? real[a] > real[b] : a < b; });
  if (model.graph.outputs.size() > 1) std::printf("output %d\n", output);
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t c = order[k];
    const std::string name = model.class_names.size() == real.size() ? model.class_names[c]
                                                                     : "class " + std::to_string(c);
    std::printf("%zu. %-24s %10.4f\n", k + 1, name.c_str(), static_cast<double>(real[c]));
  }
}

/// Of an int8 output behind fp32 layers: their last bits differ between kernel sets, now and then
/// one rounds to the other side of a level, and the layers behind carry that on.
constexpr int kMixedSteps = 4;

/// Whether an output is what the probe recorded: int8 to the byte, or within kMixedSteps where some
/// layers compute in float32; float32 within 1e-4 of the largest value, because the order of sums
/// differs between kernel sets.
bool agrees(const Interpreter& interpreter, int output, const std::uint8_t* expected) {
  const Tensor& tensor =
      interpreter.graph().tensors[interpreter.graph().outputs[static_cast<std::size_t>(output)]];
  const auto bytes = static_cast<std::size_t>(tensor.bytes());
  if (tensor.precision == Precision::kInt8) {
    const std::vector<Layer>& layers = interpreter.graph().layers;
    const bool mixed = std::any_of(layers.begin(), layers.end(), [](const Layer& layer) {
      return layer.precision == Precision::kFloat32;
    });
    const auto* have = static_cast<const std::int8_t*>(interpreter.output_data(output));
    for (std::size_t k = 0; k < bytes; ++k) {
      const int difference = std::abs(have[k] - static_cast<std::int8_t>(expected[k]));
      if (difference > (mixed ? kMixedSteps : 0)) return false;
    }
    return true;
  }
  std::vector<float> want(bytes / sizeof(float)), have(want.size());
  std::memcpy(want.data(), expected, bytes);
  std::memcpy(have.data(), interpreter.output_data(output), bytes);
  float largest = 0, difference = 0;
  for (std::size_t k = 0; k < want.size(); ++k) {
    if (!std::isfinite(have[k]) || !std::isfinite(want[k])) return false;
    largest = std::max(largest, std::fabs(want[k]));
    difference = std::max(difference, std::fabs(have[k] - want[k]));
  }
  return difference <= 1e-4f * largest;
}

/// The first output that differs from the probe, or −1.
int first_difference(Interpreter& interpreter, const ProbeSample& probe) {
  const LayerGraph& graph = interpreter.graph();
  const std::uint8_t* input = probe.input.data();
  for (int i = 0; i < static_cast<int>(graph.inputs.size()); ++i) {
    const auto bytes = static_cast<std::size_t>(interpreter.input_bytes(i));
    std::memcpy(interpreter.input_data(i), input, bytes);
    input += bytes;
  }
  interpreter.invoke();
  const std::uint8_t* expected = probe.expected.data();
  for (int i = 0; i < static_cast<int>(graph.outputs.size()); ++i) {
    if (!agrees(interpreter, i, expected)) return i;
    expected += interpreter.output_bytes(i);
  }
  return -1;
}

int self_test(Interpreter& interpreter, const Model& model, const std::string& path) {
  if (model.probes.empty()) {
    return report(Status::invalid(path + ": the file has no probes to replay"));
  }
  for (std::size_t i = 0; i < model.probes.size(); ++i) {
    const int at = first_difference(interpreter, model.probes[i]);
    if (at >= 0) {
      std::fprintf(stderr, "edgefront-run: %s: probe %zu differs at output %d (kernels %s)\n",
                   path.c_str(), i, at, interpreter.kernel_set().name);
      return kBug;
    }
  }
  std::printf("%zu probes agree (kernels %s)\n", model.probes.size(),
              interpreter.kernel_set().name);
  return kDone;
}

int run_input(Interpreter& interpreter, const Model& model, const std::string& path) {
  std::vector<std::uint8_t> file, bytes;
  if (Status s = read_file(path, &file); !s.ok()) return report(s);
  if (Status s = read_input(file, path, model, &bytes); !s.ok()) return report(s);
  std::memcpy(interpreter.input_data(), bytes.data(), bytes.size());
  interpreter.invoke();
  for (int i = 0; i < static_cast<int>(model.graph.outputs.size()); ++i) {
    print_best(interpreter, model, i);
  }
  return kDone;
}

int run(int argc, char** argv) {
  Arguments arguments;
  if (Status s = parse(argc, argv, &arguments); !s.ok()) return report(s);
  if (arguments.help) {
    std::fputs(kHelp, stdout);
    return kDone;
  }
  Model model;
  if (Status s = read_model_file(arguments.model, &model); !s.ok()) return report(s);
  InterpreterOptions options;
  options.kernel_set = arguments.kernels;
  options.threads = arguments.threads;
  std::unique_ptr<Interpreter> interpreter;
  if (Status s = Interpreter::load(model, options, &interpreter); !s.ok()) return report(s);
  if (!interpreter->notice().empty()) {
    std::fprintf(stderr, "edgefront-run: note: %s\n", interpreter->notice().c_str());
  }
  const int code = arguments.self_test ? self_test(*interpreter, model, arguments.model)
                                       : run_input(*interpreter, model, arguments.input);
  if (code == kDone && (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)) {
    return report(Status::environment("cannot write to standard output"));
  }
  return code;
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) { return edgefront::run(argc, argv); }
