// The memory plan block by block. The tensors that one block hands to the next lie at one end of
// the arena, and so do those that it hands on, at the same end or at the other; what lives in a
// block alone lies between. Whichever end a block finds its input at, mirrored it needs the same
// height: so each block is planned alone, and the arena is the maximum over blocks of a number that
// depends on the block and nothing else.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/graph.h"
#include "runtime/placing.h"

namespace edgefront {

/// Places by block: interior[b] live in block b alone; border[b] are handed from block b − 1 to
/// block b (border[0]: from the caller, border[blocks]: to the caller).
struct Blocks {
  bool decomposes = true;  ///< false: a place crosses more than one border
  std::vector<std::vector<std::int32_t>> interior, border;
  std::vector<int> block_of_step;
};
Blocks split_by_block(const LayerGraph& graph, const std::vector<Step>& steps,
                      const std::vector<LiveRange>& live);

/// Of one block, in bytes of activations.
struct BlockHeight {
  std::int64_t planned = 0;
  std::int64_t live = 0;  ///< the most that is live at once: no plan needs less
};

struct BlockPlan {
  Placing placing;
  std::vector<BlockHeight> heights;  ///< per block
};

/// `blocks` decompose. Per block: greedily by size from either end, then by a bounded number of
/// changed orders while that is above the block's live bytes and above `enough`, the bytes that
/// another block needs anyway.
BlockPlan plan_by_block(const Demand& demand, const Blocks& blocks, std::int64_t enough);

}  // namespace edgefront
