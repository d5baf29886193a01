// Layer keys joined into networks, so that each layer is timed as it runs in one: its input written
// by a layer before it, in a shared arena, its weights last touched an invocation ago. Alone and in
// a loop a layer is 11–34 % faster than that; with cold buffers of its own 18–38 % slower.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/graph.h"
#include "runtime/status.h"

namespace edgefront {

/// A network whose steps are, in order, the layers of `keys` (indices into the list given), where
/// blocks run as `choices` say.
struct Chain {
  LayerGraph graph;
  std::vector<PathChoice> choices;
  std::vector<int> keys;
};

/// Chains in which every key occurs. A layer follows another whose output it can read; where no
/// unmeasured one fits, an already covered one bridges or lengthens the chain, so a key may occur
/// several times. Keys that nothing fits make short chains. Only keys of equal precision and
/// threads and of the same kernel set are joined. `max_layers` ≥ 1 per chain. Deterministic.
/// Invalid Status for a key that is no layer, or one that fuses differently when in a network.
Status make_chains(const std::vector<LayerKey>& keys, int max_layers, std::uint64_t seed,
                   std::vector<Chain>* out);

}  // namespace edgefront
