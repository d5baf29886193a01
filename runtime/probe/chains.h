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

/// How large a chain may become: layers, and bytes of weights in all (0: any). Beyond two thirds of
/// either it is large enough to stand for a network.
struct ChainLimits {
  int layers = 24;
  std::int64_t weights_bytes = 0;
  bool full(int layers_now, std::int64_t weights_now) const {
    return layers_now >= layers || (weights_bytes > 0 && weights_now >= weights_bytes);
  }
  bool enough(int layers_now, std::int64_t weights_now) const {
    return 3 * layers_now >= 2 * layers ||
           (weights_bytes > 0 && 3 * weights_now >= 2 * weights_bytes);
  }
};

/// Chains in which every key occurs. A layer follows another whose output it can read; where no
/// unmeasured one fits, an already covered one bridges or lengthens the chain, so a key may occur
/// several times. Keys that nothing fits make short chains. Only keys of equal precision and
/// threads and of the same kernel set are joined. `limits.layers` ≥ 1. Deterministic.
/// Invalid Status for a key that is no layer, or one that fuses differently when in a network.
Status make_chains(const std::vector<LayerKey>& keys, const ChainLimits& limits, std::uint64_t seed,
                   std::vector<Chain>* out);

}  // namespace edgefront
