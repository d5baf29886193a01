// What a device costs of which a handful of measurements is known, with the help of other devices
// of which everything is known. One Gaussian process serves networks and single layers alike: both
// are sums of parts (the fused layers, or the blocks, of a table), and so are their covariances.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "costmodels/transfer_prior.h"

namespace edgefront {

struct TransferObservation {
  PartSum parts;
  double cost = 0;  ///< of the new device; the predictions have its unit
};

struct LeftOut {
  double measured = 0, predicted = 0;
};

struct TransferPrediction {
  double cost = 0, low = 0, high = 0;  ///< 90 % interval for a fresh measurement
};

/// cost(new) = Σ_k c_k·cost(device k) + deviations of parts and of groups + a constant per network.
/// A Gaussian process with that prior: a linear kernel over the devices' costs, closer devices
/// weighing more; a kernel over shared parts and one over shared groups, both in proportion to the
/// mean of the devices; and noise in proportion to the cost. All are relative: a part of a
/// microsecond and a network of milliseconds weigh alike. Distance is 1 less the correlation of
/// logarithms on the observations. How strong the kernels are, and how fast devices lose weight
/// with distance, ten measurements cannot decide: predictions are averages over a grid of
/// strengths, weighted by marginal likelihood (Rasmussen and Williams 2006, "Gaussian Processes for
/// Machine Learning", chapters 2 and 5). An observation that the others make much less likely than
/// a disturbance is set aside, up to a quarter of them.
///
/// The interval is that of the average, widened until it holds nine in ten observations when each
/// is predicted from the others (in closed form, equation 5.12 there; the rank is that of
/// fit_affine).
///
/// The prior and so the prediction are linear in the parts: predictions of the parts of a network,
/// plus `network_constant`, add up to the prediction of the network.
///
/// Immutable; predict() may be called concurrently.
class TransferModel {
 public:
  /// Throws InputError for fewer than 3 observations, for costs that are not positive, for an
  /// observation with a part that no device has, and for no devices.
  TransferModel(const TransferSources& sources, std::span<const TransferObservation> observations);
  ~TransferModel();

  /// A sum with a part that no device has is NaN.
  TransferPrediction predict(const PartSum& sum) const;

  /// What a network takes beyond its parts, in the unit of the observations.
  double network_constant() const;
  /// Observations that look disturbed and were not used.
  int set_aside() const;
  /// Share of each device in the linear kernel; they sum to 1.
  const std::vector<double>& device_weights() const;
  /// Every observation with what the others say about it; not those set aside.
  const std::vector<LeftOut>& left_out() const;

 private:
  struct Fit;
  std::unique_ptr<const Fit> fit_;
};

}  // namespace edgefront
