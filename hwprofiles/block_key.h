// What an entry of a published latency table is about: a whole block of a network, described by its
// shapes and not by how some runtime splits it into layers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/graph.h"

namespace edgefront {

enum class BlockKind {
  kConv,            ///< dense convolution with its activation
  kMbconv,          ///< [1x1 expansion,] depthwise, 1x1 projection
  kPool,            ///< global average pool
  kFullyConnected,  ///< also a 1x1 convolution of a 1x1 image
  kPoolAndFully,    ///< both, where a table has one entry for them
  kSkip,            ///< nothing, or what makes shapes agree
};

/// Some tables do not tell apart what others do: such a field is unknown (−1, or 0 for the
/// resolution), and the entry stands for all its values.
struct BlockKey {
  BlockKind kind = BlockKind::kConv;
  Shape input, output;
  std::int32_t middle = 0;  ///< channels of an mbconv's depthwise layer; 0: there is no expansion
  std::int32_t kernel_size = 1, stride = 1, groups = 1;          ///< groups of the 1x1 convolutions
  std::int32_t squeeze_excite = -1, hswish = -1, residual = -1;  ///< 0 or 1
  std::int32_t resolution = 0;  ///< of the network's input, where a table is for one only

  /// One word per field, e.g. "mbconv 28x28x48>14x14x96 m288 k5 s2 se0 hs1 add0 r224"; fields that
  /// are unknown have no word, nor have groups of 1.
  std::string text() const;
  /// Inverse of text(). Throws InputError that names the word.
  static BlockKey parse(const std::string& text);
};

/// The blocks of a float32 graph of lower(), in order, with every field known. Throws InputError
/// that names the block for what no published table has: projection skips, and dense blocks that
/// add their input.
std::vector<BlockKey> block_keys(const LayerGraph& graph);
/// The same, block by block of the graph, for a network with this input.
std::vector<std::vector<BlockKey>> keys_by_block(const LayerGraph& graph, int input_resolution);

/// An entry of a published table. Which precision it was measured in is the publisher's to say.
struct PublishedBlock {
  double latency_us = 0;      ///< mean; 0 for what costs nothing
  double deviation_us = -1;   ///< standard deviation of one run; −1: unknown
  std::int64_t samples = -1;  ///< −1: unknown
};
using PublishedBlocks = std::map<std::string, PublishedBlock>;  ///< by BlockKey::text()

}  // namespace edgefront
