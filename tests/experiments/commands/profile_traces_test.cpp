#include "experiments/commands/profile_traces.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "runtime/probe/trace_lines.h"
#include "tests/runtime/probe/fake_root.h"
#include "tests/space/message.h"

using namespace edgefront;

namespace {

const std::string kKey = "conv2d int8 14x14x16>14x14x96 k1 s1 relu6 t1 avx2@1";

TraceLine begin_line() {
  TraceLine line;
  line.cpu_model = "Board 5";
  line.power_source = "ina3221 VDD_IN";
  return line;
}

std::string energy_trace() {
  TraceLine line = begin_line();
  std::string text = trace_line(line) + "\n";
  line.kind = TraceKind::kEnergy;
  line.name = kKey;
  line.energy = {6, 5, 7, 4.5, 3.25, 1.5, 150, 0};
  text += trace_line(line) + "\n";
  line.kind = TraceKind::kFrequency;
  line.frequency.level_khz = 1'200'000;
  line.frequency.statistics.latency_us = 812.5;
  line.frequency.statistics.samples = 50;
  return text + trace_line(line) + "\n";
}

/// 9 C/W, 100 s, between 1.5 and 5.5 W; never throttled.
std::string soak_trace() {
  TraceLine line = begin_line();
  std::string text = trace_line(line) + "\n";
  line.kind = TraceKind::kSample;
  SoakSample& sample = line.sample;
  sample.temperature_c = 25 + 9 * 1.5;
  for (int second = 1; second <= 900; ++second) {
    sample.phase = second <= 30    ? SoakPhase::kRest
                   : second <= 600 ? SoakPhase::kHeat
                                   : SoakPhase::kCool;
    sample.power_w = sample.phase == SoakPhase::kHeat ? 5.5 : 1.5;
    const double target_c = 25 + 9 * sample.power_w;
    sample.temperature_c = target_c + (sample.temperature_c - target_c) * std::exp(-0.01);
    sample.time_s = second;
    sample.latency_us = sample.p95_us = 500;
    text += trace_line(line) + "\n";
  }
  return text;
}

DeviceProfile board() {
  DeviceProfile profile;
  profile.identity.cpu_model = "Board 5";
  return profile;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("traces put energies, clock levels and heat into a profile, which then shows them") {
  FakeRoot folder;
  folder.write("/energy.jsonl", energy_trace());
  folder.write("/soak.jsonl", soak_trace());
  DeviceProfile profile = board();
  CHECK(describe_extras(profile).empty());
  const auto added =
      add_traces({folder.path() + "/energy.jsonl", folder.path() + "/soak.jsonl"}, "", profile);
  REQUIRE(added.size() == 3);
  CHECK(added[0] == "energy of 1 layers by ina3221");
  CHECK(added[1] == "1 clock levels");
  CHECK(added[2] == "thermal constants from 900 samples");
  REQUIRE(profile.thermal);
  CHECK(profile.thermal->r_c_per_w == doctest::Approx(9).epsilon(0.01));
  CHECK(profile.thermal->tau_s == doctest::Approx(100).epsilon(0.01));
  CHECK(profile.thermal->load_w == doctest::Approx(5.5));
  const auto lines = describe_extras(profile);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "energy measured by ina3221: 1 entries above an idle power of 3.250 W");
  CHECK(lines[1] == "clock 1200 MHz: reference list 812.5 us, power unknown, idle unknown");
  CHECK(lines[2] == "heat: 25.0 C and 9.00 C/W (power by ina3221 VDD_IN), time constant 100 s");
  CHECK(lines[3] == "  never throttled");
}

TEST_CASE("a throttling device shows when and how much") {
  DeviceProfile profile = board();
  profile.thermal = ThermalConstants{25, 54, 140, 70, 65, {{70, 1}, {75, 0.5}}};
  const auto lines = describe_extras(profile);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "heat: 25.0 C and 54.00 C at full load (power unknown), time constant 140 s");
  CHECK(lines[1] ==
        "  throttles from 70 C, to 50 % of the clock at 75 C; the clock is back at 65 C");
  CHECK(contains(lines[2], "throttles after 251 s, latency x1.00 after 1, "));
}

TEST_CASE("traces of another processor, or windows without a log, are refused") {
  FakeRoot folder;
  folder.write("/energy.jsonl", energy_trace());
  DeviceProfile profile = board();
  profile.identity.cpu_model = "Board 4";
  const auto message = [&](const char* name) {
    return input_error_of([&] { add_traces({folder.path() + name}, "", profile); });
  };
  CHECK(contains(message("/energy.jsonl"), "a trace of 'Board 5'; the profile is of 'Board 4'"));
  profile = board();
  TraceLine line = begin_line();
  std::string text = trace_line(line) + "\n";
  folder.write("/nothing.jsonl", text);
  CHECK(contains(message("/nothing.jsonl"), "hold nothing"));
  line.kind = TraceKind::kWindow;
  line.name = "idle";
  line.end_s = 5;
  folder.write("/windows.jsonl", text + trace_line(line) + "\n");
  CHECK(contains(message("/windows.jsonl"), "give --power-log FILE"));
}
