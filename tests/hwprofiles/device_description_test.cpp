#include <doctest/doctest.h>

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
  CHECK(x86.category == "workstation");
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
