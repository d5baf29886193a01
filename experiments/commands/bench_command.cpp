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

}  // namespace

int bench_command(const CommandArguments& args) {
  CommandLine line("bench MODEL.efm [options]",
                   "Measures a model on this machine: the 10 %-trimmed mean of single invocations, "
                   "P50/P95/P99, times per fused layer, and memory.");
  line.positional("MODEL.efm", "model file")
      .option("kernels", "SET", "",
              "kernel set (default: EDGEFRONT_KERNELS, the model's, the best)")
      .option("threads", "N", "1", "threads of the network")
      .option("max-samples", "N", "2000", "invocations at most")
      .option("seed", "N", "1", "seed of the generated inputs")
      .flag("json", "one JSON object on standard output");
  if (!line.parse(args)) return 0;
  const std::string path = line.text("MODEL.efm");
  Model model;
  require(read_model_file(path, &model));
  InterpreterOptions load;
  load.kernel_set = line.text("kernels");
  load.threads = parse_thread_counts(line.list("threads"), "--threads").front();
  std::unique_ptr<Interpreter> interpreter;
  require(Interpreter::load(model, load, &interpreter));

  ProtocolOptions protocol;
  protocol.max_samples = int(line.integer("max-samples", 100, 10000000));
  protocol.seed = std::uint64_t(line.integer("seed", 0, INT64_MAX));
  std::vector<NetworkMeasurement> measured;
  require(measure_networks({&model}, {path}, interpreter->kernel_set().name, load.threads, protocol,
                           nullptr, &measured));
  const NetworkMeasurement& result = measured.front();
  const std::int64_t weights = weights_bytes(model);
  if (!line.given("json")) {
    print(path, *interpreter, weights, result);
    return 0;
  }
  nlohmann::json layers = nlohmann::json::array();
  for (std::size_t i = 0; i < result.step_latency_us.size(); ++i) {
    layers.push_back({{"key", interpreter->key(int(i)).text()},
                      {"kernel", interpreter->kernel_name(int(i))},
                      {"latency_us", result.step_latency_us[i]}});
  }
  const auto& s = result.statistics;
  const nlohmann::json out = {{"latency_us", s.latency_us},
                              {"latency_low_us", s.latency_low_us},
                              {"latency_high_us", s.latency_high_us},
                              {"p50_us", s.p50_us},
                              {"p95_us", s.p95_us},
                              {"p99_us", s.p99_us},
                              {"samples", s.samples},
                              {"rejected", s.rejected},
                              {"arena_bytes", interpreter->plan().arena_bytes},
                              {"packed_bytes", interpreter->plan().packed_bytes},
                              {"weights_bytes", weights},
                              {"kernels", interpreter->kernel_set().name},
                              {"notice", interpreter->notice()},
                              {"threads", load.threads},
                              {"energy_uj", nullptr},
                              {"energy_source", "none"},
                              {"layers", layers}};
  std::cout << out.dump(2) << "\n";
  return 0;
}

}  // namespace edgefront
