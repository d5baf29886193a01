#include "hwprofiles/power_log.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "runtime/probe/power_marker.h"
#include "space/random.h"
#include "tests/space/message.h"

using namespace edgefront;

namespace {

const std::string kKey = "conv2d int8 14x14x16>14x14x96 k1 s1 relu6 t1 avx2@1";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TraceLine span(TraceKind kind, double start_s, double end_s, const std::string& name = "") {
  TraceLine line;
  line.kind = kind;
  line.start_s = start_s;
  line.end_s = end_s;
  line.name = name;
  line.latency_us = 40;
  return line;
}

/// Marker at 1002 s of the probe's clock, idle, one layer, marker.
DeviceTrace planted_trace() {
  DeviceTrace trace;
  trace.markers = {span(TraceKind::kMarker, 1002, 1008.5), span(TraceKind::kMarker, 1030, 1036.5)};
  trace.windows = {span(TraceKind::kWindow, 1012, 1017, "idle"),
                   span(TraceKind::kWindow, 1020, 1025, kKey)};
  return trace;
}

/// 5 W at work in markers, 8 W in the window, 3 W else.
double planted_power(const DeviceTrace& trace, double probe_s) {
  for (const TraceLine& marker : trace.markers) {
    const int chip = static_cast<int>(std::floor((probe_s - marker.start_s) / kMarkerChip_s));
    if (chip >= 0 && chip < kMarkerLength) return kMarkerChips[chip] == 1 ? 5 : 3;
  }
  return probe_s >= trace.windows[1].start_s && probe_s < trace.windows[1].end_s ? 8 : 3;
}

/// 50 samples a second by a clock that runs `rate` times as fast and began elsewhere.
PowerLog planted_log(const DeviceTrace& trace, double offset_s, double rate) {
  RandomStream random(3, 0);
  PowerLog log;
  for (double probe_s = 990; probe_s < 1045; probe_s += 0.02) {
    log.time_s.push_back(offset_s + rate * probe_s);
    log.power_w.push_back(planted_power(trace, probe_s) + 0.3 * random.normal());
  }
  return log;
}

}  // namespace

TEST_CASE("a log is aligned by its markers whatever its clock, and gives the planted energy") {
  const DeviceTrace trace = planted_trace();
  for (const double rate : {1.0, 0.995, 1.004}) {
    CAPTURE(rate);
    const PowerLog log = planted_log(trace, -870.25, rate);
    const ClockMap map = align(log, trace.markers);
    CHECK(map.rate == doctest::Approx(rate).epsilon(1e-3));
    CHECK(std::abs(map.offset_s + map.rate * 1002 - (-870.25 + rate * 1002)) < 0.04);
    const std::vector<EnergyEntry> energies = energies_of(log, trace);
    REQUIRE(energies.size() == 1);
    CHECK(energies[0].name == kKey);
    CHECK(energies[0].source == "log");
    CHECK(energies[0].idle_w == doctest::Approx(3).epsilon(0.02));
    CHECK(energies[0].energy_uj == doctest::Approx(5 * 40).epsilon(0.01));
    CHECK(energies[0].energy_low_uj < 200);
    CHECK(energies[0].energy_high_uj > 200);
    CHECK(energies[0].updates > 200);
  }
}

TEST_CASE("one marker gives the offset") {
  DeviceTrace trace = planted_trace();
  trace.markers.pop_back();
  const ClockMap map = align(planted_log(trace, 12.5, 1), trace.markers);
  CHECK(map.rate == 1);
  CHECK(std::abs(map.offset_s - 12.5) < 0.02);
}

TEST_CASE("a log without the markers, or with too few samples, is refused") {
  const DeviceTrace trace = planted_trace();
  PowerLog flat = planted_log(trace, 0, 1);
  RandomStream random(5, 0);
  for (double& power_w : flat.power_w) power_w = 3 + 0.3 * random.normal();
  CHECK(contains(input_error_of([&] { align(flat, trace.markers); }), "0 of 2 markers found"));
  CHECK(contains(input_error_of([&] { align(flat, {}); }), "no markers"));
  DeviceTrace brief = trace;
  brief.windows[1].end_s = 1021;
  const PowerLog log = planted_log(trace, 0, 1);
  CHECK(contains(input_error_of([&] { energies_of(log, brief); }), "more than 100 are needed"));
  brief.windows.erase(brief.windows.begin());
  CHECK(contains(input_error_of([&] { energies_of(log, brief); }), "no idle window"));
}

TEST_CASE("logs are read from power, or from voltage and current, whatever else they hold") {
  const PowerLog power = parse_power_log("time_s, power_w\n0,1.5\n0.5,2\n", "log.csv");
  CHECK(power.time_s == std::vector<double>{0, 0.5});
  CHECK(power.power_w == std::vector<double>{1.5, 2});
  const PowerLog product = parse_power_log(
      "\"note\",\"current_a\",\"time_s\",\"voltage_v\"\r\nx,2,1e3,5\r\ny,1,1001,5\r\n", "log.csv");
  CHECK(product.power_w == std::vector<double>{10, 5});
  const auto message = [](const char* text) {
    return input_error_of([&] { parse_power_log(text, "log.csv"); });
  };
  CHECK(contains(message("time_s,volts\n0,1\n"), "log.csv:1: the header needs a column time_s"));
  CHECK(contains(message("time_s,power_w\n0,1\n0,2\n"), "log.csv:3: time_s does not rise"));
  CHECK(contains(message("time_s,power_w\n0,1\n1,much\n"), "log.csv:3: 'much' is no number"));
  CHECK(contains(message("time_s,power_w\n0\n"), "log.csv:2: '' is no number"));
  CHECK(contains(message(""), "two samples"));
  CHECK(contains(input_error_of([] { load_power_log("/nonexistent.csv"); }), "/nonexistent.csv"));
}
