// edgefront bench: what a model really costs on this machine.
#include <algorithm>
#include <chrono>
#include <iostream>

#include "experiments/commands/bench_report.h"
#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/commands/device_option.h"
#include "experiments/commands/progress.h"
#include "experiments/host.h"
#include "experiments/pipeline/bench_run.h"
#include "experiments/units.h"
#include "runtime/file.h"
#include "runtime/model_file.h"
#include "space/error.h"
#include "space/reference_networks.h"

namespace edgefront {
namespace {

constexpr int kTracedInvocations = 5;

/// What is measured: a model file, or a published network with generated weights.
struct Subject {
  std::string name;
  Model model;
  double read_us = 0;  ///< of the file, checked
};

Subject subject_of(const CommandLine& line) {
  Subject subject;
  const std::string path = line.text("MODEL.efm"), network = line.text("model");
  if (path.empty() == network.empty()) {
    throw InputError("bench: give either MODEL.efm or --model NAME; see edgefront bench --help");
  }
  if (!network.empty()) {
    const Precision precision = parse_precision(line.text("precision"), "--precision");
    subject.name = network;
    subject.model = generated_model(with_precision(reference_network(network), precision),
                                    std::uint64_t(line.integer("seed", 0, INT64_MAX)));
    return subject;
  }
  subject.name = path;
  const auto start = std::chrono::steady_clock::now();
  require(read_model_file(path, &subject.model));
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  subject.read_us = took.count();
  return subject;
}

void describe_options(CommandLine& line) {
  line.optional_positional("MODEL.efm", "model file")
      .option("model", "NAME", "",
              "instead of a file: mobilenet_v2 or mobilenet_v3_large with generated weights")
      .option("precision", "P", "int8", "of --model: int8 or fp32")
      .option("kernels", "SET", "",
              "kernel set (default: EDGEFRONT_KERNELS, the model's, the best)")
      .option("threads", "N", "1", "threads of the network")
      .option("max-samples", "N", "2000", "invocations at most, 10 or more")
      .option("seed", "N", "1", "seed of the generated inputs and weights")
      .flag("layers",
            "roofline of each layer: GOP/s, bytes, intensity, shares of the peak and of "
            "the roof, measured first (about a second)")
      .option("trace", "FILE", "", "write a few invocations as a Chrome trace (JSON)")
      .flag("mlperf",
            "MLPerf's single-stream rule: at least 1,024 queries and 60 s, the "
            "90th-percentile latency")
      .option("min-queries", "N", "1024", "of --mlperf; fewer do not follow the rule")
      .option("min-seconds", "S", "60", "of --mlperf; fewer do not follow the rule")
      .flag("json", "one JSON object on standard output");
}

BenchOptions options_of(const CommandLine& line) {
  BenchOptions options;
  options.load.kernel_set = line.text("kernels");
  options.load.threads = parse_thread_counts({line.text("threads")}, "--threads").front();
  options.protocol.max_samples = int(line.integer("max-samples", 10, 10000000));
  options.protocol.min_samples =
      std::min(options.protocol.min_samples, options.protocol.max_samples);
  options.protocol.seed = std::uint64_t(line.integer("seed", 0, INT64_MAX));
  options.roofs = line.given("layers");
  if (options.roofs && options.load.threads != 1) {
    throw InputError("bench: --layers needs --threads 1: the roofs are of one thread");
  }
  if (line.given("trace")) options.traced_invocations = kTracedInvocations;
  if (line.given("mlperf")) {
    options.stream.min_queries = line.integer("min-queries", 1, 1000000000);
    options.stream.min_seconds = line.quantity("min-seconds", Unit::kNone);
  }
  return options;
}

void write_trace(const std::string& path, const std::string& network, const BenchResult& result) {
  std::vector<TraceStep> steps;
  for (const BenchLayer& layer : result.layers) {
    steps.push_back({layer.name, layer.kernel, layer.key.text()});
  }
  const std::string text = chrome_trace(network, steps, result.trace);
  require(write_file_atomic(path, text.data(), text.size()));
}

void measure_here(const Subject& subject, const BenchOptions& options, BenchReport& report) {
  std::unique_ptr<Interpreter> interpreter;
  report.result = run_bench(subject.model, subject.name, options, &interpreter);
  report.kernels = interpreter->kernel_set().name;
  report.notice = interpreter->notice();
  report.arena_bytes = interpreter->plan().arena_bytes;
  report.scratch_bytes = interpreter->plan().scratch_bytes;
  report.packed_bytes = interpreter->plan().packed_bytes;
}

void measure_there(const CommandLine& line, const Subject& subject, const BenchOptions& options,
                   BenchReport& report) {
  for (const char* option : {"trace", "mlperf"}) {
    if (line.given(option)) {
      throw InputError(std::string("bench: --") + option +
                       " is measured on this machine only, not with --on");
    }
  }
  ProgressLine progress;
  MeasuringDevice device = open_measuring_device(line, progress);
  if (!options.load.kernel_set.empty()) device.kernel_set(options.load.kernel_set);
  NetworkFacts facts;
  report.result = run_bench_on(device, subject.model, subject.name, options, &facts);
  report.device = device.identity().cpu_model.empty() ? device.identity().architecture
                                                      : device.identity().cpu_model;
  report.kernels = facts.kernel_set;
  report.arena_bytes = facts.arena_bytes;
  report.packed_bytes = facts.packed_bytes;
}

}  // namespace

int bench_command(const CommandArguments& args) {
  CommandLine line("bench MODEL.efm|--model NAME [options]",
                   "Measures a model on this machine, or --on a board: the 10 %-trimmed mean of "
                   "single invocations, P50/P95/P99, times per fused layer, throughput, start, "
                   "energy and memory.");
  describe_options(line);
  add_device_options(line);
  if (!line.parse(args)) return 0;
  line.require_beside("precision", "model");
  line.require_beside("min-queries", "mlperf");
  line.require_beside("min-seconds", "mlperf");
  line.require_beside("retries", "on");
  const BenchOptions options = options_of(line);
  const Subject subject = subject_of(line);
  BenchReport report;
  report.name = subject.name;
  if (line.given("on")) {
    measure_there(line, subject, options, report);
  } else {
    measure_here(subject, options, report);
    report.read_us = subject.read_us;
  }
  report.weights_bytes = weights_bytes(subject.model);
  report.threads = options.load.threads;
  if (line.given("mlperf")) report.mlperf = options.stream;
  if (line.given("trace")) write_trace(line.text("trace"), subject.name, report.result);
  if (line.given("json")) {
    std::cout << json_text(report);
  } else {
    print(report);
  }
  return 0;
}

}  // namespace edgefront
