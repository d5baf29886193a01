// What stands between two blocks of a space's networks, for who walks through a space block by
// block.
#pragma once

#include "space/architecture.h"
#include "space/search_space.h"

namespace edgefront {

/// Side of the image behind a layer of this stride. Padding is kernel/2 of an odd kernel, so the
/// kernel size does not matter.
constexpr int strided(int resolution, int stride) { return (resolution - 1) / stride + 1; }

/// A network of the space on images of `resolution` whose stem has `channels`, without blocks and
/// head.
Architecture bare_network(const SearchSpace& space, int channels, int resolution);

}  // namespace edgefront
