#include "runtime/probe/soak.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/probe/statistics.h"

namespace edgefront {
namespace {

constexpr int kPiecesWhileResting = 5;
constexpr double kNap_s = 0.02;
constexpr double kUpdatesPerInterval = 5;  // of a slow power sensor

class Soak {
 public:
  Soak(const SoakMachine& machine, double interval_s)
      : machine_(machine), interval_s_(interval_s), begin_s_(machine.time.now_s()) {}

  // One interval of a phase.
  Status sample(SoakPhase phase, SoakSample* out) {
    const double start_s = machine_.time.now_s();
    if (machine_.meter != nullptr) {
      if (Status s = machine_.meter->start(start_s); !s.ok()) return s;
    }
    if (machine_.throttled_since) machine_.throttled_since();
    std::vector<double> latency_us;
    double now_s = start_s;
    while (now_s - start_s < interval_s_) {
      if (phase == SoakPhase::kHeat) {
        latency_us.push_back(machine_.work_us());
      } else {
        machine_.time.sleep_s(std::min(kNap_s, interval_s_));
      }
      now_s = machine_.time.now_s();
      bool unused = false;
      if (machine_.meter == nullptr) continue;
      if (Status s = machine_.meter->poll(now_s, &unused); !s.ok()) return s;
    }
    out->phase = phase;
    out->power_w = power_w();
    // At rest after the power was read: the work is not part of it.
    for (int i = 0; phase != SoakPhase::kHeat && i < kPiecesWhileResting; ++i) {
      latency_us.push_back(machine_.work_us());
    }
    out->time_s = machine_.time.now_s() - begin_s_;
    out->temperature_c = machine_.temperature_c();
    out->clock_mhz = machine_.clock_mhz();
    out->throttled = machine_.throttled_since && machine_.throttled_since();
    out->samples = static_cast<int>(latency_us.size());
    if (out->samples >= kPiecesWhileResting) {
      const LatencyStatistics statistics = summarize(std::move(latency_us), 0);
      out->latency_us = statistics.latency_us;
      out->p95_us = statistics.p95_us;
    }
    return {};
  }

 private:
  double power_w() const {
    if (machine_.meter == nullptr || machine_.meter->updates().size() < 2) return -1;
    const PowerUpdate& first = machine_.meter->updates().front();
    const PowerUpdate& last = machine_.meter->updates().back();
    return (last.energy_uj - first.energy_uj) * 1e-6 / (last.time_s - first.time_s);
  }

  const SoakMachine& machine_;
  double interval_s_, begin_s_;
};

}  // namespace

const char* phase_name(SoakPhase phase) {
  switch (phase) {
    case SoakPhase::kRest:
      return "rest";
    case SoakPhase::kHeat:
      return "heat";
    case SoakPhase::kCool:
      return "cool";
  }
  return "";
}

Status soak(const SoakOptions& options, const SoakMachine& machine,
            const std::function<bool(const SoakSample&)>& write) {
  double interval_s = options.interval_s;
  if (machine.meter != nullptr) {
    interval_s =
        std::max(interval_s, kUpdatesPerInterval * machine.meter->source().update_interval_s);
  }
  Soak soak(machine, interval_s);
  const std::pair<SoakPhase, double> phases[] = {{SoakPhase::kRest, options.rest_s},
                                                 {SoakPhase::kHeat, options.heat_s},
                                                 {SoakPhase::kCool, options.cool_s}};
  for (const auto& phase : phases) {
    const double end_s = machine.time.now_s() + phase.second;
    while (machine.time.now_s() < end_s) {
      SoakSample sample;
      if (Status s = soak.sample(phase.first, &sample); !s.ok()) return s;
      if (!write(sample)) return {};
    }
  }
  return {};
}

}  // namespace edgefront
