// One way to run one network: ours, or a peer's. The peers get the same weights and the same real
// input, and give real outputs back.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/model.h"

namespace edgefront::peers {

/// A network in both precisions with the same weights: `int8` is quantized from `fp32`.
struct Network {
  std::string name;
  Model fp32, int8;
  std::vector<float> input;                         ///< real values, NHWC
  std::vector<float> expected_fp32, expected_int8;  ///< what our runtime gives for `input`
  const Model& model(Precision p) const { return p == Precision::kInt8 ? int8 : fp32; }
  const std::vector<float>& expected(Precision p) const {
    return p == Precision::kInt8 ? expected_int8 : expected_fp32;
  }
};

struct EngineOptions {
  Precision precision = Precision::kInt8;
  int threads = 1;
  std::string isa;  ///< empty: the best; else oneDNN's name of the instruction set to stay within
  std::string onnxruntime;      ///< path of its library; empty: not installed
  bool layer_by_layer = false;  ///< ours: no block in bands, for comparing single layers
};

class Engine {
 public:
  virtual ~Engine() = default;
  /// Quantizes or copies the real input into the engine's own buffer; not part of the time.
  virtual void write_input() = 0;
  virtual void run() = 0;
  virtual std::vector<float> output() = 0;
  /// One run; receives the time of each fused step of the network, in µs. Empty where the engine
  /// does not tell.
  virtual std::vector<double> run_timed() { return {}; }
  /// The first layer of the graph that each of these steps executes, in rising order.
  virtual std::vector<std::int32_t> step_layers() const { return {}; }
  /// What executes a step, for the table of layers.
  virtual std::string step_name(int) const { return ""; }
  /// How the engine was set up, where there was a choice.
  virtual std::string notes() const { return ""; }
};

/// Null, with the reason, where a peer is not there or cannot run this network.
struct EngineOrReason {
  std::unique_ptr<Engine> engine;
  std::string reason;
};

EngineOrReason make_ours(const Network& network, const EngineOptions& options);
EngineOrReason make_onednn(const Network& network, const EngineOptions& options);
EngineOrReason make_onnxruntime(const Network& network, const EngineOptions& options);
EngineOrReason make_xnnpack(const Network& network, const EngineOptions& options);

/// Largest difference of an output from what is expected, as a share of the expected range.
double difference(const Network& network, Precision precision, const std::vector<float>& output);
/// The largest difference that is accepted: 1e-4 in fp32; 3 % in int8, where engines round at
/// different places.
double allowed_difference(Precision precision);

/// Median time of `runs` runs in µs, each right after the input was written. On one thread a run
/// that the operating system interrupted is repeated; threads that wait for each other cannot tell.
double median_us(Engine& engine, int runs, int threads);

}  // namespace edgefront::peers
