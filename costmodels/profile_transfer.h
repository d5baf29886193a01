// Fills a device's profile from those of other devices and a few measurements of its own.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hwprofiles/device_profile.h"
#include "space/search_space.h"

namespace edgefront {

struct TransferSetting {
  Precision precision = Precision::kInt8;
  int threads = 1;
  std::string kernel_set;  ///< of the new device; other devices may have run with any
};

/// Whose entries helped, and how much each counts.
struct TransferDevice {
  std::string name;  ///< of the profile, and the kernel set that it was measured with
  double share = 0;
};

struct TransferReport {
  int networks = 0, layers = 0;      ///< measurements of the new device that were used
  int set_aside = 0;                 ///< of them, those that look disturbed
  int transferred = 0;               ///< entries that were filled
  std::vector<std::string> missing;  ///< keys that no other device can speak for
  std::vector<TransferDevice> devices;
  double spearman = 0;  ///< of the measurements, each predicted from the others
  double mape_percent = 0;
  double relative_half_width_90 = 0;  ///< of a network; 0: no networks were measured
};

/// Fills every layer entry of the space that `profile` lacks in this setting, marked transferred
/// and with its error, from `others` (profiles of the same space; the kernel set of a key does not
/// matter) and from what is measured in `profile`: its networks of this space and setting, and its
/// layers, forty at most. Entries that were transferred before are made anew. Networks among the
/// measurements also give the setting a calibration with the interval of the transfer.
///
/// A block that one device runs in bands and another layer by layer counts as the sum of its
/// layers. Throws InputError where no other profile has half of the layers, and for fewer than 3
/// measurements.
TransferReport transfer_layers(const SearchSpace& space, const TransferSetting& setting,
                               std::span<const DeviceProfile> others, DeviceProfile& profile);

/// The networks to measure for that, in order: those whose latency on the new device is least
/// certain. None that `profile` already has.
std::vector<Genotype> choose_networks(const SearchSpace& space, const TransferSetting& setting,
                                      std::span<const DeviceProfile> others,
                                      const DeviceProfile& profile, int count, std::uint64_t seed);

}  // namespace edgefront
