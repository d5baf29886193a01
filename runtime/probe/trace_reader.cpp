#include <cstdint>

#include "runtime/probe/json_fields.h"
#include "runtime/probe/trace_lines.h"

namespace edgefront {
namespace {

constexpr std::size_t kMaxTraceLine = 64 << 10;
constexpr double kMaxNumber = 1e15;
constexpr int kMaxCount = 2'000'000'000;

void read_sample(Fields* fields, SoakSample* out) {
  std::string phase;
  fields->text("phase", &phase);
  bool known = false;
  for (const SoakPhase one : {SoakPhase::kRest, SoakPhase::kHeat, SoakPhase::kCool}) {
    if (phase != phase_name(one)) continue;
    out->phase = one;
    known = true;
  }
  if (!known) fields->fail("has phase '" + phase + "'; accepted are rest, heat and cool");
  int throttled = 0;
  fields->number("time_s", 0, 1e9, &out->time_s);
  fields->number("temperature_c", -300, 1000, &out->temperature_c);
  fields->number("power_w", -1, 1e6, &out->power_w);
  fields->number("clock_mhz", -1, 1e6, &out->clock_mhz);
  fields->number("latency_us", -1, kMaxNumber, &out->latency_us);
  fields->number("p95_us", -1, kMaxNumber, &out->p95_us);
  fields->integer("samples", 0, kMaxCount, &out->samples);
  fields->integer("throttled", 0, 1, &throttled);
  out->throttled = throttled != 0;
}

void read_frequency(Fields* fields, FrequencyMeasurement* out) {
  LatencyStatistics& statistics = out->statistics;
  fields->integer("level_khz", 1, std::int64_t{1} << 40, &out->level_khz);
  fields->number("clock_mhz", -1, 1e6, &out->clock_mhz);
  fields->number("voltage_v", -1, 100, &out->voltage_v);
  fields->number("latency_us", 0, kMaxNumber, &statistics.latency_us);
  fields->number("latency_low_us", -kMaxNumber, kMaxNumber, &statistics.latency_low_us);
  fields->number("latency_high_us", 0, kMaxNumber, &statistics.latency_high_us);
  fields->integer("samples", 5, kMaxCount, &statistics.samples);
  fields->integer("rejected", 0, kMaxCount, &statistics.rejected);
  fields->number("power_w", -1, 1e6, &out->power_w);
  fields->number("idle_w", -1, 1e6, &out->idle_w);
  fields->integer("updates", 0, kMaxCount, &out->updates);
}

void read_energy(Fields* fields, EnergyMeasurement* out) {
  fields->number("energy_uj", -kMaxNumber, kMaxNumber, &out->energy_uj);
  fields->number("energy_low_uj", -kMaxNumber, kMaxNumber, &out->energy_low_uj);
  fields->number("energy_high_uj", -kMaxNumber, kMaxNumber, &out->energy_high_uj);
  fields->number("power_w", 0, 1e6, &out->power_w);
  fields->number("idle_w", 0, 1e6, &out->idle_w);
  fields->number("latency_us", 0, kMaxNumber, &out->latency_us);
  fields->integer("updates", 1, kMaxCount, &out->updates);
  fields->integer("rejected", 0, kMaxCount, &out->rejected);
}

void read_span(Fields* fields, TraceLine* out) {
  fields->number("start_s", -1e12, 1e12, &out->start_s);
  fields->number("end_s", -1e12, 1e12, &out->end_s);
  if (!(out->start_s < out->end_s)) fields->fail("ends before it starts");
}

void read_kind(const std::string& kind, Fields* fields, TraceLine* out) {
  if (kind == "begin") {
    out->kind = TraceKind::kBegin;
    fields->text("cpu_model", &out->cpu_model);
    fields->text("kernel_set", &out->kernel_set);
    fields->integer("threads", 1, 1'000'000, &out->threads);
    fields->text("power_source", &out->power_source);
    fields->text("power_note", &out->power_note);
  } else if (kind == "sample") {
    out->kind = TraceKind::kSample;
    read_sample(fields, &out->sample);
  } else if (kind == "frequency") {
    out->kind = TraceKind::kFrequency;
    read_frequency(fields, &out->frequency);
  } else if (kind == "energy") {
    out->kind = TraceKind::kEnergy;
    fields->text("name", &out->name);
    fields->text("power_source", &out->power_source);
    read_energy(fields, &out->energy);
  } else if (kind == "marker") {
    out->kind = TraceKind::kMarker;
    read_span(fields, out);
  } else if (kind == "window") {
    out->kind = TraceKind::kWindow;
    fields->text("name", &out->name);
    fields->number("latency_us", 0, kMaxNumber, &out->latency_us);
    read_span(fields, out);
  } else if (kind == "end") {
    out->kind = TraceKind::kEnd;
  } else {
    fields->fail("is of kind '" + kind +
                 "'; accepted are begin, sample, frequency, energy, marker, window and end");
  }
}

}  // namespace

Status parse_trace_line(const std::string& text, TraceLine* out) {
  JsonLine line;
  if (Status s = line.parse(text, kMaxTraceLine); !s.ok()) return s;
  Status status;
  Fields fields(line, "trace line", &status);
  std::string kind;
  TraceLine result;
  fields.text("trace", &kind);
  if (fields.ok()) read_kind(kind, &fields, &result);
  fields.finish();
  if (status.ok()) *out = result;
  return status;
}

}  // namespace edgefront
