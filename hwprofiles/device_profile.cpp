#include "hwprofiles/device_profile.h"

#include <cstring>

#include "runtime/file.h"

namespace edgefront {
namespace {

/// One line per value; reals by their bits, so that no two different profiles share a text.
class CanonicalText {
 public:
  void add(const std::string& word) { text_ += std::to_string(word.size()) + ":" + word + "\n"; }
  void add(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    text_ += std::to_string(bits) + "\n";
  }
  void add(int value) { text_ += std::to_string(value) + "\n"; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void add_description(const DeviceDescription& description, CanonicalText& out) {
  out.add(description.energy.has_value());
  const EnergyCoefficients energy = description.energy.value_or(EnergyCoefficients{});
  out.add(energy.e_op_fp32_pj);
  out.add(energy.e_op_int8_pj);
  out.add(energy.e_byte_pj);
  out.add(energy.static_w);
  out.add(description.roofline.fp32_gops);
  out.add(description.roofline.int8_gops);
  out.add(description.roofline.bandwidth_gb_s);
  out.add(description.roofline.overhead_us);
  out.add(description.weights_in_ram);
}

}  // namespace

const Calibration* DeviceProfile::calibration(const std::string& space_digest, Precision precision,
                                              int threads, const std::string& kernel_set) const {
  for (const auto& c : calibrations) {
    if (c.space_digest == space_digest && c.precision == precision && c.threads == threads &&
        c.kernel_set == kernel_set) {
      return &c;
    }
  }
  return nullptr;
}

std::string digest(const DeviceProfile& profile) {
  CanonicalText out;
  add_description(profile.description, out);
  out.add(static_cast<int>(profile.layers.size()));
  for (const auto& [key, layer] : profile.layers) {
    out.add(key);
    out.add(layer.statistics.latency_us);
  }
  out.add(static_cast<int>(profile.calibrations.size()));
  for (const auto& c : profile.calibrations) {
    out.add(c.space_digest);
    out.add(std::string(precision_name(c.precision)));
    out.add(c.threads);
    out.add(c.kernel_set);
    out.add(c.slope);
    out.add(c.intercept_us);
    out.add(c.relative_half_width_90);
  }
  // Without a named set, a cost model takes the one that the networks were measured with.
  for (const auto& network : profile.networks) {
    out.add(std::string(precision_name(network.precision)));
    out.add(network.threads);
    out.add(network.kernel_set);
  }
  return digest_hex(out.text().data(), out.text().size());
}

}  // namespace edgefront
