// edgefront bench: what a model really costs on this machine.
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/host.h"
#include "runtime/interpreter.h"
#include "runtime/model_file.h"
#include "runtime/probe/probe.h"
#include "space/error.h"
#include "space/reference_networks.h"

namespace edgefront {
namespace {

void print(const std::string& path, const Interpreter& interpreter, std::int64_t weights,
           const NetworkMeasurement& measured) {
  std::cout << path << " on " << interpreter.kernel_set().name << ", 1 thread\n";
  if (!interpreter.notice().empty()) std::cout << interpreter.notice() << "\n";
  std::cout << "latency " << describe(measured.statistics) << "\n";
  const auto& plan = interpreter.plan();
  std::cout << "arena " << with_separators(plan.arena_bytes) << " bytes (scratch "
            << with_separators(plan.scratch_bytes) << "), packed "
            << with_separators(plan.packed_bytes) << ", weights " << with_separators(weights)
            << "\n      us   share  kernel            layer\n";
  double sum = 0;
  for (double us : measured.step_latency_us) sum += us;
  for (std::size_t i = 0; i < measured.step_latency_us.size(); ++i) {
    const double us = measured.step_latency_us[i];
    std::printf("%8.2f  %5.1f%%  %-16s  %s\n", us, 100 * us / sum, interpreter.kernel_name(int(i)),
                interpreter.key(int(i)).text().c_str());
  }
  std::printf("%8.2f  sum of the layers\nenergy none (no sensor is read in this version)\n", sum);
  std::fflush(stdout);
}

/// What is measured: a model file, or a published network with generated weights.
struct Subject {
  std::string name;
  Model model;
};

Subject subject_of(const CommandLine& line) {
  Subject subject;
  const std::string path = line.text("MODEL.efm"), network = line.text("model");
  if (path.empty() == network.empty()) {
    throw InputError(
        "edgefront bench: give either MODEL.efm or --model NAME; see edgefront bench --help");
  }
  if (!network.empty()) {
    const Precision precision = parse_precision(line.text("precision"), "--precision");
    subject.name = network;
    subject.model = generated_model(with_precision(reference_network(network), precision),
                                    std::uint64_t(line.integer("seed", 0, INT64_MAX)));
    return subject;
  }
  subject.name = path;
  require(read_model_file(path, &subject.model));
  return subject;
}

nlohmann::json to_json(const Interpreter& interpreter, std::int64_t weights,
                       const NetworkMeasurement& measured) {
  nlohmann::json layers = nlohmann::json::array();
  for (std::size_t i = 0; i < measured.step_latency_us.size(); ++i) {
    layers.push_back({{"key", interpreter.key(int(i)).text()},
                      {"kernel", interpreter.kernel_name(int(i))},
                      {"latency_us", measured.step_latency_us[i]}});
  }
  const auto& s = measured.statistics;
  return {{"latency_us", s.latency_us},
          {"latency_low_us", s.latency_low_us},
          {"latency_high_us", s.latency_high_us},
          {"p50_us", s.p50_us},
          {"p95_us", s.p95_us},
          {"p99_us", s.p99_us},
          {"samples", s.samples},
          {"rejected", s.rejected},
          {"arena_bytes", interpreter.plan().arena_bytes},
          {"packed_bytes", interpreter.plan().packed_bytes},
          {"weights_bytes", weights},
          {"kernels", interpreter.kernel_set().name},
          {"notice", interpreter.notice()},
          {"energy_uj", nullptr},
          {"energy_source", "none"},
          {"layers", layers}};
}

}  // namespace

int bench_command(const CommandArguments& args) {
  CommandLine line("bench MODEL.efm|--model NAME [options]",
                   "Measures a model on this machine: the 10 %-trimmed mean of single invocations, "
                   "P50/P95/P99, times per fused layer, and memory.");
  line.optional_positional("MODEL.efm", "model file")
      .option("model", "NAME", "",
              "instead of a file: mobilenet_v2 or mobilenet_v3_large with generated weights")
      .option("precision", "P", "int8", "of --model: int8 or fp32")
      .option("kernels", "SET", "",
              "kernel set (default: EDGEFRONT_KERNELS, the model's, the best)")
      .option("threads", "N", "1", "threads of the network")
      .option("max-samples", "N", "2000", "invocations at most")
      .option("seed", "N", "1", "seed of the generated inputs and weights")
      .flag("json", "one JSON object on standard output");
  if (!line.parse(args)) return 0;
  const Subject subject = subject_of(line);
  InterpreterOptions load;
  load.kernel_set = line.text("kernels");
  load.threads = parse_thread_counts(line.list("threads"), "--threads").front();
  std::unique_ptr<Interpreter> interpreter;
  require(Interpreter::load(subject.model, load, &interpreter));

  ProtocolOptions protocol;
  protocol.max_samples = int(line.integer("max-samples", 100, 10000000));
  protocol.seed = std::uint64_t(line.integer("seed", 0, INT64_MAX));
  std::vector<NetworkMeasurement> measured;
  require(measure_networks({&subject.model}, {subject.name}, interpreter->kernel_set().name,
                           load.threads, protocol, nullptr, &measured));
  const std::int64_t weights = weights_bytes(subject.model);
  if (!line.given("json")) {
    print(subject.name, *interpreter, weights, measured.front());
    return 0;
  }
  nlohmann::json out = to_json(*interpreter, weights, measured.front());
  out["threads"] = load.threads;
  std::cout << out.dump(2) << "\n";
  return 0;
}

}  // namespace edgefront
