#include "hwprofiles/device_trace.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/space/message.h"

using namespace edgefront;

namespace {

const std::string kKey = "conv2d int8 14x14x16>14x14x96 k1 s1 relu6 t1 avx2@1";

std::string text_of(TraceKind kind) {
  TraceLine line;
  line.kind = kind;
  line.name = kKey;
  line.power_source = "rapl package-0+package-1";
  line.energy = {6, 5, 7, 9, 3, 1, 150, 2};
  line.frequency.level_khz = 1'000'000;
  line.frequency.statistics.samples = 50;
  line.frequency.statistics.latency_us = 100;
  line.end_s = 1;
  return trace_line(line) + "\n";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a trace is read line by line, and one that was cut short says so") {
  const std::string text = text_of(TraceKind::kBegin) + text_of(TraceKind::kSample) + "\n" +
                           text_of(TraceKind::kFrequency) + text_of(TraceKind::kEnergy) +
                           text_of(TraceKind::kMarker) + text_of(TraceKind::kWindow);
  const DeviceTrace cut = parse_trace(text + "{\"trace\":\"en", "trace.jsonl");
  CHECK(!cut.complete);
  CHECK(cut.soak.size() == 1);
  CHECK(cut.markers.size() == 1);
  CHECK(cut.windows.size() == 1);
  CHECK(parse_trace(text + text_of(TraceKind::kEnd), "trace.jsonl").complete);
}

TEST_CASE("what is no trace is refused with file and line") {
  const auto message = [](const std::string& text) {
    return input_error_of([&] { parse_trace(text, "trace.jsonl"); });
  };
  CHECK(contains(message(text_of(TraceKind::kBegin) + "nonsense\n"), "trace.jsonl:2: "));
  CHECK(contains(message(text_of(TraceKind::kEnd)), "it is the first"));
  CHECK(contains(message(text_of(TraceKind::kBegin) + text_of(TraceKind::kBegin)),
                 "trace.jsonl:2: a trace has one line of kind begin"));
  CHECK(contains(message(""), "no trace of edgefront-probe"));
}

TEST_CASE("energies become entries of the profile and replace older ones of the same layer") {
  const std::string other = "conv2d int8 4x4x8>4x4x8 k1 s1 relu6 t1 avx2@1";
  DeviceTrace trace = parse_trace(
      text_of(TraceKind::kBegin) + text_of(TraceKind::kEnergy) + text_of(TraceKind::kEnergy), "t");
  trace.energies[1].name = other;
  trace.energies[1].energy.energy_uj = -0.5;  // noise
  const std::vector<EnergyEntry> entries = energies_of(trace);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].name == kKey);
  CHECK(entries[0].energy_uj == 6);
  CHECK(entries[0].energy_low_uj == 5);
  CHECK(entries[0].energy_high_uj == 7);
  CHECK(entries[0].idle_w == 3);
  CHECK(entries[0].updates == 150);
  CHECK(entries[0].source == "rapl");
  CHECK(entries[0].kernel_set == "avx2");
  DeviceProfile profile;
  profile.energy.resize(2);
  profile.energy[0].name = kKey;
  profile.energy[1].name = other;
  replace_energies(entries, profile);
  REQUIRE(profile.energy.size() == 2);
  CHECK(profile.energy[0].energy_uj == 6);
  CHECK(profile.energy[1].name == other);
  trace.energies[0].name = "no key";
  CHECK(contains(input_error_of([&] { energies_of(trace); }), "no key"));
}

TEST_CASE("frequency points rise") {
  DeviceTrace trace;
  trace.frequencies.resize(2);
  trace.frequencies[0].level_khz = 1'800'000;
  trace.frequencies[1].level_khz = 600'000;
  trace.frequencies[1].statistics.latency_us = 300;
  trace.frequencies[1].power_w = 2;
  const std::vector<FrequencyPoint> points = frequency_points_of(trace);
  CHECK(points[0].level_khz == 600'000);
  CHECK(points[0].latency_us == 300);
  CHECK(points[0].power_w == 2);
  CHECK(points[0].idle_w == -1);
  CHECK(points[1].level_khz == 1'800'000);
}
