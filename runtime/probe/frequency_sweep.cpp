#include "runtime/probe/frequency_sweep.h"

#include <string>
#include <utility>

namespace edgefront {
namespace {

constexpr double kPause_s = 0.3;  // for the clock and what it heats
constexpr int kBatch = 10;
constexpr int kFewestSamples = 50, kMostSamples = 500;
constexpr double kNarrow = 0.01;

Status measure_latency(const SweepMachine& machine, std::int64_t khz, LatencyStatistics* out) {
  for (int i = 0; i < kBatch; ++i) machine.work_us();  // warm
  if (machine.throttled_since) machine.throttled_since();
  std::vector<double> samples;
  int rejected = 0;
  while (static_cast<int>(samples.size()) < kMostSamples) {
    std::vector<double> batch;
    for (int i = 0; i < kBatch; ++i) batch.push_back(machine.work_us());
    if (machine.throttled_since && machine.throttled_since()) {
      rejected += kBatch;
      if (rejected < kMostSamples) continue;
      return Status::environment("the machine was throttled whenever it ran at " +
                                 std::to_string(khz / 1000) +
                                 " MHz; let it cool, or feed it properly");
    }
    samples.insert(samples.end(), batch.begin(), batch.end());
    if (static_cast<int>(samples.size()) < kFewestSamples) continue;
    if (relative_half_width(summarize(samples, 0)) <= kNarrow) break;
  }
  *out = summarize(std::move(samples), rejected);
  return {};
}

Status measure_level(const SweepMachine& machine, std::int64_t khz, FrequencyMeasurement* out) {
  out->level_khz = khz;
  out->voltage_v = machine.voltage_v(khz);
  if (Status s = machine.set_level(khz); !s.ok()) return s;
  machine.time.sleep_s(kPause_s);
  PowerEstimate idle;
  if (machine.meter != nullptr) {
    if (Status s = measure_idle(machine.meter, machine.time, machine.energy, &idle); !s.ok()) {
      return s;
    }
    out->idle_w = idle.power_w;
  }
  if (Status s = measure_latency(machine, khz, &out->statistics); !s.ok()) return s;
  out->clock_mhz = machine.clock_mhz();
  if (machine.meter == nullptr) return {};
  EnergyMeasurement energy;
  if (Status s = measure_energy(machine.meter, machine.time, machine.energy, idle, machine.work_us,
                                machine.throttled_since, &energy);
      !s.ok()) {
    return s;
  }
  out->power_w = energy.power_w;
  out->updates = energy.updates;
  return {};
}

}  // namespace

Status visit_frequencies(const std::vector<std::int64_t>& levels_khz, const SweepMachine& machine,
                         const std::function<bool(const FrequencyMeasurement&)>& write) {
  for (const std::int64_t khz : levels_khz) {
    FrequencyMeasurement measured;
    if (Status s = measure_level(machine, khz, &measured); !s.ok()) return s;
    if (!write(measured)) return {};
  }
  return {};
}

}  // namespace edgefront
