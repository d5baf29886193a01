#include <doctest/doctest.h>

#include <filesystem>

#include "hwprofiles/device_profile.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr const char* kHead = "name = \"x\"\ncategory = \"board\"\n";

std::string message_of(const std::string& rest) {
  try {
    parse_device_description(kHead + rest, "x.toml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the shipped descriptions are read, and energy has a citation") {
  const std::string folder = EDGEFRONT_SOURCE_DIR "/hwprofiles/devices/";
  const DeviceDescription x86 = load_device_description(folder + "x86_workstation.toml");
  CHECK(x86.category == "high-end");
  CHECK(x86.weights_in_ram);
  REQUIRE(x86.energy.has_value());
  // Horowitz 2014: 8-bit multiply 0.2 pJ, 32-bit add 0.1 pJ; float multiply 3.7 pJ, add 0.9 pJ.
  CHECK(x86.energy->e_op_int8_pj == doctest::Approx(0.2 + 0.1));
  CHECK(x86.energy->e_op_fp32_pj == doctest::Approx(3.7 + 0.9));
  CHECK(contains(x86.energy->citation, "Horowitz"));
  const DeviceDescription stm32 = load_device_description(folder + "stm32f746.toml");
  CHECK_FALSE(stm32.energy.has_value());
  CHECK_FALSE(stm32.weights_in_ram);
  CHECK(stm32.roofline.int8_gops > 0);
  CHECK_FALSE(stm32.roofline.citation.empty());
}

TEST_CASE("every shipped description cites where the numbers of each of its tables come from") {
  int files = 0, systolic = 0, gpu = 0, fpga = 0, asic = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(EDGEFRONT_SOURCE_DIR "/hwprofiles/devices")) {
    CAPTURE(file.path().string());
    const DeviceDescription d = load_device_description(file.path().string());
    ++files;
    systolic += d.systolic.has_value();
    gpu += d.gpu.has_value();
    fpga += d.loops && d.loops->fpga;
    asic += d.loops && !d.loops->fpga;
    const auto cites = [](const std::string& citation) { return citation.size() > 20; };
    if (d.energy) CHECK(cites(d.energy->citation));
    if (d.systolic) CHECK(cites(d.systolic->citation));
    if (d.gpu) CHECK(cites(d.gpu->citation));
    if (d.loops) CHECK(cites(d.loops->citation));
    if (!d.systolic && !d.gpu && !d.loops) CHECK(cites(d.roofline.citation));
    CHECK(d.limits.peak_memory_bytes > 0);
  }
  CHECK(files >= 8);
  CHECK(systolic >= 1);
  CHECK(gpu >= 1);
  CHECK(fpga >= 2);
  CHECK(asic >= 1);
}

TEST_CASE("a category brings limits, which the file may replace; older categories still load") {
  const auto parse = [](const std::string& category, const std::string& rest) {
    return parse_device_description("name = \"x\"\ncategory = \"" + category + "\"\n" + rest, "x");
  };
  CHECK(parse("microcontroller", "").limits.peak_memory_bytes == 256 * 1024);
  CHECK(parse("microcontroller", "").limits.weights_bytes == 1024 * 1024);
  CHECK(parse("constrained", "").limits.power_w == 2);
  CHECK(parse("mid-range", "").limits.weights_bytes == 0);
  const DeviceDescription stated = parse("microcontroller", "[limits]\npeak_memory_bytes = 1000\n");
  CHECK(stated.limits.peak_memory_bytes == 1000);
  CHECK(stated.limits.weights_bytes == 1024 * 1024);
  CHECK(parse("workstation", "").category == "high-end");
  CHECK(parse("laptop", "").category == "high-end");
  CHECK(parse("phone", "").category == "mid-range");
  CHECK(parse("board", "").category == "mid-range");
}

TEST_CASE("an analytic model without a parameter, or two models, are refused") {
  CHECK(contains(message_of("[systolic]\nrows = 8\ncolumns = 8\nclock_mhz = 0\n"),
                 "systolic.clock_mhz: came 0"));
  CHECK(contains(message_of("[gpu]\nbandwidth_gb_s = 1\nlaunch_us = 1\nlanes = 1\n"),
                 "gpu.citation"));
  CHECK(contains(message_of("[fpga]\nclock_mhz = 1\nbandwidth_gb_s = 1\ncitation = \"c\"\n"
                            "bram18 = 4\n"),
                 "fpga.dsp"));
  const std::string gpu = "[gpu]\nbandwidth_gb_s = 1\nlaunch_us = 1\nlanes = 1\ncitation = \"c\"\n";
  const std::string fpga =
      "[fpga]\nclock_mhz = 1\nbandwidth_gb_s = 1\ndsp = 1\nbram18 = 9\ncitation = \"c\"\n";
  CHECK(contains(message_of(gpu + fpga), "more than one of"));
  CHECK(message_of(gpu).empty());
}

TEST_CASE("defaults are: no energy, no roofline, weights in RAM") {
  const DeviceDescription description = parse_device_description(kHead, "x.toml");
  CHECK(description.name == "x");
  CHECK_FALSE(description.energy.has_value());
  CHECK(description.roofline.fp32_gops == 0);
  CHECK(description.weights_in_ram);
}

TEST_CASE("energy without a citation is refused") {
  const std::string energy = "[energy]\ne_op_int8_pj = 1\ne_byte_pj = 1\nstatic_w = 0\n";
  CHECK(contains(message_of(energy), "citation"));
  CHECK(contains(message_of(energy + "citation = \" \"\n"), "citation: is empty"));
  CHECK(message_of(energy + "citation = \"a paper\"\n").empty());
}

TEST_CASE("unknown keys, negative and missing values are refused by name") {
  CHECK(contains(message_of("wieghts_in_ram = true\n"), "wieghts_in_ram"));
  CHECK(contains(message_of("[roofline]\nint8_gops = -1\ncitation = \"c\"\n"), "int8_gops"));
  CHECK(contains(message_of("[energy]\nstatic_w = 0\ncitation = \"c\"\n"), "e_byte_pj"));
  CHECK(contains(message_of("[energy]\ne_byte_pj = nan\nstatic_w = 0\ncitation = \"c\"\n"),
                 "e_byte_pj"));
  CHECK_THROWS_WITH_AS(parse_device_description("name = \"x\"\ncategory = \"toaster\"\n", "x.toml"),
                       doctest::Contains("toaster"), InputError);
  CHECK_THROWS_WITH_AS(load_device_description("/nonexistent/x.toml"),
                       doctest::Contains("/nonexistent/x.toml"), InputError);
}

}  // namespace
}  // namespace edgefront
