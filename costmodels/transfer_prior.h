// What other devices say of a new one before it was measured: a prior over the costs of sums of
// parts, for networks and single layers alike.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace edgefront {

/// One part of a table, by its index, and how often it stands in a network.
struct PartCount {
  int part = 0;
  double count = 1;
};
/// Something that can be measured: a network as its parts, or one part alone.
using PartSum = std::vector<PartCount>;

/// The tables of the other devices, over the same parts.
struct TransferSources {
  /// [device][part], positive, in any unit of its own; NaN: this device has no entry. A part that
  /// no device has cannot be predicted.
  std::vector<std::vector<double>> costs;
  /// Per part: what a device may do better or worse than others as a whole (an operator); from 0.
  std::vector<int> groups;
};

/// The tables with gaps filled and of one size.
struct FilledSources {
  std::vector<std::vector<double>> costs;  ///< [part][device]; NaN where no device has the part
  std::vector<int> groups;                 ///< per part
  int group_count = 0;
};

/// Every device times a factor, so that the parts that all have take 1 in the mean; then a missing
/// entry is the mean of the devices that have it. Throws InputError for no devices, and for devices
/// without a part in common.
FilledSources fill(const TransferSources& sources);

/// [sum][device]: the devices' costs of these sums.
std::vector<std::vector<double>> device_sums(const FilledSources& devices,
                                             std::span<const PartSum> sums);

/// One number for each kernel of the prior; all are relative to the cost.
struct KernelValues {
  double devices = 0;   ///< a weighted sum of the devices
  double parts = 0;     ///< what a part deviates from it
  double groups = 0;    ///< what all parts of a group do
  double constant = 0;  ///< what a network takes beyond its parts
};

inline double dot(const KernelValues& a, const KernelValues& b) {
  return a.devices * b.devices + a.parts * b.parts + a.groups * b.groups + a.constant * b.constant;
}

/// The prior at one choice of device weights. `sources` outlive it.
struct TransferPrior {
  TransferPrior(const FilledSources& sources, double network_size, std::vector<double> weights);

  const FilledSources* sources;
  double network_size;          ///< of a typical network; what the constant is measured in
  std::vector<double> weights;  ///< per device; they sum to 1
  std::vector<double> typical;  ///< per part, the weighted mean of the devices
};

/// Sums seen through a prior: each divided by its mean over the devices, so that covariances are
/// relative.
struct PriorFeatures {
  PriorFeatures(const TransferPrior& prior, std::span<const PartSum> of);

  std::vector<PartSum> sums;
  std::vector<double> mean;
  std::vector<std::vector<double>> devices;  ///< [sum][device], times the root of its weight
  std::vector<std::vector<double>> groups;   ///< [sum][group]
  std::vector<double> constant;              ///< for networks, 0 for single parts
};

/// Relative covariances of sum `i` with itself.
KernelValues variances(const TransferPrior& prior, const PriorFeatures& of, std::size_t i);

/// Relative covariances of every sum of `a` with sum `i` of `b`.
std::vector<KernelValues> covariances(const TransferPrior& prior, const PriorFeatures& a,
                                      const PriorFeatures& b, std::size_t i);

}  // namespace edgefront
