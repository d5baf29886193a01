// The lines of --soak, --frequencies and --energy: one JSON object each (docs/probe_protocol.md).
// −1 stands for what is unknown.
#pragma once

#include <string>

#include "runtime/probe/frequency_sweep.h"
#include "runtime/probe/power_meter.h"
#include "runtime/probe/soak.h"
#include "runtime/status.h"

namespace edgefront {

enum class TraceKind { kBegin, kSample, kFrequency, kEnergy, kMarker, kWindow, kEnd };

struct TraceLine {
  TraceKind kind = TraceKind::kBegin;
  // kBegin
  std::string cpu_model, kernel_set;
  int threads = 1;
  std::string power_source;  ///< also kEnergy; "" without a sensor
  std::string power_note;    ///< why there is none, or not the best one
  // The other kinds.
  SoakSample sample;
  FrequencyMeasurement frequency;
  std::string name;               ///< kEnergy, kWindow: a layer's key; "idle" for the idle machine
  EnergyMeasurement energy;       ///< kEnergy
  double start_s = 0, end_s = 0;  ///< kMarker, kWindow: on the probe's clock
  double latency_us = 0;          ///< kWindow: of one layer
};

std::string trace_line(const TraceLine& line);
/// Invalid for anything but one such line; unknown fields are errors.
Status parse_trace_line(const std::string& text, TraceLine* out);

}  // namespace edgefront
