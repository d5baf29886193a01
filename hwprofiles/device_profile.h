// What a device is and what each fused layer costs on it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/probe/probe.h"

namespace edgefront {

/// Coefficients of the power model (design 5.7), from a device description; each with a citation.
struct EnergyCoefficients {
  double e_op_fp32_pj = 0, e_op_int8_pj = 0;  ///< per multiply-accumulate
  double e_byte_pj = 0;                       ///< per byte of weights and activations moved
  double static_w = 0;
  std::string citation;
};

/// Peaks of the roofline that `on_miss = "analytic"` uses; 0 = unknown.
struct RooflineCoefficients {
  double fp32_gops = 0, int8_gops = 0;  ///< operations (2 per multiply-accumulate) per ns
  double bandwidth_gb_s = 0;
  double overhead_us = 0;  ///< per layer
  std::string citation;    ///< where the peaks were taken from
};

/// hwprofiles/devices/*.toml, or filled from the running machine.
struct DeviceDescription {
  std::string name, category;
  std::optional<EnergyCoefficients> energy;
  RooflineCoefficients roofline;
  bool weights_in_ram = true;  ///< false: run from flash, not part of peak memory
};
/// Reads and checks a device description (docs/profile_format.md); throws InputError (file, key,
/// what came, what is accepted).
DeviceDescription load_device_description(const std::string& path);
/// The same from text; `name` stands for the file in messages.
DeviceDescription parse_device_description(const std::string& toml, const std::string& name);

/// latency = slope·sum + intercept for one setting, fitted on whole networks.
struct Calibration {
  std::string space_digest;  ///< of the space that the networks were drawn from
  Precision precision = Precision::kInt8;
  int threads = 1;
  std::string kernel_set;
  double slope = 1, intercept_us = 0;
  /// Half-width of the 90 % interval of a fresh measurement, as a share of the prediction.
  double relative_half_width_90 = 0;
  int networks = 0;
};

struct NetworkEntry {
  std::string genotype, space_digest;
  Precision precision = Precision::kInt8;
  int threads = 1;
  std::string kernel_set;
  double predicted_sum_us = 0;  ///< Σ of the layer entries at the time
  LatencyStatistics statistics;
};

struct DeviceProfile {
  DeviceDescription description;
  DeviceIdentity identity;
  DeviceState state;
  std::string created;                             ///< UTC, ISO 8601
  std::map<std::string, LayerMeasurement> layers;  ///< by LayerKey::text()
  std::vector<NetworkEntry> networks;
  std::vector<Calibration> calibrations;

  /// Null where this setting was never calibrated.
  const Calibration* calibration(const std::string& space_digest, Precision precision, int threads,
                                 const std::string& kernel_set) const;
};

/// Digest of everything that a cost depends on; 32 hexadecimal digits.
std::string digest(const DeviceProfile& profile);

}  // namespace edgefront
