#include "hwprofiles/described_device.h"

#include <doctest/doctest.h>

#include <fstream>

#include "space/error.h"

namespace edgefront {
namespace {

const std::string kBoard = R"({"result": "description", "version": 1,
  "device": {"cpu_model": "Cortex-A72", "architecture": "aarch64", "memory_bytes": 2147483648},
  "peaks": {"kernel_set": "neon", "fp32_gops": 11.5, "int8_gops": 20.25, "bandwidth": [
    {"level": "L1", "bytes": 32768, "gb_s": 20.0}, {"level": "DRAM", "bytes": 0, "gb_s": 3.5}]}})";

TEST_CASE("what a machine says of itself is a description, with its measured roofs") {
  const DeviceDescription d = parse_described_device(kBoard, "board.json");
  CHECK(d.name == "Cortex-A72");
  CHECK(d.category == "mid-range");
  CHECK(d.limits.peak_memory_bytes == std::int64_t{2} << 30);
  CHECK(d.roofline.fp32_gops == 11.5);
  CHECK(d.roofline.int8_gops == 20.25);
  CHECK(d.roofline.bandwidth_gb_s == 3.5);
  CHECK(d.roofline.citation.find("measured by edgefront-probe") == 0);
  CHECK(d.roofline.citation.find("neon") != std::string::npos);
  CHECK_FALSE(d.energy.has_value());
}

TEST_CASE("a file that begins with a brace is read as such wherever a description is accepted") {
  const std::string path = "described_device_test.json";
  std::ofstream(path) << "\n " << kBoard;
  CHECK(load_device_description(path).name == "Cortex-A72");
  std::remove(path.c_str());
}

TEST_CASE("unknown peaks stay unknown, and damaged text is refused with the file's name") {
  std::string unknown = kBoard.substr(0, kBoard.find("\"peaks\""));
  unknown += R"("peaks": "unknown"})";
  CHECK(parse_described_device(unknown, "b").roofline.int8_gops == 0);
  CHECK_THROWS_WITH_AS(parse_described_device("{\"result\": 3}", "b.json"),
                       doctest::Contains("b.json: is no description"), InputError);
  CHECK_THROWS_AS(parse_described_device(kBoard.substr(0, 100), "b.json"), InputError);
}

}  // namespace
}  // namespace edgefront
