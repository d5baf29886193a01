// What the interpreter adds to its kernels: a chain of 1x1x8 pointwise layers, whose kernels have
// next to nothing to do, invoked whole and by calling the same kernels with the same arguments one
// after the other. Prints ns a layer; the least of many interleaved rounds.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "runtime/interpreter.h"
#include "runtime/prepared_step.h"
#include "runtime/probe/clock.h"

namespace edgefront {
namespace {

constexpr int kLayers = 64;
constexpr int kRounds = 20000;

struct Freer {
  void operator()(char* p) const { std::free(p); }
};
using Bytes = std::unique_ptr<char, Freer>;

Bytes aligned_bytes(std::int64_t count) {
  return Bytes(static_cast<char*>(std::aligned_alloc(64, std::size_t(count + 64) / 64 * 64)));
}

LayerGraph chain(Precision precision) {
  LayerGraph graph;
  graph.tensors.push_back({{1, 1, 8}, precision});
  graph.inputs = {0};
  for (int i = 0; i < kLayers; ++i) {
    Layer layer;
    layer.inputs = {{i, -1}};
    layer.output = i + 1;
    layer.precision = precision;
    layer.name = "layer" + std::to_string(i);
    graph.layers.push_back(layer);
    graph.tensors.push_back({{1, 1, 8}, precision});
  }
  graph.outputs = {kLayers};
  return graph;
}

int run(Precision precision) {
  const Model model = generated_model(chain(precision), 1);
  std::unique_ptr<Interpreter> interpreter;
  if (const Status s = Interpreter::load(model, {}, &interpreter); !s.ok()) {
    std::fprintf(stderr, "overhead_bench: %s\n", s.message().c_str());
    return 1;
  }
  // The same steps in memory of their own.
  const MemoryPlan& plan = interpreter->plan();
  const Bytes arena = aligned_bytes(plan.arena_bytes), packed = aligned_bytes(plan.packed_bytes);
  std::vector<PreparedStep> steps;
  StepMemory memory{arena.get(), &plan, packed.get()};
  for (const Step& step : interpreter->steps()) {
    steps.push_back(prepare_step(model, step, interpreter->kernel_set(), memory));
    memory.packed += step_packed_bytes(model.graph, step, interpreter->kernel_set()).total();
  }
  double whole = 1e9, kernels = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t start = ticks_now();
    interpreter->invoke();
    const std::uint64_t between = ticks_now();
    for (const PreparedStep& s : steps) {
      if (precision == Precision::kInt8) {
        s.conv_s8.kernel(s.conv_s8.args);
      } else {
        s.conv_f32.kernel(s.conv_f32.args);
      }
    }
    const std::uint64_t end = ticks_now();
    whole = std::min(whole, elapsed_us(between - start));
    kernels = std::min(kernels, elapsed_us(end - between));
  }
  const double ns = 1000.0 / kLayers;
  std::printf("%s %s: invoke %.1f ns a layer, kernels alone %.1f, overhead %.1f\n",
              precision_name(precision), interpreter->kernel_set().name, ns * whole, ns * kernels,
              ns * (whole - kernels));
  return 0;
}

}  // namespace
}  // namespace edgefront

int main() {
  using edgefront::Precision;
  return edgefront::run(Precision::kInt8) + edgefront::run(Precision::kFloat32);
}
