#include "runtime/probe/probe.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>

#include "runtime/interpreter.h"
#include "runtime/probe/chain_groups.h"
#include "runtime/probe/chains.h"
#include "runtime/probe/passes.h"
#include "runtime/probe/pinning.h"
#include "runtime/probe/rounds.h"
#include "runtime/probe/timed_interpreter.h"

namespace edgefront {
namespace {

constexpr int kNetworksPerGroup = 8;  // keeps a round short against a disturbance
constexpr int kStepSamples = 200;     // at most, for the latencies per step of a network

ChainLimits limits_of(const ProtocolOptions& options) {
  return {options.chain_layers, options.chain_weights_bytes};
}

// Each visit warms up again.
ProtocolOptions visits_of(ProtocolOptions options) {
  options.warmup = std::min(options.warmup, 1);
  return options;
}

// The keys of chains [first, end) that were not measured before, in the order of appearance, become
// the entries of the group.
std::vector<int> unmeasured_keys(const std::vector<Chain>& chains, std::size_t first,
                                 std::size_t end, std::vector<bool>* measured) {
  std::vector<int> result;
  for (std::size_t i = first; i < end; ++i) {
    for (const int key : chains[i].keys) {
      if ((*measured)[key]) continue;
      (*measured)[key] = true;
      result.push_back(key);
    }
  }
  return result;
}

// Of several passes' results for one entry that with the middle latency (of two the faster).
template <class Result>
Result middle(std::vector<Result> results) {
  const auto place = results.begin() + static_cast<std::ptrdiff_t>((results.size() - 1) / 2);
  std::nth_element(results.begin(), place, results.end(), [](const Result& a, const Result& b) {
    return a.statistics.latency_us < b.statistics.latency_us;
  });
  return *place;
}

template <class Result>
std::vector<double> latencies(const std::vector<Result>& passes) {
  std::vector<double> result;
  for (const Result& one : passes) result.push_back(one.statistics.latency_us);
  return result;
}

// Relative standard deviation of the latencies of several passes.
double relative_spread(const std::vector<NetworkMeasurement>& passes) {
  const auto n = static_cast<double>(passes.size());
  if (passes.size() < 2) return 0;
  double mean = 0, squares = 0;
  for (const NetworkMeasurement& one : passes) mean += one.statistics.latency_us / n;
  for (const NetworkMeasurement& one : passes) {
    const double deviation = one.statistics.latency_us / mean - 1;
    squares += deviation * deviation;
  }
  return std::sqrt(squares / (n - 1));
}

Status measure_chains(const std::vector<Chain>& chains, const std::vector<LayerKey>& keys,
                      std::uint64_t pass_seed, Bench* bench, std::vector<LayerMeasurement>* out) {
  const ChainLimits limits = limits_of(bench->options);
  std::vector<bool> measured(keys.size());
  for (std::size_t first = 0, end = 0; first < chains.size(); first = end) {
    end = group_end(chains, first, limits);
    const std::uint64_t seed = stream_value(pass_seed, first);
    const std::vector<int> key_of_entry = unmeasured_keys(chains, first, end, &measured);
    std::vector<int> entry_of(keys.size(), -1);
    for (std::size_t entry = 0; entry < key_of_entry.size(); ++entry) {
      entry_of[key_of_entry[entry]] = static_cast<int>(entry);
    }
    ChainGroup group;
    if (Status s = load_group(chains, first, end, keys, entry_of, limits, seed, &group); !s.ok())
      return s;
    const std::vector<LatencyStatistics> statistics = sample_rounds(
        static_cast<int>(key_of_entry.size()), visits_of(bench->options),
        [&](std::uint64_t round, std::vector<TimedEntry>* times) {
          return run_visit(&group, stream_value(seed, round), &bench->reference, times);
        },
        &bench->filter);
    for (std::size_t entry = 0; entry < statistics.size(); ++entry) {
      const int key = key_of_entry[entry];
      (*out)[key] = {keys[key], statistics[entry]};
      bench->finish_one();
    }
  }
  return {};
}

// A visit to each network: it runs untimed until its weights and buffers are in the state in which
// it leaves them for itself, and no longer in that of the networks before it, which takes a dozen
// invocations where weights lie in a shared cache; then it is timed. A visit during which the
// reference kernel was slow is repeated.
double run_networks(std::vector<TimedInterpreter>* networks, std::uint64_t seed, Bench* bench,
                    std::vector<TimedEntry>* times) {
  double fastest = 0;
  for (const int i : shuffled(static_cast<int>(networks->size()), seed)) {
    TimedInterpreter& network = (*networks)[i];
    const double before = bench->reference.time();
    for (int untimed = 0; untimed < kUntimedPerVisit; ++untimed) network.time_invoke();
    const std::size_t first = times->size();
    for (int timed = 0; timed < kTimedPerVisit; ++timed) {
      const double us = network.time_invoke();
      times->push_back({i, us, network.interrupted()});
    }
    const double reference = std::max(before, bench->reference.time());
    if (bench->filter.disturbed(reference)) {
      for (std::size_t at = first; at < times->size(); ++at) (*times)[at].interrupted = true;
    }
    fastest = fastest == 0 ? reference : std::min(fastest, reference);
  }
  return fastest;
}

std::vector<double> measure_steps(TimedInterpreter* network, Bench* bench) {
  ProtocolOptions few = bench->options;
  few.max_samples = std::min(few.max_samples, kStepSamples);
  std::vector<double> us;
  const auto sampler = [&](std::uint64_t, std::vector<TimedEntry>* times) {
    const double before = bench->reference.time();
    network->time_steps(&us);  // brings back what the reference kernel has evicted
    network->time_steps(&us);
    for (std::size_t i = 0; i < us.size(); ++i) {
      times->push_back({static_cast<int>(i), us[i], network->interrupted()});
    }
    return std::max(before, bench->reference.time());
  };
  const int steps = static_cast<int>(network->interpreter().steps().size());
  std::vector<double> result;
  for (const LatencyStatistics& one : sample_rounds(steps, few, sampler, &bench->filter)) {
    result.push_back(one.latency_us);
  }
  return result;
}

// The networks `members`, indices into `models` and `names`, in one rotation.
Status measure_group(const std::vector<const Model*>& models, const std::vector<std::string>& names,
                     const std::vector<int>& members, const InterpreterOptions& how,
                     std::uint64_t seed, Bench* bench,
                     std::vector<std::vector<NetworkMeasurement>>* out) {
  std::vector<TimedInterpreter> networks(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    Status s = TimedInterpreter::load(*models[members[i]], how.kernel_set, how.threads,
                                      stream_value(seed, i), &networks[i]);
    if (!s.ok()) return Status::invalid("network '" + names[members[i]] + "': " + s.message());
  }
  const std::vector<LatencyStatistics> statistics = sample_rounds(
      static_cast<int>(networks.size()), visits_of(bench->options),
      [&](std::uint64_t round, std::vector<TimedEntry>* times) {
        return run_networks(&networks, stream_value(seed, round), bench, times);
      },
      &bench->filter);
  for (std::size_t i = 0; i < members.size(); ++i) {
    NetworkMeasurement& one = (*out)[members[i]].emplace_back();
    one.name = names[members[i]];
    one.statistics = statistics[i];
    if (bench->options.step_latencies) one.step_latency_us = measure_steps(&networks[i], bench);
    bench->finish_one();
  }
  return {};
}

// Layers of one number of threads.
Status measure_alike(const std::vector<LayerKey>& keys, Bench* bench,
                     std::vector<LayerMeasurement>* out) {
  std::vector<std::vector<LayerMeasurement>> passes(keys.size());
  const auto measure = [&](std::uint64_t seed, const std::vector<int>& entries) -> Status {
    std::vector<LayerKey> chosen;
    for (const int i : entries) chosen.push_back(keys[i]);
    std::vector<Chain> chains;
    if (Status s = make_chains(chosen, limits_of(bench->options), seed, &chains); !s.ok()) return s;
    std::vector<LayerMeasurement> measured(chosen.size());
    if (Status s = measure_chains(chains, chosen, seed, bench, &measured); !s.ok()) return s;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      passes[entries[i]].push_back(std::move(measured[i]));
    }
    return {};
  };
  if (Status s = run_passes(bench, static_cast<int>(keys.size()), measure,
                            [&](int i) { return latencies(passes[i]); });
      !s.ok()) {
    return s;
  }
  for (std::vector<LayerMeasurement>& one : passes) out->push_back(middle(std::move(one)));
  return {};
}

// Job lines come from outside, and a graph may be valid and yet ask for terabytes.
Status check_size(const LayerGraph& graph) {
  constexpr std::int64_t kMaxElements = std::int64_t{1} << 26;  // of a tensor; weights in all
  constexpr std::int64_t kMaxMacs = std::int64_t{100'000'000'000};
  std::int64_t weights = 0, macs_so_far = 0;
  bool small = true;
  for (const Tensor& tensor : graph.tensors) {
    small = small && tensor.shape.elements() <= kMaxElements;
  }
  for (const Layer& layer : graph.layers) {
    if (!small) break;  // before the sums can overflow
    weights += weight_count(graph, layer);
    macs_so_far += macs(graph, layer);
    small = weights <= kMaxElements && macs_so_far <= kMaxMacs;
  }
  if (small) return {};
  return Status::invalid(
      "too large to be measured: accepted are 2^26 elements per tensor, 2^26 weights and 10^11 "
      "multiply-accumulates");
}

}  // namespace

Status check_measurable(const LayerGraph& graph, const std::string& kernel_set, int threads) {
  if (Status s = validate(graph); !s.ok()) return s;
  if (Status s = check_size(graph); !s.ok()) return s;
  const KernelSet* set = nullptr;
  if (Status s = choose_kernel_set(kernel_set, &set); !s.ok()) return s;
  TimedInterpreter unused;
  return TimedInterpreter::load(generated_model(graph, 1), kernel_set, threads, 1, &unused);
}

Status check_measurable(const LayerKey& key) {
  LayerGraph graph;
  if (Status s = graph_of(key, &graph); !s.ok()) return s;
  if (Status s = check_size(graph); !s.ok()) {
    return Status::invalid("layer key '" + key.text() + "' is " + s.message());
  }
  std::vector<Chain> chains;
  if (Status s = make_chains({key}, {1, 0}, 1, &chains); !s.ok()) return s;
  TimedInterpreter unused;
  return load_chain(chains[0], {key}, 1, &unused);
}

Status measure_layers(const std::vector<LayerKey>& keys, const ProtocolOptions& options,
                      const ProbeProgress& progress, std::vector<LayerMeasurement>* out) {
  for (const LayerKey& key : keys) {
    const KernelSet* set = nullptr;
    if (Status s = choose_kernel_set(key.kernel_set, &set); !s.ok()) return s;
  }
  // One number of threads after the other: each has a team of its own, pinned while it measures.
  std::map<int, std::vector<std::size_t>> settings;
  for (std::size_t i = 0; i < keys.size(); ++i) settings[keys[i].threads].push_back(i);
  Bench bench(options, progress, keys.size());
  if (Status s = bench.reference.load(); !s.ok()) return s;
  std::vector<LayerMeasurement> result(keys.size());
  for (const auto& setting : settings) {
    std::vector<LayerKey> alike;
    for (const std::size_t i : setting.second) alike.push_back(keys[i]);
    std::vector<LayerMeasurement> measured;
    const PinnedTeam pinned(options.cpu, setting.first);
    if (Status s = measure_alike(alike, &bench, &measured); !s.ok()) return s;
    for (std::size_t i = 0; i < alike.size(); ++i) {
      result[setting.second[i]] = std::move(measured[i]);
    }
  }
  *out = std::move(result);
  return {};
}

Status measure_networks(const std::vector<const Model*>& models,
                        const std::vector<std::string>& names, const std::string& kernel_set,
                        int threads, const ProtocolOptions& options, const ProbeProgress& progress,
                        std::vector<NetworkMeasurement>* out) {
  InterpreterOptions how;
  how.kernel_set = kernel_set;
  how.threads = threads;
  const PinnedTeam pinned(options.cpu, threads);
  Bench bench(options, progress, models.size());
  if (Status s = bench.reference.load(); !s.ok()) return s;
  std::vector<std::vector<NetworkMeasurement>> passes(models.size());
  const auto measure = [&](std::uint64_t seed, const std::vector<int>& entries) -> Status {
    std::vector<int> order;
    for (const int i : shuffled(static_cast<int>(entries.size()), seed)) {
      order.push_back(entries[i]);
    }
    for (std::size_t first = 0; first < order.size(); first += kNetworksPerGroup) {
      const std::size_t last = std::min(first + kNetworksPerGroup, order.size());
      const std::vector<int> members(order.begin() + static_cast<std::ptrdiff_t>(first),
                                     order.begin() + static_cast<std::ptrdiff_t>(last));
      if (Status s = measure_group(models, names, members, how, stream_value(seed, first), &bench,
                                   &passes);
          !s.ok()) {
        return s;
      }
    }
    return {};
  };
  if (Status s = run_passes(&bench, static_cast<int>(models.size()), measure,
                            [&](int i) { return latencies(passes[i]); });
      !s.ok()) {
    return s;
  }
  out->clear();
  for (std::vector<NetworkMeasurement>& one : passes) {
    const double spread = relative_spread(one);
    out->push_back(middle(std::move(one)));
    out->back().pass_spread = spread;
  }
  return {};
}

}  // namespace edgefront
