#include "hwprofiles/described_device.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "space/error.h"

namespace edgefront {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

/// A number above 0, or 0 where the machine did not know it.
double known(const Json& json, const char* key) {
  if (!json.contains(key) || !json.at(key).is_number()) return 0;
  const double value = json.at(key).get<double>();
  return std::isfinite(value) && value > 0 ? value : 0;
}

RooflineCoefficients roofline_of(const Json& peaks, const std::string& cpu) {
  RooflineCoefficients roofline;
  if (!peaks.is_object()) return roofline;  // "unknown"
  roofline.fp32_gops = known(peaks, "fp32_gops");
  roofline.int8_gops = known(peaks, "int8_gops");
  for (const Json& level : peaks.at("bandwidth")) {
    if (level.at("level") == "DRAM") roofline.bandwidth_gb_s = known(level, "gb_s");
  }
  roofline.citation = "measured by edgefront-probe --describe on " + cpu +
                      ", one thread, kernel set " + peaks.at("kernel_set").get<std::string>();
  return roofline;
}

}  // namespace

DeviceDescription parse_described_device(const std::string& json, const std::string& name) {
  try {
    const Json root = Json::parse(json);
    if (root.at("result") != "description") throw InputError("\"result\" is not \"description\"");
    const Json& device = root.at("device");
    DeviceDescription description;
    description.name = device.at("cpu_model").get<std::string>();
    if (description.name.empty()) description.name = device.at("architecture").get<std::string>();
    const auto memory = static_cast<std::int64_t>(known(device, "memory_bytes"));
    description.category = memory >= 16 * kGiB  ? "high-end"
                           : memory >= 1 * kGiB ? "mid-range"
                                                : "constrained";
    description.limits = default_limits(description.category);
    description.limits.peak_memory_bytes = memory;
    description.roofline = roofline_of(root.at("peaks"), description.name);
    return description;
  } catch (const std::exception& error) {
    throw InputError(
        name + ": is no description as edgefront-probe --describe prints it: " + error.what());
  }
}

}  // namespace edgefront
