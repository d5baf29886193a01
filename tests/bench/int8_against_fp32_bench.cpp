// Is int8 ever slower than fp32? Measures every layer of whole spaces in both precisions, together
// and by the probe's protocol, several times over. A layer loses a run where int8 takes at least 2
// us and is slower than fp32 beyond both 95 % intervals, or takes less and is slower by more than
// 0.2 us; it is a loser if it loses most runs (two of three). Exit code 1 if there are losers.
//
//   int8_against_fp32_bench [--space FILE[,FILE…]] [--kernels SET] [--runs 3] [--passes 1]
//                           [--max-layers N] [--max-samples 2000] [--seconds S] [--seed 1] [--json]
//   --max-layers  of each space, evenly spread over its list; 0: all
//   --seconds     no further run begins after so many; with fewer runs "most" is of those made
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "hwprofiles/profiler.h"
#include "runtime/kernels/kernel_set.h"
#include "runtime/probe/probe.h"
#include "space/search_space.h"

namespace edgefront {
namespace {

constexpr double kSmallUs = 2;        // below this intervals are as wide as what would be gained
constexpr double kToleranceUs = 0.2;  // of small layers

struct Settings {
  std::string spaces = "experiments/spaces/mobilenet_v3.toml,experiments/spaces/fashion_small.toml";
  std::string kernels;
  int runs = 3, passes = 1, max_layers = 0, max_samples = 2000;
  double seconds = 1e18;
  std::uint64_t seed = 1;
  bool json = false;
};

/// A layer in both precisions, by the places of its keys in the list that is measured.
struct Pair {
  std::size_t int8 = 0, fp32 = 0;
};

struct Judged {
  LatencyStatistics int8, fp32;  ///< of the last run that it lost, else of the last run
  std::string key;
  int lost = 0;  ///< runs
};

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool loses(const LatencyStatistics& int8, const LatencyStatistics& fp32) {
  if (int8.latency_us < kSmallUs) return int8.latency_us - fp32.latency_us > kToleranceUs;
  return int8.latency_low_us > fp32.latency_high_us;
}

Settings parse(int argc, char** argv) {
  Settings s;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--json") {
      s.json = true;
      continue;
    }
    const std::string value = i + 1 < argc ? argv[++i] : "";
    if (name == "--space")
      s.spaces = value;
    else if (name == "--kernels")
      s.kernels = value;
    else if (name == "--runs")
      s.runs = std::atoi(value.c_str());
    else if (name == "--passes")
      s.passes = std::atoi(value.c_str());
    else if (name == "--max-layers")
      s.max_layers = std::atoi(value.c_str());
    else if (name == "--max-samples")
      s.max_samples = std::atoi(value.c_str());
    else if (name == "--seconds")
      s.seconds = std::atof(value.c_str());
    else if (name == "--seed")
      s.seed = std::strtoull(value.c_str(), nullptr, 10);
    else
      throw std::runtime_error("unknown option " + name + "; see the head of the source");
  }
  if (s.runs < 1 || s.passes < 1 || s.max_samples < 50) throw std::runtime_error("too few runs");
  return s;
}

/// The same text for a layer in both precisions.
std::string neutral_text(LayerKey key) {
  key.precision = Precision::kInt8;
  key.kernel_version = 0;
  return key.text();
}

/// int8 layers of all spaces that have a counterpart in fp32, then their counterparts.
std::vector<LayerKey> keys_of(const Settings& settings, const KernelSet& set,
                              std::vector<Pair>* pairs) {
  std::map<std::string, std::pair<LayerKey, LayerKey>> found;
  std::stringstream files(settings.spaces);
  for (std::string file; std::getline(files, file, ',');) {
    const SearchSpace space = load_space(file);
    std::map<std::string, LayerKey> fp32;
    for (const LayerKey& key : distinct_layers(space, Precision::kFloat32, 1, set)) {
      fp32[neutral_text(key)] = key;
    }
    const std::vector<LayerKey> int8 = distinct_layers(space, Precision::kInt8, 1, set);
    const std::size_t most =
        settings.max_layers > 0 ? std::size_t(settings.max_layers) : int8.size();
    const std::size_t taken = std::min(most, int8.size());
    for (std::size_t i = 0; i < taken; ++i) {
      const LayerKey& key = int8[i * int8.size() / taken];
      const auto other = fp32.find(neutral_text(key));
      if (other != fp32.end()) found.emplace(key.text(), std::pair(key, other->second));
    }
    std::fprintf(stderr, "%s: %zu int8 layers, %zu fp32, %zu taken\n", file.c_str(), int8.size(),
                 fp32.size(), taken);
  }
  std::vector<LayerKey> keys;
  for (const auto& [text, both] : found) {
    pairs->push_back({keys.size(), keys.size() + 1});
    keys.push_back(both.first);
    keys.push_back(both.second);
  }
  return keys;
}

void judge(const std::vector<LayerMeasurement>& measured, const std::vector<Pair>& pairs,
           std::vector<Judged>* judged) {
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const LatencyStatistics& int8 = measured[pairs[i].int8].statistics;
    const LatencyStatistics& fp32 = measured[pairs[i].fp32].statistics;
    const bool lost = loses(int8, fp32);
    Judged& one = (*judged)[i];
    one.key = measured[pairs[i].int8].key.text();
    if (lost || one.lost == 0) {
      one.int8 = int8;
      one.fp32 = fp32;
    }
    one.lost += lost;
  }
}

void print(const std::vector<Judged>& judged, int runs, const char* set, bool as_json) {
  std::vector<const Judged*> losers;
  double log_ratios = 0;
  for (const Judged& one : judged) {
    log_ratios += std::log(one.fp32.latency_us / one.int8.latency_us);
    if (2 * one.lost > runs) losers.push_back(&one);
  }
  const double speedup = std::exp(log_ratios / static_cast<double>(judged.size()));
  if (as_json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Judged* one : losers) {
      list.push_back({{"key", one->key},
                      {"int8_us", one->int8.latency_us},
                      {"fp32_us", one->fp32.latency_us},
                      {"lost_runs", one->lost}});
    }
    const nlohmann::ordered_json out = {{"kernels", set},
                                        {"layers", judged.size()},
                                        {"runs", runs},
                                        {"geometric_mean_fp32_over_int8", speedup},
                                        {"losers", list}};
    std::cout << out.dump(2) << "\n";
    return;
  }
  for (const Judged* one : losers) {
    std::printf("%8.2f us int8 [%.2f, %.2f]  %8.2f us fp32 [%.2f, %.2f]  lost %d of %d  %s\n",
                one->int8.latency_us, one->int8.latency_low_us, one->int8.latency_high_us,
                one->fp32.latency_us, one->fp32.latency_low_us, one->fp32.latency_high_us,
                one->lost, runs, one->key.c_str());
  }
  std::printf("%s: %zu of %zu layers are slower in int8; fp32/int8 geometric mean %.2f; %d runs\n",
              set, losers.size(), judged.size(), speedup, runs);
}

int run(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  const auto must = [](const Status& status) {
    if (!status.ok()) throw std::runtime_error(status.message());
  };
  const KernelSet* set = nullptr;
  must(choose_kernel_set(settings.kernels.empty() ? forced_kernel_set() : settings.kernels, &set));
  std::vector<Pair> pairs;
  const std::vector<LayerKey> keys = keys_of(settings, *set, &pairs);
  if (pairs.empty()) throw std::runtime_error("no layers");
  ProtocolOptions protocol;
  protocol.passes = settings.passes;
  protocol.max_samples = settings.max_samples;
  std::vector<Judged> judged(pairs.size());
  const double start = now_seconds();
  int runs = 0;
  while (runs < settings.runs && now_seconds() - start < settings.seconds) {
    protocol.seed = settings.seed + std::uint64_t(runs);
    std::vector<LayerMeasurement> measured;
    int shown = -1;
    must(measure_layers(
        keys, protocol,
        [&](int done, int total) {
          if (const int tenth = 10 * done / total; tenth != shown) {
            shown = tenth;
            std::fprintf(stderr, "run %d: %d of %d\n", runs + 1, done, total);
          }
        },
        &measured));
    judge(measured, pairs, &judged);
    ++runs;
  }
  print(judged, runs, set->name, settings.json);
  for (const Judged& one : judged) {
    if (2 * one.lost > runs) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  try {
    return edgefront::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "int8_against_fp32_bench: %s\n", e.what());
    return 2;
  }
}
