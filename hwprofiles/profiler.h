// Measures what a space needs on a device, layers and whole networks.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hwprofiles/device_profile.h"
#include "hwprofiles/measuring_device.h"
#include "runtime/kernels/kernel_set.h"
#include "space/search_space.h"

namespace edgefront {

/// The protocol for whole networks: five passes over half a minute or more, so that neither a
/// drifting clock nor a neighbour's minute decides; no latencies per step.
ProtocolOptions network_protocol(std::uint64_t seed);

struct ProfileOptions {
  std::vector<Precision> precisions{Precision::kFloat32, Precision::kInt8};
  std::vector<int> threads{1};
  int calibration_networks = 50;  ///< drawn log-uniformly over MACs, so that small and large count
  std::uint64_t seed = 1;
  std::string kernel_set;  ///< empty: the device's best, on this machine EDGEFRONT_KERNELS first
  /// At most about so many layers of a setting (precision, threads, kernel set) are measured where
  /// `interpolate` is set; 0: all of them.
  int max_layers = 1000;
  /// Adds those of `keys` that the profile lacks as interpolated entries, and returns the ones
  /// whose relative error would exceed `most`, which it does not add. costmodels'
  /// interpolate_layers.
  using Interpolate = std::function<std::vector<LayerKey>(std::span<const LayerKey> keys,
                                                          double most, DeviceProfile& profile)>;
  Interpolate interpolate;
  ProtocolOptions protocol;  ///< for layers
  ProtocolOptions networks_protocol = network_protocol(1);
};

/// (stage of the work, done, total), for a progress line.
using ProfileProgress = std::function<void(const std::string&, int, int)>;

/// The distinct fused layers of all networks of a space, exactly, sorted by text(), and of blocks
/// that run in bands also their single layers (what export compares them with). Found by
/// enumerating the choices of each block with every input shape that can reach it, not by sampling.
std::vector<LayerKey> distinct_layers(const SearchSpace& space, Precision precision, int threads,
                                      const KernelSet& set);

/// What one setting of `options` needs: distinct_layers, with both precisions also the conversions
/// between them.
std::vector<LayerKey> wanted_layers(const SearchSpace& space, const ProfileOptions& options,
                                    Precision precision, int threads, const KernelSet& set);

/// options.protocol, with chains of layers that are like networks of the space: as long and as
/// heavy as the median of a few.
ProtocolOptions layer_protocol(const SearchSpace& space, const ProfileOptions& options,
                               Precision precision, int threads, const KernelSet& set);

/// Those of `keys` that `profile` has no entry of its own for (none, or one that was transferred),
/// in their order.
std::vector<LayerKey> missing_layers(const DeviceProfile& profile,
                                     const std::vector<LayerKey>& keys);

/// The calibration networks of one setting that `profile` lacks. They are drawn from the seed
/// alone, so that a run that was cut goes on with the same ones.
std::vector<Genotype> missing_networks(const SearchSpace& space, const ProfileOptions& options,
                                       Precision precision, int threads, const KernelSet& set,
                                       const DeviceProfile& profile);

/// Adds missing (or stale: older kernel version) layer entries and calibration networks of `space`
/// to `profile`; `NetworkEntry::predicted_sum_us` is the sum of the layer entries. The affine fit
/// is costmodels' (calibrate). `save` is called whenever something was added, and what it was
/// called for holds where an exception ends the work. Refuses (InputError) a profile of another
/// device.
void profile_space(const SearchSpace& space, const ProfileOptions& options,
                   const ProfileProgress& progress, MeasuringDevice& device, DeviceProfile& profile,
                   const std::function<void()>& save);
/// The same on this machine, without saving.
void profile_space(const SearchSpace& space, const ProfileOptions& options,
                   const ProfileProgress& progress, DeviceProfile& profile);

/// Throws InputError that names the differing field unless `profile` was measured on `device`.
void require_same_device(const DeviceProfile& profile, const std::string& path,
                         const MeasuringDevice& device = MeasuringDevice());

/// Distinct networks drawn log-uniformly over MACs from `seed`, none of them in `excluded`; fewer
/// where the space has hardly more.
std::vector<Genotype> draw_networks(const SearchSpace& space, int networks, std::uint64_t seed,
                                    const std::vector<Genotype>& excluded);

/// Measures whole networks with generated weights by the protocol; interleaved. `take` gets each as
/// it is finished; what it got before an exception holds.
void measure_genotypes(const SearchSpace& space, const std::vector<Genotype>& genotypes,
                       Precision precision, int threads, const KernelSet& set,
                       const ProtocolOptions& protocol, const ProbeProgress& progress,
                       MeasuringDevice& device,
                       const std::function<void(std::size_t index, NetworkEntry entry)>& take);

/// Seconds since 1970, UTC; and such a time in ISO 8601.
std::int64_t seconds_now();
std::string utc_text(std::int64_t seconds);

}  // namespace edgefront
