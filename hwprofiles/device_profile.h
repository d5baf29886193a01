// What a device is and what each fused layer costs on it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hwprofiles/accelerators.h"
#include "hwprofiles/block_key.h"
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
  // Not in profiles: these are for devices without measurements. One of the three at most.
  std::optional<SystolicArray> systolic;
  std::optional<EdgeGpu> gpu;
  std::optional<LoopAccelerator> loops;
  DeviceLimits limits;  ///< the category's, where the file does not say otherwise
};
/// Reads and checks a device description (docs/profile_format.md), or what `edgefront-probe
/// --describe` printed (a file that begins with a brace); throws InputError (file, key,
/// what came, what is accepted).
DeviceDescription load_device_description(const std::string& path);
/// The same from text; `name` stands for the file in messages.
DeviceDescription parse_device_description(const std::string& toml, const std::string& name);

/// How an entry came about: timed on the device, from measured neighbours, from other devices, from
/// a published table, or from an analytic model.
enum class EntryOrigin { kMeasured, kInterpolated, kTransferred, kImported, kAnalytic };
/// "measured", "interpolated", "transferred", "imported", "analytic".
const char* origin_name(EntryOrigin origin);

/// A row of the look-up table.
struct LayerEntry : LayerMeasurement {
  LayerEntry() = default;
  LayerEntry(LayerMeasurement measured) : LayerMeasurement(std::move(measured)) {}

  EntryOrigin origin = EntryOrigin::kMeasured;
  /// Share of the latency that the true one differs by in at most one of ten entries that came
  /// about in the same way; 0 where it was measured (the statistics have its interval).
  double relative_error = 0;
  std::int64_t measured_at = -1;  ///< UTC, seconds since 1970; −1: unknown
  std::string runtime{};          ///< "": ours; else whose times these are, e.g. "tflite"
};

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
  /// Further coefficients of the cost model by name, so that it can grow.
  std::map<std::string, double> terms{};
};

struct NetworkEntry {
  std::string genotype, space_digest;
  Precision precision = Precision::kInt8;
  int threads = 1;
  std::string kernel_set;
  double predicted_sum_us = 0;  ///< Σ of the layer entries at the time
  LatencyStatistics statistics;
  std::int64_t measured_at = -1;  ///< UTC, seconds since 1970; −1: unknown
  std::string runtime{};          ///< "": ours
  double pass_spread = 0;  ///< relative standard deviation of the passes' latencies; 0: unknown
};

/// Energy of one inference of a layer or a network, from a sensor, idle power subtracted.
struct EnergyEntry {
  std::string name;          ///< a LayerKey's text, or a network's genotype
  std::string space_digest;  ///< of the network's space; "" for a layer
  Precision precision = Precision::kInt8;
  int threads = 1;
  std::string kernel_set;
  double energy_uj = 0, energy_low_uj = 0, energy_high_uj = 0;  ///< with its 95 % interval
  int updates = 0;     ///< of the sensor, within the windows that were measured
  std::string source;  ///< "rapl", "ina3221", "hwmon", "battery", "log"
  double idle_w = 0;   ///< what was subtracted
};

/// The device at one clock, running the reference list of layers.
struct FrequencyPoint {
  std::int64_t level_khz = 0;
  double voltage_v = -1;  ///< −1: unknown
  double latency_us = 0;  ///< of the list
  double power_w = -1;    ///< while it runs; −1: unknown
  double idle_w = -1;     ///< −1: unknown
};

struct ThrottlePoint {
  double temperature_c = 0;
  double factor = 1;  ///< clock over full clock, in (0, 1]
};

/// dT/dt = (ambient + R·P − T)/τ, and what the device does when it is hot.
struct ThermalConstants {
  double ambient_c = 0, r_c_per_w = 0, tau_s = 0;
  double throttle_c = 0;             ///< where throttling begins
  double recover_c = 0;              ///< where it ends
  std::vector<ThrottlePoint> curve;  ///< temperatures rise; empty: never throttles
  /// Of the load that the constants were found with, at full clock, and of the idle machine.
  double load_w = 1, idle_w = 0;
  /// What told the power: "rapl package-0"; "" where nothing did. Then the load counts as 1 and the
  /// idle machine as 0, in place of watts.
  std::string power_source{};
};

struct DeviceProfile {
  DeviceDescription description;
  DeviceIdentity identity;
  DeviceState state;           ///< at the last measurement
  std::int64_t state_at = -1;  ///< when that was: UTC, seconds since 1970; −1: unknown
  std::string created;         ///< UTC, ISO 8601
  std::map<std::string, LayerEntry> layers;  ///< by LayerKey::text()
  PublishedBlocks blocks;                    ///< of an imported table; then there are no layers
  std::vector<NetworkEntry> networks;
  std::vector<Calibration> calibrations;
  std::vector<EnergyEntry> energy;               ///< empty: no sensor was read
  std::vector<FrequencyPoint> frequency_points;  ///< levels rise
  std::optional<ThermalConstants> thermal;

  /// Null where this setting was never calibrated.
  const Calibration* calibration(const std::string& space_digest, Precision precision, int threads,
                                 const std::string& kernel_set) const;
};

/// Digest of everything that a cost depends on; 32 hexadecimal digits.
std::string digest(const DeviceProfile& profile);

}  // namespace edgefront
