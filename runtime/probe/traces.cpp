#include "runtime/probe/traces.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "runtime/probe/frequencies.h"
#include "runtime/probe/frequency_sweep.h"
#include "runtime/probe/layer_loop.h"
#include "runtime/probe/pinning.h"
#include "runtime/probe/power_marker.h"
#include "runtime/probe/probe.h"
#include "runtime/probe/reference_list.h"
#include "runtime/probe/sensors.h"
#include "runtime/probe/system_files.h"
#include "runtime/probe/throttling.h"
#include "runtime/probe/trace_lines.h"

namespace edgefront {
namespace {

// The machine below one root, with its sensors found.
class Machine {
 public:
  explicit Machine(const TraceOptions& options)
      : options_(options),
        pinned_(options.cpu, options.threads),
        throttling_(options.root, pinned_.cpus()),
        search_(find_power_source(options.root)) {
    if (search_.access == SensorAccess::kReadable) meter_.reset(new PowerMeter(search_.source));
  }

  PowerMeter* meter() { return meter_.get(); }
  const PowerSearch& search() const { return search_; }
  int cpu() const { return pinned_.cpus().empty() ? sched_getcpu() : pinned_.cpus()[0]; }
  std::function<bool()> throttled_since() {
    return [this] { return throttling_.throttled_since(); };
  }
  double clock_mhz() const {
    const double khz = number_in(options_.root + "/sys/devices/system/cpu/cpu" +
                                 std::to_string(cpu()) + "/cpufreq/scaling_cur_freq");
    return khz > 0 ? khz / 1000 : -1;
  }

  std::string begin_line(const std::string& kernel_set) const {
    TraceLine line;
    line.kind = TraceKind::kBegin;
    line.cpu_model = describe_device(options_.root).cpu_model;
    line.kernel_set = kernel_set;
    line.threads = options_.threads;
    if (meter_) line.power_source = search_.source.name();
    line.power_note = search_.note;
    return trace_line(line);
  }

 private:
  const TraceOptions& options_;
  PinnedTeam pinned_;
  ThrottleWatch throttling_;
  PowerSearch search_;
  std::unique_ptr<PowerMeter> meter_;
};

std::string end_line() {
  TraceLine line;
  line.kind = TraceKind::kEnd;
  return trace_line(line);
}

Status sweep(const std::vector<std::int64_t>& levels_khz, const TraceOptions& options,
             FrequencyGuard* guard, const LineWriter& write) {
  Machine machine(options);
  ReferenceList list;
  if (Status s = list.load(options.kernel_set, options.threads); !s.ok()) return s;
  if (!write(machine.begin_line(list.kernel_set()))) return {};
  SweepMachine how;
  how.time = real_time();
  how.set_level = [&](std::int64_t khz) { return guard->set(khz); };
  how.work_us = [&] { return list.time(); };
  how.clock_mhz = [&] { return machine.clock_mhz(); };
  how.voltage_v = [&](std::int64_t khz) { return level_voltage_v(options.root, khz); };
  how.throttled_since = machine.throttled_since();
  how.meter = machine.meter();
  return visit_frequencies(levels_khz, how, [&](const FrequencyMeasurement& measured) {
    TraceLine line;
    line.kind = TraceKind::kFrequency;
    line.frequency = measured;
    return write(trace_line(line));
  });
}

// Layer by layer; what cannot be run is an error before anything is measured.
Status check_all(const std::vector<LayerKey>& keys) {
  for (const LayerKey& key : keys) {
    if (Status s = check_measurable(key); !s.ok()) return s;
  }
  return {};
}

std::string window_line(const std::string& name, double start_s, double end_s, double latency_us) {
  TraceLine line;
  line.kind = TraceKind::kWindow;
  line.name = name;
  line.start_s = start_s;
  line.end_s = end_s;
  line.latency_us = latency_us;
  return trace_line(line);
}

std::string marker_line(const ProbeTime& time, ReferenceList* list) {
  TraceLine line;
  line.kind = TraceKind::kMarker;
  make_marker(
      time, [&] { return list->time(); }, &line.start_s, &line.end_s);
  return trace_line(line);
}

}  // namespace

Status trace_soak(const TraceOptions& options, const LineWriter& write) {
  Machine machine(options);
  ReferenceList list;
  if (Status s = list.load(options.kernel_set, options.threads); !s.ok()) return s;
  if (!write(machine.begin_line(list.kernel_set()))) return {};
  SoakMachine how;
  how.time = real_time();
  how.work_us = [&] { return list.time(); };
  how.temperature_c = [&] { return read_temperature_c(options.root); };
  how.clock_mhz = [&] { return machine.clock_mhz(); };
  how.throttled_since = machine.throttled_since();
  how.meter = machine.meter();
  const auto write_sample = [&](const SoakSample& sample) {
    TraceLine line;
    line.kind = TraceKind::kSample;
    line.sample = sample;
    return write(trace_line(line));
  };
  if (Status s = soak(options.soak, how, write_sample); !s.ok()) return s;
  write(end_line());
  return {};
}

Status trace_frequencies(const TraceOptions& options, const LineWriter& write) {
  const int cpu = options.cpu >= 0 ? options.cpu : sched_getcpu();
  std::vector<FrequencyPolicy> policies = policies_like(read_frequency_policies(options.root), cpu);
  std::vector<std::int64_t> levels_khz;
  if (!policies.empty()) levels_khz = policies[0].levels_khz;
  FrequencyGuard guard;
  if (Status s = guard.begin(std::move(policies)); !s.ok()) return s;
  const Status measured = sweep(levels_khz, options, &guard, write);
  const Status restored = guard.restore();
  if (!measured.ok()) return measured;
  if (!restored.ok()) return restored;
  write(end_line());
  return {};
}

Status trace_energy(const std::vector<LayerKey>& keys, const TraceOptions& options,
                    const LineWriter& write) {
  if (Status s = check_all(keys); !s.ok()) return s;
  Machine machine(options);
  if (machine.meter() == nullptr) {
    return Status::environment("energy cannot be measured: " + machine.search().note);
  }
  if (!write(machine.begin_line(keys.empty() ? "" : keys[0].kernel_set))) return {};
  const ProbeTime time = real_time();
  PowerEstimate idle;
  if (Status s = measure_idle(machine.meter(), time, {}, &idle); !s.ok()) return s;
  for (const LayerKey& key : keys) {
    LayerLoop loop;
    if (Status s = loop.load(key); !s.ok()) return s;
    TraceLine line;
    line.kind = TraceKind::kEnergy;
    line.name = key.text();
    line.power_source = machine.search().source.name();
    const Status s = measure_energy(
        machine.meter(), time, {}, idle, [&] { return loop.time(); }, machine.throttled_since(),
        &line.energy);
    if (!s.ok()) return s;
    if (!write(trace_line(line))) return {};
  }
  write(end_line());
  return {};
}

Status trace_windows(const std::vector<LayerKey>& keys, const TraceOptions& options,
                     const LineWriter& write) {
  if (Status s = check_all(keys); !s.ok()) return s;
  Machine machine(options);
  ReferenceList list;
  if (Status s = list.load(options.kernel_set, options.threads); !s.ok()) return s;
  const ProbeTime time = real_time();
  if (!write(machine.begin_line(list.kernel_set())) || !write(marker_line(time, &list))) return {};
  const double idle_s = time.now_s();
  time.sleep_s(options.window_s);
  if (!write(window_line("idle", idle_s, time.now_s(), 0))) return {};
  for (const LayerKey& key : keys) {
    LayerLoop loop;
    if (Status s = loop.load(key); !s.ok()) return s;
    const double start_s = time.now_s();
    double sum_us = 0, now_s = start_s;
    int runs = 0;
    for (; now_s - start_s < options.window_s; now_s = time.now_s()) {
      sum_us += loop.time();
      ++runs;
    }
    if (!write(window_line(key.text(), start_s, now_s, sum_us / runs))) return {};
  }
  if (write(marker_line(time, &list))) write(end_line());
  return {};
}

bool parse_duration(const std::string& text, double* seconds) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  const double factor = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  *seconds = number * factor;
  return end != text.c_str() && *seconds > 0 && *seconds < 1e7;
}

}  // namespace edgefront
