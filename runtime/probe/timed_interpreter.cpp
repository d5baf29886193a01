#include "runtime/probe/timed_interpreter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/probe/clock.h"
#include "runtime/probe/rounds.h"

namespace edgefront {
namespace {

constexpr std::int64_t kBlockBytes = 4096;
constexpr int kReferenceRuns = 3;

void fill(void* to, std::int64_t bytes, const void* block) {
  char* at = static_cast<char*>(to);
  for (std::int64_t done = 0; done < bytes; done += kBlockBytes) {
    std::memcpy(at + done, block, static_cast<std::size_t>(std::min(kBlockBytes, bytes - done)));
  }
}

}  // namespace

Status TimedInterpreter::load(const Model& model, const std::string& kernel_set, int threads,
                              std::uint64_t seed, TimedInterpreter* out) {
  InterpreterOptions options;
  options.kernel_set = kernel_set;
  options.threads = threads;
  TimedInterpreter result;
  if (Status s = Interpreter::load(model, options, &result.interpreter_); !s.ok()) return s;
  result.ticks_.resize(result.interpreter_->steps().size());
  result.bytes_.resize(kBlockBytes);
  result.floats_.resize(kBlockBytes / sizeof(float));
  for (std::size_t i = 0; i < result.bytes_.size(); ++i) {
    result.bytes_[i] = static_cast<std::uint8_t>(stream_value(seed, i) >> 56);
  }
  for (std::size_t i = 0; i < result.floats_.size(); ++i) {
    result.floats_[i] = static_cast<float>(stream_value(seed, i) >> 40) * 0x1p-24f;
  }
  *out = std::move(result);
  return {};
}

void TimedInterpreter::write_inputs() {
  const LayerGraph& graph = interpreter_->graph();
  // The first input last: it is what the first layer's producer would just have written; a residual
  // was written some layers earlier.
  for (int i = static_cast<int>(graph.inputs.size()) - 1; i >= 0; --i) {
    const bool is_float =
        graph.tensors[graph.inputs[static_cast<std::size_t>(i)]].precision == Precision::kFloat32;
    const void* block = is_float ? static_cast<const void*>(floats_.data()) : bytes_.data();
    fill(interpreter_->input_data(i), interpreter_->input_bytes(i), block);
  }
}

double TimedInterpreter::time_invoke() {
  write_inputs();
  const std::int64_t switches = context_switches();
  const std::uint64_t start = ticks_now();
  interpreter_->invoke();
  const std::uint64_t end = ticks_now();
  interrupted_ = context_switches() != switches;
  return elapsed_us(end - start);
}

void TimedInterpreter::time_steps(std::vector<double>* us) {
  write_inputs();
  const std::int64_t switches = context_switches();
  interpreter_->invoke_timed(ticks_.data());
  interrupted_ = context_switches() != switches;
  us->clear();
  for (const std::uint64_t ticks : ticks_) us->push_back(elapsed_us(ticks));
}

Status ReferenceKernel::load() {
  LayerKey key;
  key.precision = Precision::kInt8;
  key.input = key.output = Shape{14, 14, 96};
  LayerGraph graph;
  if (Status s = graph_of(key, &graph); !s.ok()) return s;
  for (const KernelSet* set : kernel_sets()) {
    if (!set->available()) continue;
    return TimedInterpreter::load(generated_model(graph, 1), set->name, 1, 1, &timed_);
  }
  return Status::environment("no kernel set of this program runs on this CPU");
}

double ReferenceKernel::time() {
  timed_.time_invoke();
  double fastest = timed_.time_invoke();
  for (int i = 1; i < kReferenceRuns; ++i) fastest = std::min(fastest, timed_.time_invoke());
  return fastest;
}

}  // namespace edgefront
