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
  void add(std::int64_t value) { text_ += std::to_string(value) + "\n"; }
  void add(int value) { add(std::int64_t{value}); }
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

/// What only newer profiles have, each part only where there is some: so an older profile keeps the
/// digest that runs against it were made with.
void add_extensions(const DeviceProfile& profile, CanonicalText& out) {
  for (const auto& [key, layer] : profile.layers) {
    if (layer.origin == EntryOrigin::kMeasured && layer.relative_error == 0) continue;
    out.add("origin " + key);
    out.add(std::string(origin_name(layer.origin)));
    out.add(layer.relative_error);
  }
  for (const auto& [key, block] : profile.blocks) {
    out.add("block " + key);
    out.add(block.latency_us);
  }
  for (const auto& e : profile.energy) {
    out.add("energy " + e.name);
    out.add(e.energy_uj);
    out.add(e.idle_w);
  }
  for (const auto& point : profile.frequency_points) {
    out.add(std::string("frequency"));
    out.add(point.level_khz);
    for (const double value : {point.voltage_v, point.latency_us, point.power_w, point.idle_w}) {
      out.add(value);
    }
  }
  if (!profile.thermal) return;
  const ThermalConstants& t = *profile.thermal;
  out.add(std::string("thermal"));
  for (const double value :
       {t.ambient_c, t.r_c_per_w, t.tau_s, t.throttle_c, t.recover_c, t.load_w, t.idle_w}) {
    out.add(value);
  }
  out.add(t.power_source);
  for (const auto& point : t.curve) {
    out.add(point.temperature_c);
    out.add(point.factor);
  }
}

}  // namespace

const char* origin_name(EntryOrigin origin) {
  switch (origin) {
    case EntryOrigin::kMeasured:
      return "measured";
    case EntryOrigin::kInterpolated:
      return "interpolated";
    case EntryOrigin::kTransferred:
      return "transferred";
    case EntryOrigin::kImported:
      return "imported";
    case EntryOrigin::kAnalytic:
      return "analytic";
  }
  return "";
}

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
    for (const auto& [name, value] : c.terms) {
      out.add(name);
      out.add(value);
    }
  }
  // Without a named set, a cost model takes the one that the networks were measured with.
  for (const auto& network : profile.networks) {
    out.add(std::string(precision_name(network.precision)));
    out.add(network.threads);
    out.add(network.kernel_set);
  }
  add_extensions(profile, out);
  return digest_hex(out.text().data(), out.text().size());
}

}  // namespace edgefront
