// One archive, a front for each device: of a search whose objectives name several devices, each
// device's own trade-off between what belongs to no device (the error) and its costs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace edgefront {

struct DroppedMember;
struct EvaluationRecord;

struct DeviceFront {
  std::string device;                   ///< as after "@"; "" for the experiment's first
  std::vector<std::string> objectives;  ///< of the run's: those of this device and of none
  std::vector<double> reference;
  std::optional<double> hypervolume;  ///< as a run's: nothing with more than three objectives
  std::vector<std::int64_t> members;  ///< indices of evaluations, as a front is sorted
  bool operator==(const DeviceFront&) const = default;
};

/// The objectives, by index, that each of these fronts is over; empty as device_fronts() is.
std::vector<std::vector<int>> front_objectives(const std::vector<std::string>& objectives);

/// Empty where the objectives name fewer than two devices.
std::vector<DeviceFront> device_fronts(const std::vector<std::string>& objectives,
                                       const std::vector<EvaluationRecord>& records,
                                       const std::vector<DroppedMember>& dropped);

}  // namespace edgefront
