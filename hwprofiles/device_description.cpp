#include "hwprofiles/device_profile.h"
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

DeviceDescription read_description(const TomlTable& root) {
  DeviceDescription description;
  description.name = required_text(root, "name");
  description.category =
      root.one_of("category", {"workstation", "laptop", "phone", "board", "microcontroller"});
  description.weights_in_ram = root.boolean("weights_in_ram", true);
  if (root.has("energy")) description.energy = read_energy(root.table("energy"));
  if (root.has("roofline")) description.roofline = read_roofline(root.table("roofline"));
  root.finish();
  return description;
}

}  // namespace

DeviceDescription load_device_description(const std::string& path) {
  return read_description(open_toml(path));
}

DeviceDescription parse_device_description(const std::string& toml, const std::string& name) {
  return read_description(parse_toml(toml, name));
}

}  // namespace edgefront
