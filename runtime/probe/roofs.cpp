#include "runtime/probe/roofs.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

#include "runtime/memory_plan.h"
#include "runtime/probe/clock.h"
#include "runtime/probe/peaks.h"

namespace edgefront {
namespace {

constexpr int kTimes = 12;       // the fastest counts: a peak is what nothing disturbed
constexpr int kFewestTimes = 3;  // where one takes long: memory behind a large cache
constexpr double kPatienceUs = 150e3;
constexpr double kLeastUs = 2000;      // of one time, so that the clock's grain does not matter
constexpr std::int64_t kGrain = 1024;  // of a reading loop
constexpr std::int64_t kLeastMemory = std::int64_t{64} << 20;

struct Freer {
  void operator()(void* p) const { std::free(p); }
};

// Keeps the result of a reading loop alive.
void use(std::uint64_t value) { asm volatile("" : : "r"(value)); }

template <class Work>
double time_us(const Work& work) {
  const std::uint64_t start = ticks_now();
  work();
  return elapsed_us(ticks_now() - start);
}

// Most units per ns that `work(count)` reaches; it returns how many units it did.
template <class Work>
double best_rate(const Work& work) {
  std::int64_t count = 1;
  while (count < (std::int64_t{1} << 40) && time_us([&] { work(count); }) < kLeastUs) count *= 2;
  double best = 0, spent_us = 0;
  for (int i = 0; i < kTimes && (i < kFewestTimes || spent_us < kPatienceUs); ++i) {
    double units = 0;
    const double us = time_us([&] { units = work(count); });
    spent_us += us;
    best = std::max(best, units / us * 1e-3);
  }
  return best;
}

double operations_of(const LayerGraph& graph, const Step& step) {
  if (step.banded()) {
    double sum = 0;
    for (const Step& part : step.parts) sum += operations_of(graph, part);
    return sum;
  }
  const Layer& layer = graph.layers[static_cast<std::size_t>(step.layer)];
  if (has_weights(layer.op)) return 2.0 * static_cast<double>(macs(graph, layer));
  const std::int32_t counted =
      layer.op == OpKind::kGlobalAveragePool ? layer.inputs[0] : layer.output;
  return static_cast<double>(graph.tensors[static_cast<std::size_t>(counted)].shape.elements());
}

// Tensors outside of the step that it reads or writes. Those between the parts of a banded step
// never leave its scratch.
std::set<std::int32_t> outer_tensors(const Step& step) {
  std::set<std::int32_t> outer{step.input, step.input2, step.residual, step.output};
  for (const Step& part : step.parts) outer.insert({part.input2, part.residual});
  for (const Step& part : step.parts) {
    if (part.output != step.output) outer.erase(part.output);
  }
  outer.erase(-1);
  return outer;
}

const BandwidthRoof& level_for(std::int64_t bytes, const Roofs& roofs) {
  for (const BandwidthRoof& level : roofs.levels) {
    if (bytes <= level.bytes) return level;
  }
  return roofs.levels.back();
}

}  // namespace

std::vector<BandwidthRoof> bandwidth_levels(const DeviceIdentity& identity) {
  std::vector<BandwidthRoof> levels;
  std::int64_t largest = 0;
  const auto add = [&](const char* name, std::int64_t bytes) {
    if (bytes <= largest || bytes < 2 * kGrain) return;
    levels.push_back({name, bytes, bytes / 2 / kGrain * kGrain, 0});
    largest = bytes;
  };
  add("L1", identity.l1d_bytes);
  add("L2", identity.l2_bytes);
  add("L3", identity.l3_bytes);
  levels.push_back({"DRAM", 0, std::max(4 * largest, kLeastMemory) / kGrain * kGrain, 0});
  return levels;
}

Status measure_roofs(const KernelSet& set, const DeviceIdentity& identity, Roofs* out) {
  const std::vector<PeakLoops>& all = peak_loops();
  const auto loops = std::find_if(all.begin(), all.end(), [&](const PeakLoops& one) {
    return std::strcmp(one.kernel_set, set.name) == 0;
  });
  if (loops == all.end()) {
    return Status::invalid("no loop measures the peak of kernel set '" + std::string(set.name) +
                           "'");
  }
  if (!set.available()) {
    return Status::invalid("this CPU lacks kernel set '" + std::string(set.name) + "'");
  }
  Roofs roofs;
  roofs.kernel_set = set.name;
  roofs.fp32_gops = best_rate([&](std::int64_t n) { return static_cast<double>(loops->fp32(n)); });
  roofs.int8_gops = best_rate([&](std::int64_t n) { return static_cast<double>(loops->int8(n)); });
  roofs.levels = bandwidth_levels(identity);
  void* memory = nullptr;
  const std::int64_t most = roofs.levels.back().probe_bytes;
  if (::posix_memalign(&memory, 64, static_cast<std::size_t>(most)) != 0) {
    return Status::environment("not enough memory to measure bandwidth: " + std::to_string(most) +
                               " bytes");
  }
  const std::unique_ptr<void, Freer> data(memory);
  std::memset(data.get(), 1, static_cast<std::size_t>(most));
  for (BandwidthRoof& level : roofs.levels) {
    level.gb_s = best_rate([&](std::int64_t n) {
      for (std::int64_t i = 0; i < n; ++i) use(loops->read(data.get(), level.probe_bytes));
      return static_cast<double>(n * level.probe_bytes);
    });
  }
  *out = std::move(roofs);
  return {};
}

StepWork work_of(const LayerGraph& graph, const Step& step, const KernelSet& set) {
  StepWork work;
  work.operations = operations_of(graph, step);
  for (const std::int32_t id : outer_tensors(step)) {
    work.activation_bytes += graph.tensors[static_cast<std::size_t>(id)].bytes();
  }
  work.weight_bytes = step_packed_bytes(graph, step, set).total();
  return work;
}

RooflinePoint place_under_roofs(const StepWork& work, double us, Precision precision,
                                std::int64_t network_bytes, const Roofs& roofs) {
  const double peak = precision == Precision::kInt8 ? roofs.int8_gops : roofs.fp32_gops;
  const BandwidthRoof& near = level_for(work.activation_bytes, roofs);
  const BandwidthRoof& far = level_for(network_bytes, roofs);
  RooflinePoint point;
  point.gops = work.operations / us * 1e-3;
  point.compute_us = work.operations / peak * 1e-3;
  point.memory_us = (static_cast<double>(work.activation_bytes) / near.gb_s +
                     static_cast<double>(work.weight_bytes) / far.gb_s) *
                    1e-3;
  point.share_of_peak = point.gops / peak;
  point.share_of_roof = point.bound_us() / us;
  point.activation_level = near.level;
  point.weight_level = far.level;
  return point;
}

}  // namespace edgefront
