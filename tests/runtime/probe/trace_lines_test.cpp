#include "runtime/probe/trace_lines.h"

#include <doctest/doctest.h>

#include <string>

#include "runtime/probe/traces.h"

using namespace edgefront;

namespace {

TraceLine parsed(const std::string& text) {
  TraceLine line;
  const Status status = parse_trace_line(text, &line);
  CAPTURE(status.message());
  REQUIRE(status.ok());
  return line;
}

std::string refused(const std::string& text) {
  TraceLine line;
  const Status status = parse_trace_line(text, &line);
  CHECK(status.code() == StatusCode::kInvalid);
  return status.message();
}

}  // namespace

TEST_CASE("every kind of trace line is read as it was written") {
  TraceLine line;
  line.cpu_model = "Raspberry Pi 5";
  line.kernel_set = "neon";
  line.threads = 2;
  line.power_source = "ina3221 \"VDD\"_IN";
  line.power_note = "none";
  const TraceLine begin = parsed(trace_line(line));
  CHECK(begin.kind == TraceKind::kBegin);
  CHECK(begin.cpu_model == line.cpu_model);
  CHECK(begin.threads == 2);
  CHECK(begin.power_source == line.power_source);

  line.kind = TraceKind::kSample;
  line.sample = {SoakPhase::kCool, 12.5, 61.25, -1, 1500, 812.5, 900, 120, true};
  const SoakSample sample = parsed(trace_line(line)).sample;
  CHECK(sample.phase == SoakPhase::kCool);
  CHECK(sample.time_s == 12.5);
  CHECK(sample.temperature_c == 61.25);
  CHECK(sample.power_w == -1);
  CHECK(sample.p95_us == 900);
  CHECK(sample.samples == 120);
  CHECK(sample.throttled);

  line.kind = TraceKind::kFrequency;
  line.frequency.level_khz = 1'800'000;
  line.frequency.statistics = {10, 9.5, 10.5, 10, 11, 12, 50, 3};
  line.frequency.power_w = 3.5;
  line.frequency.updates = 120;
  const FrequencyMeasurement frequency = parsed(trace_line(line)).frequency;
  CHECK(frequency.level_khz == 1'800'000);
  CHECK(frequency.statistics.latency_low_us == 9.5);
  CHECK(frequency.statistics.rejected == 3);
  CHECK(frequency.power_w == 3.5);
  CHECK(frequency.voltage_v == -1);

  line.kind = TraceKind::kEnergy;
  line.name = "conv2d int8 4x4x8>4x4x8 k1 s1 relu6 t1 avx2@1";
  line.energy.energy_uj = 6.5;
  line.energy.updates = 130;
  const TraceLine energy = parsed(trace_line(line));
  CHECK(energy.name == line.name);
  CHECK(energy.energy.energy_uj == 6.5);
  CHECK(energy.energy.updates == 130);

  line.kind = TraceKind::kWindow;
  line.start_s = 3;
  line.end_s = 8.25;
  line.latency_us = 40;
  const TraceLine window = parsed(trace_line(line));
  CHECK(window.kind == TraceKind::kWindow);
  CHECK(window.end_s == 8.25);
  CHECK(window.latency_us == 40);
  line.kind = TraceKind::kMarker;
  CHECK(parsed(trace_line(line)).start_s == 3);
  line.kind = TraceKind::kEnd;
  CHECK(parsed(trace_line(line)).kind == TraceKind::kEnd);
}

TEST_CASE("lines that are no trace are refused with the reason") {
  CHECK(refused("{") != "");
  CHECK(refused("{\"trace\":\"song\"}").find("of kind 'song'") != std::string::npos);
  CHECK(refused("{\"trace\":\"end\",\"more\":1}").find("more") != std::string::npos);
  CHECK(refused("{\"trace\":\"marker\",\"start_s\":5,\"end_s\":5}").find("ends before") !=
        std::string::npos);
  TraceLine line;
  line.kind = TraceKind::kSample;
  std::string text = trace_line(line);
  text.replace(text.find("rest"), 4, "bake");
  CHECK(refused(text).find("phase 'bake'") != std::string::npos);
}

TEST_CASE("durations have units") {
  double seconds = 0;
  CHECK((parse_duration("30m", &seconds) && seconds == 1800));
  CHECK((parse_duration("90s", &seconds) && seconds == 90));
  CHECK((parse_duration("1.5h", &seconds) && seconds == 5400));
  CHECK((parse_duration("20", &seconds) && seconds == 20));
  for (const char* wrong : {"", "m", "-5s", "0", "30 minutes", "1e9h", "nan"}) {
    CAPTURE(wrong);
    CHECK(!parse_duration(wrong, &seconds));
  }
}
