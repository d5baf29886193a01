// Latencies of fused layers that were not measured, from those of their kind that were.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hwprofiles/device_profile.h"

namespace edgefront {

struct InterpolatedLatency {
  double latency_us = 0;
  double relative_error = 0;  ///< half-width of the 90 % interval of the entry, as a share
};

/// One Gaussian process per kind of layer (hwprofiles/measuring_plan.h) on the
/// logarithms of image size and channel counts, around a linear model of the logarithms of
/// multiply-accumulates and bytes: Rasmussen and Williams, "Gaussian Processes for Machine
/// Learning" (2006), sections 2.2 and 2.7, Matérn 5/2 covariance, hyperparameters at the largest
/// marginal likelihood (section 5.4.1) on a grid. Immutable; safe to call from several threads.
class LayerInterpolation {
 public:
  /// From layers of one precision, thread count and kernel set. Kinds with fewer than 8 layers are
  /// not interpolated.
  explicit LayerInterpolation(std::span<const LayerMeasurement> layers);
  ~LayerInterpolation();
  LayerInterpolation(LayerInterpolation&&) noexcept;

  /// Nothing for a layer of a kind that was not fitted.
  std::optional<InterpolatedLatency> estimate(const LayerKey& key) const;

 private:
  struct Kinds;
  std::unique_ptr<const Kinds> kinds_;
};

/// Interpolates those of `keys` (of one setting) that `profile` lacks, from those of them that it has
/// measured, and adds them as such.
/// Returns the keys that cannot be interpolated, or only with a larger error than `most`, for which
/// nothing is added; the least certain first.
std::vector<LayerKey> interpolate_layers(std::span<const LayerKey> keys, double most,
                                         DeviceProfile& profile);

}  // namespace edgefront
