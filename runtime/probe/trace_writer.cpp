#include "runtime/probe/json_namespace.h"
#include "runtime/probe/trace_lines.h"

// After json_namespace.h, which must come first.
#include <nlohmann/json.hpp>

namespace edgefront {
namespace {

using Json = nlohmann::ordered_json;

void add(const SoakSample& sample, Json* json) {
  (*json)["phase"] = phase_name(sample.phase);
  (*json)["time_s"] = sample.time_s;
  (*json)["temperature_c"] = sample.temperature_c;
  (*json)["power_w"] = sample.power_w;
  (*json)["clock_mhz"] = sample.clock_mhz;
  (*json)["latency_us"] = sample.latency_us;
  (*json)["p95_us"] = sample.p95_us;
  (*json)["samples"] = sample.samples;
  (*json)["throttled"] = sample.throttled ? 1 : 0;
}

void add(const FrequencyMeasurement& measured, Json* json) {
  (*json)["level_khz"] = measured.level_khz;
  (*json)["clock_mhz"] = measured.clock_mhz;
  (*json)["voltage_v"] = measured.voltage_v;
  (*json)["latency_us"] = measured.statistics.latency_us;
  (*json)["latency_low_us"] = measured.statistics.latency_low_us;
  (*json)["latency_high_us"] = measured.statistics.latency_high_us;
  (*json)["samples"] = measured.statistics.samples;
  (*json)["rejected"] = measured.statistics.rejected;
  (*json)["power_w"] = measured.power_w;
  (*json)["idle_w"] = measured.idle_w;
  (*json)["updates"] = measured.updates;
}

void add(const EnergyMeasurement& energy, Json* json) {
  (*json)["energy_uj"] = energy.energy_uj;
  (*json)["energy_low_uj"] = energy.energy_low_uj;
  (*json)["energy_high_uj"] = energy.energy_high_uj;
  (*json)["power_w"] = energy.power_w;
  (*json)["idle_w"] = energy.idle_w;
  (*json)["latency_us"] = energy.latency_us;
  (*json)["updates"] = energy.updates;
  (*json)["rejected"] = energy.rejected;
}

}  // namespace

std::string trace_line(const TraceLine& line) {
  Json json;
  switch (line.kind) {
    case TraceKind::kBegin:
      json = {{"trace", "begin"},
              {"cpu_model", line.cpu_model},
              {"kernel_set", line.kernel_set},
              {"threads", line.threads},
              {"power_source", line.power_source},
              {"power_note", line.power_note}};
      break;
    case TraceKind::kSample:
      json["trace"] = "sample";
      add(line.sample, &json);
      break;
    case TraceKind::kFrequency:
      json["trace"] = "frequency";
      add(line.frequency, &json);
      break;
    case TraceKind::kEnergy:
      json["trace"] = "energy";
      json["name"] = line.name;
      json["power_source"] = line.power_source;
      add(line.energy, &json);
      break;
    case TraceKind::kMarker:
      json = {{"trace", "marker"}, {"start_s", line.start_s}, {"end_s", line.end_s}};
      break;
    case TraceKind::kWindow:
      json = {{"trace", "window"},
              {"name", line.name},
              {"start_s", line.start_s},
              {"end_s", line.end_s},
              {"latency_us", line.latency_us}};
      break;
    case TraceKind::kEnd:
      json["trace"] = "end";
      break;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace edgefront
