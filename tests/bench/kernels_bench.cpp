// Speed of every kernel of every available set on typical layers, in GOP/s (a multiply-accumulate
// counts as two operations): kernels_bench --benchmark_filter=pointwise
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "runtime/kernels/kernel_set.h"

namespace edgefront {
namespace {

struct BenchLayer {
  const char* name;
  OpKind op;
  std::int32_t size, in_channels, out_channels, kernel, stride;
};

const BenchLayer kLayers[] = {
    {"pointwise_28x28x16_96", OpKind::kConv2d, 28, 16, 96, 1, 1},
    {"pointwise_14x14x96_32", OpKind::kConv2d, 14, 96, 32, 1, 1},
    {"pointwise_14x14x64_384", OpKind::kConv2d, 14, 64, 384, 1, 1},
    {"pointwise_7x7x576_160", OpKind::kConv2d, 7, 576, 160, 1, 1},
    {"conv3x3_28x28x1_16", OpKind::kConv2d, 28, 1, 16, 3, 1},
    {"conv3x3s2_224x224x3_16", OpKind::kConv2d, 224, 3, 16, 3, 2},
    {"conv3x3_14x14x64_64", OpKind::kConv2d, 14, 64, 64, 3, 1},
    {"depthwise3x3_28x28x48", OpKind::kDepthwiseConv2d, 28, 48, 48, 3, 1},
    {"depthwise5x5_14x14x96", OpKind::kDepthwiseConv2d, 14, 96, 96, 5, 1},
    {"depthwise7x7_14x14x96", OpKind::kDepthwiseConv2d, 14, 96, 96, 7, 1},
    {"depthwise3x3s2_28x28x64", OpKind::kDepthwiseConv2d, 28, 64, 64, 3, 2},
    {"fully_connected_1280_1000", OpKind::kFullyConnected, 1, 1280, 1000, 1, 1},
};

ConvGeometry geometry(const BenchLayer& layer) {
  const std::int32_t pad = layer.kernel / 2;
  const std::int32_t out = (layer.size + 2 * pad - layer.kernel) / layer.stride + 1;
  return {layer.size,         layer.size,   layer.in_channels, out, out,
          layer.out_channels, layer.kernel, layer.stride,      pad};
}

struct FreeDeleter {
  void operator()(void* pointer) const { std::free(pointer); }
};
using Buffer = std::unique_ptr<void, FreeDeleter>;

Buffer allocate(std::int64_t bytes) {
  const std::size_t rounded = (static_cast<std::size_t>(bytes) / 64 + 1) * 64;
  return Buffer(std::aligned_alloc(64, rounded));
}

std::int64_t operations(const BenchLayer& layer, const ConvGeometry& g) {
  const std::int64_t inputs = layer.op == OpKind::kDepthwiseConv2d ? 1 : g.in_channels;
  return 2 * inputs * g.kernel * g.kernel * g.out_height * g.out_width * g.out_channels;
}

std::int64_t weight_count(const BenchLayer& layer, const ConvGeometry& g) {
  const std::int64_t inputs = layer.op == OpKind::kDepthwiseConv2d ? 1 : g.in_channels;
  return inputs * g.kernel * g.kernel * g.out_channels;
}

void report(benchmark::State& state, const BenchLayer& layer, const ConvGeometry& g) {
  state.counters["GOP/s"] = benchmark::Counter(1e-9 * static_cast<double>(operations(layer, g)),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

void bench_s8(benchmark::State& state, const KernelSet& set, const BenchLayer& layer) {
  const ConvGeometry g = geometry(layer);
  const ConvKernelS8& kernel = kernel_s8(set, layer.op, g);
  std::vector<std::int8_t> weights(static_cast<std::size_t>(weight_count(layer, g)));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<std::int8_t>(static_cast<int>(i * 2654435761u >> 24) % 127);
  }
  const std::vector<std::int32_t> bias(static_cast<std::size_t>(g.out_channels), 100);
  const std::vector<float> multipliers(static_cast<std::size_t>(g.out_channels), 1e-3f);
  const std::int64_t inputs = std::int64_t{g.in_height} * g.in_width * g.in_channels;
  const Buffer input = allocate(inputs);
  for (std::int64_t i = 0; i < inputs; ++i) {
    static_cast<std::int8_t*>(input.get())[i] = static_cast<std::int8_t>(i * 37 % 251 - 125);
  }
  const Buffer output = allocate(std::int64_t{g.out_height} * g.out_width * g.out_channels);
  const Buffer packed = allocate(kernel.packed_bytes(g));
  const Buffer scratch = allocate(kernel.scratch_bytes(g));
  kernel.pack(g, weights.data(), bias.data(), -5, packed.get());
  ConvArgsS8 args = {};
  args.geometry = g;
  args.rows = {0, g.out_height, 0, 0};
  args.input = static_cast<const std::int8_t*>(input.get());
  args.input_zero_point = -5;
  args.packed = packed.get();
  args.output = static_cast<std::int8_t*>(output.get());
  args.requantize.multipliers = multipliers.data();
  args.requantize.qmin = -128;
  args.requantize.qmax = 127;
  args.scratch = scratch.get();
  for (auto _ : state) {
    kernel.run(args);
    benchmark::ClobberMemory();
  }
  report(state, layer, g);
}

void bench_f32(benchmark::State& state, const KernelSet& set, const BenchLayer& layer) {
  const ConvGeometry g = geometry(layer);
  const ConvKernelF32& kernel = kernel_f32(set, layer.op, g);
  const std::vector<float> weights(static_cast<std::size_t>(weight_count(layer, g)), 0.01f);
  const std::vector<float> bias(static_cast<std::size_t>(g.out_channels), 0.1f);
  const std::int64_t inputs = std::int64_t{g.in_height} * g.in_width * g.in_channels;
  const Buffer input = allocate(4 * inputs);
  for (std::int64_t i = 0; i < inputs; ++i) static_cast<float*>(input.get())[i] = 0.5f;
  const Buffer output = allocate(std::int64_t{4} * g.out_height * g.out_width * g.out_channels);
  const Buffer packed = allocate(kernel.packed_bytes(g));
  const Buffer scratch = allocate(kernel.scratch_bytes(g));
  kernel.pack(g, weights.data(), bias.data(), packed.get());
  ConvArgsF32 args = {};
  args.geometry = g;
  args.rows = {0, g.out_height, 0, 0};
  args.input = static_cast<const float*>(input.get());
  args.packed = packed.get();
  args.output = static_cast<float*>(output.get());
  args.activation = kActRelu6F32;
  args.scratch = scratch.get();
  for (auto _ : state) {
    kernel.run(args);
    benchmark::ClobberMemory();
  }
  report(state, layer, g);
}

void register_benchmarks() {
  for (const BenchLayer& layer : kLayers) {
    for (const KernelSet* set : kernel_sets()) {
      if (!set->available()) continue;
      const std::string suffix = std::string("/") + layer.name + "/" + set->name;
      benchmark::RegisterBenchmark(("int8" + suffix).c_str(), [set, &layer](benchmark::State& s) {
        bench_s8(s, *set, layer);
      });
      benchmark::RegisterBenchmark(("fp32" + suffix).c_str(), [set, &layer](benchmark::State& s) {
        bench_f32(s, *set, layer);
      });
    }
  }
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  edgefront::register_benchmarks();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
