#include "experiments/commands/bench_report.h"

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "experiments/host.h"

namespace edgefront {
namespace {

void print_layers(const std::vector<BenchLayer>& layers) {
  double sum = 0;
  for (const BenchLayer& layer : layers) sum += layer.latency_us;
  std::printf("      us   share  kernel            layer\n");
  for (const BenchLayer& layer : layers) {
    std::printf("%8.2f  %5.1f%%  %-16s  %s\n", layer.latency_us, 100 * layer.latency_us / sum,
                layer.kernel.c_str(), layer.key.text().c_str());
  }
  std::printf("%8.2f  sum of the layers\n", sum);
}

void print_roofs(const Roofs& roofs) {
  std::printf("roofs of %s, one thread: fp32 %.1f GOP/s, int8 %.1f GOP/s; reading",
              roofs.kernel_set.c_str(), roofs.fp32_gops, roofs.int8_gops);
  for (const BandwidthRoof& level : roofs.levels) {
    std::printf("%s %s %.1f GB/s", &level == &roofs.levels.front() ? "" : ",", level.level.c_str(),
                level.gb_s);
  }
  std::printf("\n");
}

void print_rooflines(const std::vector<BenchLayer>& layers) {
  double sum = 0, bound = 0;
  for (const BenchLayer& layer : layers) {
    sum += layer.latency_us;
    bound += layer.point->bound_us();
  }
  std::printf(
      "      us   share   GOP/s       bytes  ops/byte   peak   roof  bound by     kernel           "
      " "
      "layer\n");
  for (const BenchLayer& layer : layers) {
    const RooflinePoint& point = *layer.point;
    const std::string by =
        point.memory_bound() ? point.activation_level + "/" + point.weight_level : "compute";
    std::printf("%8.2f  %5.1f%%  %6.1f  %10s  %8.2f  %4.0f%%  %4.0f%%  %-11s  %-16s  %s\n",
                layer.latency_us, 100 * layer.latency_us / sum, point.gops,
                with_separators(layer.work.bytes()).c_str(), layer.work.intensity(),
                100 * point.share_of_peak, 100 * point.share_of_roof, by.c_str(),
                layer.kernel.c_str(), layer.key.text().c_str());
  }
  std::printf("%8.2f  sum of the layers; under the roofs at least %.2f us (%.0f %%)\n", sum, bound,
              100 * bound / sum);
}

void print_mlperf(const StreamOptions& rule, const StreamResult& stream) {
  std::printf("single stream: 90th percentile %.2f us, %s queries in %.1f s", stream.p90_us,
              with_separators(stream.queries).c_str(), stream.seconds);
  std::printf(follows_mlperf_rule(rule) ? " (MLPerf's rule)\n"
                                        : " (not by MLPerf's rule: 1,024 queries and 60 s)\n");
}

template <class Value>
nlohmann::json or_null(const std::optional<Value>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json layer_json(const BenchLayer& layer) {
  nlohmann::json out = {{"name", layer.name},
                        {"key", layer.key.text()},
                        {"kernel", layer.kernel},
                        {"latency_us", layer.latency_us}};
  if (!layer.point) return out;
  out["operations"] = layer.work.operations;
  out["activation_bytes"] = layer.work.activation_bytes;
  out["weight_bytes"] = layer.work.weight_bytes;
  out["operations_per_byte"] = layer.work.intensity();
  out["gops"] = layer.point->gops;
  out["share_of_peak"] = layer.point->share_of_peak;
  out["share_of_roof"] = layer.point->share_of_roof;
  out["bound"] = layer.point->memory_bound() ? "memory" : "compute";
  out["activation_level"] = layer.point->activation_level;
  out["weight_level"] = layer.point->weight_level;
  return out;
}

nlohmann::json roofs_json(const Roofs& roofs) {
  nlohmann::json levels = nlohmann::json::array();
  for (const BandwidthRoof& level : roofs.levels) {
    levels.push_back({{"level", level.level}, {"bytes", level.bytes}, {"gb_s", level.gb_s}});
  }
  return {{"kernels", roofs.kernel_set},
          {"fp32_gops", roofs.fp32_gops},
          {"int8_gops", roofs.int8_gops},
          {"levels", levels}};
}

std::string energy_text(const BenchResult& result) {
  if (!result.energy) return "none (" + result.energy_note + ")";
  const EnergyMeasurement& e = *result.energy;
  return fixed(e.energy_uj, 1) + " uJ per inference (" + result.energy_source + ", 95 % interval " +
         fixed(e.energy_low_uj, 1) + " to " + fixed(e.energy_high_uj, 1) +
         ", above an idle power of " + fixed(e.idle_w, 2) + " W)";
}

}  // namespace

void print(const BenchReport& report) {
  const BenchResult& result = report.result;
  std::cout << report.name << " on " << report.kernels << ", " << report.threads
            << (report.threads == 1 ? " thread" : " threads") << " of " << report.device << "\n";
  if (!report.notice.empty()) std::cout << report.notice << "\n";
  std::cout << "latency " << describe(result.statistics) << "\n";
  if (result.stream.queries > 0) {
    std::cout << "throughput " << fixed(double(result.stream.queries) / result.stream.seconds, 1)
              << " inferences/s; ";
  }
  std::cout << "load " << fixed((report.read_us + result.load_us) * 1e-3, 2)
            << " ms, first invocation " << fixed(result.first_invoke_us * 1e-3, 2) << " ms\n";
  std::cout << "arena " << with_separators(report.arena_bytes) << " bytes";
  if (report.scratch_bytes >= 0) {
    std::cout << " (scratch " << with_separators(report.scratch_bytes) << ")";
  }
  std::cout << ", packed " << with_separators(report.packed_bytes) << ", weights "
            << with_separators(report.weights_bytes) << "\n"
            << "energy " << energy_text(result) << ", temperature rise "
            << (result.temperature_rise_c ? fixed(*result.temperature_rise_c, 1) + " C" : "none")
            << "\n"
            << std::flush;
  if (report.mlperf) print_mlperf(*report.mlperf, result.stream);
  if (result.roofs) {
    print_roofs(*result.roofs);
    print_rooflines(result.layers);
  } else {
    print_layers(result.layers);
  }
  std::fflush(stdout);
}

std::string json_text(const BenchReport& report) {
  const BenchResult& result = report.result;
  const LatencyStatistics& s = result.statistics;
  nlohmann::json layers = nlohmann::json::array();
  for (const BenchLayer& layer : result.layers) layers.push_back(layer_json(layer));
  nlohmann::json out = {{"latency_us", s.latency_us},
                        {"latency_low_us", s.latency_low_us},
                        {"latency_high_us", s.latency_high_us},
                        {"p50_us", s.p50_us},
                        {"p95_us", s.p95_us},
                        {"p99_us", s.p99_us},
                        {"samples", s.samples},
                        {"rejected", s.rejected},
                        {"inferences_per_s", nullptr},
                        {"load_us", report.read_us + result.load_us},
                        {"first_invoke_us", result.first_invoke_us},
                        {"energy_uj", nullptr},
                        {"energy_source", result.energy_source},
                        {"energy_note", result.energy_note},
                        {"temperature_rise_c", or_null(result.temperature_rise_c)},
                        {"arena_bytes", report.arena_bytes},
                        {"packed_bytes", report.packed_bytes},
                        {"weights_bytes", report.weights_bytes},
                        {"kernels", report.kernels},
                        {"notice", report.notice},
                        {"threads", report.threads},
                        {"device", report.device},
                        {"layers", layers}};
  if (result.energy) {
    out["energy_uj"] = result.energy->energy_uj;
    out["energy_low_uj"] = result.energy->energy_low_uj;
    out["energy_high_uj"] = result.energy->energy_high_uj;
    out["power_w"] = result.energy->power_w;
    out["idle_w"] = result.energy->idle_w;
  }
  if (result.stream.queries > 0) {
    out["inferences_per_s"] = double(result.stream.queries) / result.stream.seconds;
  }
  if (result.roofs) out["roofs"] = roofs_json(*result.roofs);
  if (report.mlperf) {
    out["mlperf"] = {{"scenario", "single stream"},
                     {"p90_us", result.stream.p90_us},
                     {"queries", result.stream.queries},
                     {"seconds", result.stream.seconds},
                     {"by_the_rule", follows_mlperf_rule(*report.mlperf)}};
  }
  return out.dump(2) + "\n";
}

}  // namespace edgefront
