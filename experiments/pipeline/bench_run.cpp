#include "experiments/pipeline/bench_run.h"

#include "experiments/host.h"
#include "hwprofiles/layer_listing.h"
#include "runtime/execution_steps.h"
#include "runtime/probe/clock.h"
#include "runtime/probe/pinning.h"
#include "runtime/probe/sensors.h"
#include "runtime/probe/throttling.h"
#include "runtime/probe/timed_interpreter.h"
#include "space/error.h"

namespace edgefront {
namespace {

/// Not the system's clock: where it has no time-stamp counter to read, asking takes microseconds.
double now_s() { return static_cast<double>(ticks_now()) * ns_per_tick() * 1e-9; }

void load_and_invoke_once(const Model& model, const BenchOptions& options, BenchResult* result,
                          std::unique_ptr<Interpreter>* out) {
  ns_per_tick();  // calibrated before, not while something is timed
  std::uint64_t start = ticks_now();
  require(Interpreter::load(model, options.load, out));
  result->load_us = elapsed_us(ticks_now() - start);
  start = ticks_now();
  (*out)->invoke();
  result->first_invoke_us = elapsed_us(ticks_now() - start);
}

std::vector<BenchLayer> layers_of(const Interpreter& interpreter,
                                  const std::vector<double>& latency_us) {
  std::vector<BenchLayer> layers;
  for (std::size_t i = 0; i < latency_us.size(); ++i) {
    const Step& step = interpreter.steps()[i];
    BenchLayer layer;
    layer.name = interpreter.graph().layers[std::size_t(step.layer)].name;
    layer.kernel = interpreter.kernel_name(int(i));
    layer.key = interpreter.key(int(i));
    layer.latency_us = latency_us[i];
    layer.work = work_of(interpreter.graph(), step, interpreter.kernel_set());
    layers.push_back(layer);
  }
  return layers;
}

void place(const Interpreter& interpreter, const BenchOptions& options, BenchResult* result) {
  if (options.load.threads != 1) {
    throw InputError("the roofs are those of one thread: give --layers with --threads 1");
  }
  const PinnedTeam pinned(options.protocol.cpu, options.load.threads);
  Roofs roofs;
  require(measure_roofs(interpreter.kernel_set(), describe_device(options.root), &roofs));
  const std::int64_t network =
      interpreter.allocated_arena_bytes() + interpreter.allocated_packed_bytes();
  for (BenchLayer& layer : result->layers) {
    layer.point =
        place_under_roofs(layer.work, layer.latency_us, layer.key.precision, network, roofs);
  }
  result->roofs = std::move(roofs);
}

void stream(TimedInterpreter* timed, const BenchOptions& options, BenchResult* result) {
  const auto query_us = [&] {
    timed->write_inputs();  // and nothing else: a system call takes as long as a small network
    const std::uint64_t start = ticks_now();
    timed->interpreter().invoke();
    return elapsed_us(ticks_now() - start);
  };
  result->stream = run_single_stream(options.stream, query_us, now_s);
}

void measure_energy_of(TimedInterpreter* timed, const BenchOptions& options, BenchResult* result) {
  const PowerSearch search = find_power_source(options.root);
  result->energy_note = search.note;
  if (search.access != SensorAccess::kReadable) return;
  PowerMeter meter(search.source);
  const PinnedTeam pinned(options.protocol.cpu, options.load.threads);
  ThrottleWatch throttling(options.root, pinned.cpus());
  PowerEstimate idle;
  EnergyMeasurement energy;
  Status status = measure_idle(&meter, real_time(), options.energy, &idle);
  if (status.ok()) {
    status = measure_energy(
        &meter, real_time(), options.energy, idle, [&] { return timed->time_invoke(); },
        [&] { return throttling.throttled_since(); }, &energy);
  }
  // A sensor too slow for a bench is no reason to lose all the rest.
  if (!status.ok()) {
    result->energy_note = status.message();
    return;
  }
  result->energy = energy;
  result->energy_source = meter.source().name();
}

std::vector<TracedInvocation> trace(TimedInterpreter* timed, int invocations) {
  std::vector<TracedInvocation> traced;
  for (int i = 0; i < invocations; ++i) {
    TracedInvocation one;
    timed->write_inputs();
    one.start_us = now_s() * 1e6;
    timed->time_steps(&one.step_us);
    traced.push_back(std::move(one));
  }
  return traced;
}

/// The steps that the device says it ran, with their places in the graph where they are those that
/// this program would run.
std::vector<BenchLayer> layers_there(const Model& model, const NetworkFacts& facts,
                                     const std::vector<double>& latency_us) {
  const KernelSet& set = find_kernel_set(facts.kernel_set);
  StepOptions how;
  how.patch_layers = model.patch_layers;
  if (model.kernel_set == facts.kernel_set) how.choices = model.block_choices;
  const std::vector<Step> steps = execution_steps(model.graph, set, how);
  if (steps.size() != facts.keys.size() || steps.size() != latency_us.size()) {
    throw EnvironmentError("the probe runs other layers than this program would");
  }
  std::vector<BenchLayer> layers;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    BenchLayer layer;
    layer.name = model.graph.layers[std::size_t(steps[i].layer)].name;
    layer.kernel = set.name;
    layer.key = key_of(model.graph, steps[i], set, facts.threads);
    layer.latency_us = latency_us[i];
    layer.work = work_of(model.graph, steps[i], set);
    if (layer.key.text() != facts.keys[i]) {
      throw EnvironmentError("the probe runs other layers than this program would");
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace

BenchResult run_bench(const Model& model, const std::string& name, const BenchOptions& options,
                      std::unique_ptr<Interpreter>* interpreter) {
  BenchResult result;
  const double temperature_before = read_temperature_c(options.root);
  load_and_invoke_once(model, options, &result, interpreter);
  const std::string kernel_set = (*interpreter)->kernel_set().name;
  std::vector<NetworkMeasurement> measured;
  require(measure_networks({&model}, {name}, kernel_set, options.load.threads, options.protocol,
                           nullptr, &measured));
  result.statistics = measured.front().statistics;
  result.layers = layers_of(**interpreter, measured.front().step_latency_us);
  TimedInterpreter timed;
  require(TimedInterpreter::load(model, kernel_set, options.load.threads, options.protocol.seed,
                                 &timed));
  stream(&timed, options, &result);
  measure_energy_of(&timed, options, &result);
  result.trace = trace(&timed, options.traced_invocations);
  const double temperature_after = read_temperature_c(options.root);
  if (temperature_before >= 0 && temperature_after >= 0) {
    result.temperature_rise_c = temperature_after - temperature_before;
  }
  if (options.roofs) place(**interpreter, options, &result);
  return result;
}

BenchResult run_bench_on(MeasuringDevice& device, const Model& model, const std::string& name,
                         const BenchOptions& options, NetworkFacts* facts) {
  BenchResult result;
  std::vector<double> step_us;
  device.measure_networks({{name, {}, &model}}, options.load.kernel_set, options.load.threads,
                          options.protocol, {},
                          [&](std::size_t, const NetworkMeasurement& m, const NetworkFacts& f) {
                            result.statistics = m.statistics;
                            step_us = m.step_latency_us;
                            *facts = f;
                          });
  result.load_us = facts->load_us;
  result.first_invoke_us = facts->first_invoke_us;
  result.energy_note = "not measured through --on; edgefront-probe --energy does there";
  result.layers = layers_there(model, *facts, step_us);
  if (!options.roofs) return result;
  result.roofs = device.measure_roofs(find_kernel_set(facts->kernel_set));
  const std::int64_t bytes = facts->arena_bytes + facts->packed_bytes;
  for (BenchLayer& layer : result.layers) {
    layer.point =
        place_under_roofs(layer.work, layer.latency_us, layer.key.precision, bytes, *result.roofs);
  }
  return result;
}

}  // namespace edgefront
