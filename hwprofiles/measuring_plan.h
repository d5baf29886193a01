// Which layers of a space are worth a measurement: all of a small space; of a large one the corners
// of every kind of layer and those that take most time in its networks. The rest is interpolated
// (costmodels/layer_interpolation.h).
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/kernels/kernel_set.h"
#include "space/search_space.h"

namespace edgefront {

/// The layers that are interpolated among each other: "depthwise_conv2d k5 s2".
std::string layer_kind(const LayerKey& key);

/// Where a layer stands among its kind: one per octave of image side and of channels. A change of
/// activation, which is a change of a kernel's last instructions, counts as half an octave.
inline constexpr std::size_t kLayerCoordinates = 9;
std::array<double, kLayerCoordinates> layer_coordinates(const LayerKey& key);

/// Kinds with fewer layers are measured whole.
inline constexpr int kFewestInterpolated = 12;

/// Share of the time of `networks` drawn networks that is spent in each of `keys`, by a rough count
/// of multiply-accumulates and bytes; at least a small positive number.
std::vector<double> time_shares(const SearchSpace& space, std::span<const LayerKey> keys,
                                Precision precision, int threads, const KernelSet& set,
                                int networks, std::uint64_t seed);

/// At most about `limit` of `keys`, in their order: all where there are no more. Else small kinds
/// whole, of each other kind a spread of corners (Gonzalez 1985, "Clustering to minimize the
/// maximum intercluster distance"), and then, one by one, the layer whose share of the time, times
/// its distance to the nearest chosen one of its kind, is largest. `chosen_before` (those that are
/// measured already) count as chosen and are not returned.
std::vector<LayerKey> choose_layers(std::span<const LayerKey> keys, std::span<const double> shares,
                                    std::span<const LayerKey> chosen_before, int limit);

}  // namespace edgefront
