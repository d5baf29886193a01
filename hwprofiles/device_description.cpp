#include <algorithm>

#include "hwprofiles/described_device.h"
#include "hwprofiles/device_profile.h"
#include "runtime/file.h"
#include "space/error.h"
#include "space/toml_reader.h"

namespace edgefront {
namespace {

constexpr double kMost = 1e12;  // of any coefficient: finite and far above every device

std::string required_text(const TomlTable& table, const std::string& key) {
  const std::string text = table.string(key);
  if (text.find_first_not_of(" \t\n") == std::string::npos) {
    table.fail(key, "is empty; a text is needed");
  }
  return text;
}

/// A number above 0 that has no default.
double positive(const TomlTable& table, const std::string& key) {
  const double value = table.number_in(key, 0, kMost);
  if (!(value > 0)) table.fail(key, "came 0; accepted is a number above 0");
  return value;
}

int positive_count(const TomlTable& table, const std::string& key) {
  return static_cast<int>(table.integer_in(key, 1, 1'000'000));
}

EnergyCoefficients read_energy(const TomlTable& table) {
  EnergyCoefficients energy;
  energy.e_op_fp32_pj = table.number("e_op_fp32_pj", 0, 0, kMost);
  energy.e_op_int8_pj = table.number("e_op_int8_pj", 0, 0, kMost);
  energy.e_byte_pj = table.number_in("e_byte_pj", 0, kMost);
  energy.static_w = table.number_in("static_w", 0, kMost);
  energy.citation = required_text(table, "citation");
  return energy;
}

RooflineCoefficients read_roofline(const TomlTable& table) {
  RooflineCoefficients roofline;
  roofline.fp32_gops = table.number("fp32_gops", 0, 0, kMost);
  roofline.int8_gops = table.number("int8_gops", 0, 0, kMost);
  roofline.bandwidth_gb_s = table.number("bandwidth_gb_s", 0, 0, kMost);
  roofline.overhead_us = table.number("overhead_us", 0, 0, kMost);
  roofline.citation = required_text(table, "citation");
  return roofline;
}

SystolicArray read_systolic(const TomlTable& table) {
  SystolicArray array;
  array.rows = positive_count(table, "rows");
  array.columns = positive_count(table, "columns");
  array.clock_mhz = positive(table, "clock_mhz");
  array.sram_bytes = table.integer_in("sram_bytes", 1, TomlTable::kMaxInteger);
  array.dma_gb_s = positive(table, "dma_gb_s");
  array.weights_resident = table.boolean("weights_resident", false);
  array.overhead_us = table.number("overhead_us", 0, 0, kMost);
  array.citation = required_text(table, "citation");
  return array;
}

EdgeGpu read_gpu(const TomlTable& table) {
  EdgeGpu gpu;
  gpu.fp32_gops = table.number("fp32_gops", 0, 0, kMost);
  gpu.int8_gops = table.number("int8_gops", 0, 0, kMost);
  gpu.bandwidth_gb_s = positive(table, "bandwidth_gb_s");
  gpu.launch_us = table.number_in("launch_us", 0, kMost);
  gpu.lanes = positive_count(table, "lanes");
  gpu.citation = required_text(table, "citation");
  return gpu;
}

/// What [fpga] and [asic] share.
LoopAccelerator read_loops(const TomlTable& table) {
  LoopAccelerator loops;
  loops.clock_mhz = positive(table, "clock_mhz");
  loops.initiation_interval = static_cast<int>(table.integer("initiation_interval", 1, 1, 1000));
  loops.pipeline_depth = static_cast<int>(table.integer("pipeline_depth", 0, 0, 100'000));
  loops.bandwidth_gb_s = positive(table, "bandwidth_gb_s");
  loops.overhead_us = table.number("overhead_us", 0, 0, kMost);
  loops.citation = required_text(table, "citation");
  return loops;
}

LoopAccelerator read_fpga(const TomlTable& table) {
  LoopAccelerator fpga = read_loops(table);
  fpga.dsp = positive_count(table, "dsp");
  fpga.bram18 = positive_count(table, "bram18");
  fpga.dsp_per_mac_int8 = table.number("dsp_per_mac_int8", 0, 0, 1000);
  fpga.dsp_per_mac_fp32 = table.number("dsp_per_mac_fp32", 0, 0, 1000);
  if (table.has("unroll_output") || table.has("unroll_input")) {
    fpga.unroll_output = positive_count(table, "unroll_output");
    fpga.unroll_input = positive_count(table, "unroll_input");
  }
  return fpga;
}

LoopAccelerator read_asic(const TomlTable& table) {
  LoopAccelerator asic = read_loops(table);
  asic.fpga = false;
  asic.unroll_output = positive_count(table, "unroll_output");
  asic.unroll_input = positive_count(table, "unroll_input");
  asic.input_buffer_bytes = table.integer_in("input_buffer_bytes", 1, TomlTable::kMaxInteger);
  asic.output_buffer_bytes = table.integer_in("output_buffer_bytes", 1, TomlTable::kMaxInteger);
  asic.value_bytes = static_cast<int>(table.integer("value_bytes", 1, 1, 4));
  asic.dsp_per_mac_int8 = 1;  // it has its own multipliers, of this precision alone
  return asic;
}

/// The categories of today, and those of older files.
std::string read_category(const TomlTable& root) {
  const std::string category =
      root.one_of("category", {"high-end", "mid-range", "constrained", "microcontroller",
                               "workstation", "laptop", "phone", "board"});
  if (category == "workstation" || category == "laptop") return "high-end";
  if (category == "phone" || category == "board") return "mid-range";
  return category;
}

DeviceLimits read_limits(const TomlTable& table, const std::string& category) {
  const DeviceLimits usual = default_limits(category);
  DeviceLimits limits;
  limits.peak_memory_bytes = table.integer("peak_memory_bytes", usual.peak_memory_bytes);
  limits.weights_bytes = table.integer("weights_bytes", usual.weights_bytes);
  limits.power_w = table.number("power_w", usual.power_w, 0, kMost);
  return limits;
}

DeviceDescription read_description(const TomlTable& root) {
  DeviceDescription description;
  description.name = required_text(root, "name");
  description.category = read_category(root);
  description.weights_in_ram = root.boolean("weights_in_ram", true);
  description.limits = read_limits(root.table("limits"), description.category);
  if (root.has("energy")) description.energy = read_energy(root.table("energy"));
  if (root.has("roofline")) description.roofline = read_roofline(root.table("roofline"));
  if (root.has("systolic")) description.systolic = read_systolic(root.table("systolic"));
  if (root.has("gpu")) description.gpu = read_gpu(root.table("gpu"));
  if (root.has("fpga")) description.loops = read_fpga(root.table("fpga"));
  if (root.has("asic")) description.loops = read_asic(root.table("asic"));
  const int models = int(root.has("systolic")) + int(root.has("gpu")) + int(root.has("fpga")) +
                     int(root.has("asic"));
  if (models > 1) root.fail("category", "has more than one of [systolic], [gpu], [fpga], [asic]");
  root.finish();
  return description;
}

}  // namespace

DeviceLimits default_limits(const std::string& category) {
  constexpr std::int64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
  if (category == "high-end") return {16 * kGiB, 0, 100};
  if (category == "mid-range") return {1 * kGiB, 0, 10};
  if (category == "constrained") return {64 * kMiB, 64 * kMiB, 2};
  if (category == "microcontroller") return {256 * kKiB, 1 * kMiB, 0.5};
  return {};
}

DeviceDescription load_device_description(const std::string& path) {
  std::vector<std::uint8_t> bytes;
  if (read_file(path, &bytes).ok()) {
    const auto first =
        std::find_if(bytes.begin(), bytes.end(), [](std::uint8_t c) { return c > ' '; });
    if (first != bytes.end() && *first == '{') {
      return parse_described_device(std::string(bytes.begin(), bytes.end()), path);
    }
  }
  return read_description(open_toml(path));
}

DeviceDescription parse_device_description(const std::string& toml, const std::string& name) {
  return read_description(parse_toml(toml, name));
}

}  // namespace edgefront
