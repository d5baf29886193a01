// How each inverted bottleneck of a network runs on a device, decided once at export.
#pragma once

#include <vector>

#include "hwprofiles/device_profile.h"
#include "runtime/fuse.h"
#include "runtime/kernels/kernel_set.h"

namespace edgefront {

/// A choice for every block that could run in bands: the faster way by the profile's entries, where
/// it has all of both ways (profiles have them where the fixed rule takes bands); else what the
/// kernel set's fixed rule says. `graph` is in the precisions that it runs in.
std::vector<PathChoice> cheapest_paths(const LayerGraph& graph, const DeviceProfile& profile,
                                       const KernelSet& set, int threads);

}  // namespace edgefront
