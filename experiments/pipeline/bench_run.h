// What `edgefront bench` measures, without a word of output.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/pipeline/chrome_trace.h"
#include "hwprofiles/measuring_device.h"
#include "runtime/interpreter.h"
#include "runtime/model.h"
#include "runtime/probe/power_meter.h"
#include "runtime/probe/probe.h"
#include "runtime/probe/roofs.h"
#include "runtime/probe/single_stream.h"

namespace edgefront {

struct BenchOptions {
  InterpreterOptions load;
  ProtocolOptions protocol;
  StreamOptions stream{16, 0.5};     ///< for throughput; or MLPerf's rule
  EnergyOptions energy{100, 10, 5};  ///< where there is a power sensor
  bool roofs = false;                ///< one thread only
  int traced_invocations = 0;
  std::string root;  ///< below which sensors are read; "" for the real one
};

struct BenchLayer {
  std::string name, kernel;
  LayerKey key;
  double latency_us = 0;
  StepWork work;
  std::optional<RooflinePoint> point;  ///< with roofs
};

struct BenchResult {
  double load_us = 0;          ///< Interpreter::load: check, plan, pack
  double first_invoke_us = 0;  ///< right after it: caches, branch predictors and threads are cold
  LatencyStatistics statistics;
  std::vector<BenchLayer> layers;
  StreamResult stream;  ///< queries one after another, input written before each
  std::optional<EnergyMeasurement> energy;   ///< per inference, above the idle machine
  std::string energy_source = "none";        ///< of the measured energy
  std::string energy_note;                   ///< why there is none, or by no better sensor
  std::optional<double> temperature_rise_c;  ///< from the beginning of the bench to its end
  std::optional<Roofs> roofs;
  std::vector<TracedInvocation> trace;
};

/// Measures on this machine. `interpreter` receives the one that was loaded, for what it says of
/// itself. Throws InputError and EnvironmentError.
BenchResult run_bench(const Model& model, const std::string& name, const BenchOptions& options,
                      std::unique_ptr<Interpreter>* interpreter);

/// The same on another device, as far as its probe measures: no stream, no energy, no trace.
/// `facts` receives what the network takes there.
BenchResult run_bench_on(MeasuringDevice& device, const Model& model, const std::string& name,
                         const BenchOptions& options, NetworkFacts* facts);

}  // namespace edgefront
